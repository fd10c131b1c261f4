/* SPDX-License-Identifier: MIT
 *
 * Pages: plain, no scripts. A link page looks the same before and after the secret was opened, as on real servers.
 */
#include "page.h"

#include "api.h"

#include <string.h>

static struct bytes begin(const char *title) {
    struct bytes b = {NULL, 0};

    bytes_format(&b,
                 "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>%s</title>"
                 "<meta name=\"viewport\" content=\"width=device-width\"></head>\n<body>\n<h1>%s</h1>\n",
                 title, title);
    return b;
}

static void finish(struct reply *out, unsigned status, struct bytes b) {
    bytes_format(&b, "</body></html>\n");
    reply_page(out, status, b);
}

void page_home(const struct world *w, struct reply *out) {
    struct bytes b = begin("Onetime Secret sandbox");

    bytes_format(&b,
                 "<p>This is otsd-sandbox, a Onetime Secret server in memory for trials and tests. It behaves like the "
                 "REST API v1 of release %s, under <code>%s/api/v1</code>. Give it no real secrets.</p>\n",
                 w->opt->release->name, w->base);
    finish(out, 200, b);
    out->cookie = w->opt->release->thin;
}

void page_missing(struct reply *out) {
    struct bytes b = begin("Nothing here");

    finish(out, 404, b);
    out->cookie = true;
}

static void form(struct bytes *b, bool passphrase) {
    bytes_format(b, "<form method=\"post\">%s<button>Show the secret</button></form>\n",
                 passphrase ? "<p><label>Passphrase: <input type=\"password\" name=\"passphrase\"></label></p>" : "");
}

void page_link(struct world *w, const struct request *rq, bool post, struct reply *out) {
    const struct secret *s = store_by_secret_key(&w->store, rq->key);
    bool known = s && secret_alive(s, world_now(w));
    struct bytes value = {NULL, 0};
    enum read_result result = READ_UNKNOWN;
    struct bytes b = begin("A secret for you");

    if (!post) {
        bytes_format(&b, "<p>It can be shown once. Loading this page has not changed anything.</p>\n");
        form(&b, known && s->passphrase.data);
        finish(out, 200, b);
        return;
    }
    result = api_read(w, rq, rq->key, &value);
    if (result == READ_OK) {
        bytes_format(&b, "<p>This is shown only now:</p>\n<pre id=\"secret\">");
        html_append(&b, value.data, value.len);
        bytes_format(&b, "</pre>\n");
    } else if (known && s->passphrase.data && result == READ_UNKNOWN) {
        bytes_format(&b, "<p>Double check that passphrase.</p>\n");
        form(&b, true);
    } else {
        bytes_format(&b, "<p>There is no such secret, or it was shown, burned, or has expired.</p>\n");
    }
    bytes_free(&value);
    finish(out, result == READ_OK ? 200 : 404, b);
}
