/* SPDX-License-Identifier: MIT
 *
 * For replay.c and record.c: one recorded exchange is played against a server. The secret that it is about is made anew
 * and brought into its situation, and its keys take the place of the recorded ones.
 */
#ifndef CONFORMANCE_PLAY_H
#define CONFORMANCE_PLAY_H

#include "peer.h"
#include "situations.h"

#include <fnmatch.h>

struct play {
    const struct situation *s;
    struct json_object *request, *response; /* of the exchange */
    struct json_object *receipt;            /* NULL: it is about no secret */
    char *path;
    char *want; /* the recorded body, as this server would have said it */
};

static const struct situation *find_situation(const char *name) {
    const struct situation *s = situations;

    while (fnmatch(s->pattern, name, 0) != 0)
        s++;
    return s;
}

/* The recorded key in a path: the part after secret/, private/, metadata/ or receipt/. */
static size_t key_in_path(const char *path, const char **key) {
    static const char *const before[] = {"/secret/", "/private/", "/metadata/", "/receipt/", NULL};

    for (int i = 0; before[i]; i++) {
        const char *at = strstr(path, before[i]);
        size_t n;

        if (!at)
            continue;
        *key = at + strlen(before[i]);
        n = 0;
        while (isalnum((unsigned char)(*key)[n]))
            n++;
        return n;
    }
    return 0;
}

/* Malloced: in, with every old replaced. */
static char *replace_all(const char *in, const char *old, size_t old_len, const char *with) {
    size_t room = strlen(in) * (1 + strlen(with)) + 1, n = 0;
    char *out = malloc(room);

    if (!out)
        die("malloc");
    while (*in != '\0') {
        if (old_len > 0 && strncmp(in, old, old_len) == 0) {
            n += (size_t)snprintf(out + n, room - n, "%s", with);
            in += old_len;
        } else {
            out[n++] = *in++;
        }
    }
    out[n] = '\0';
    return out;
}

/* Recorded bodies are text; where their length says so, each character was one byte. */
static size_t recorded_bytes(char *s, const char *content_length) {
    size_t n = 0;

    if (!content_length || strtoul(content_length, NULL, 10) == strlen(s))
        return strlen(s);
    for (const unsigned char *p = (const unsigned char *)s; *p != '\0'; p++) {
        if (*p >= 0xc2 && *p <= 0xc3 && p[1] != '\0') {
            s[n++] = (char)((*p << 6) | (p[1] & 0x3f));
            p++;
        } else {
            s[n++] = (char)*p;
        }
    }
    return n;
}

static char *readback_form(const char *recorded_body) {
    struct json_object *o = json_tokener_parse(recorded_body), *v = NULL;
    char *form = NULL, *escaped = NULL;

    if (json_object_object_get_ex(o, "value", &v))
        escaped = curl_easy_escape(curl, json_object_get_string(v), json_object_get_string_len(v));
    if (!escaped || asprintf(&form, "secret=%s&ttl=3600", escaped) < 0)
        die("the value that was read back");
    curl_free(escaped);
    json_object_put(o);
    return form;
}

/* Malloced: a header's value, with the credentials to use here in the place of the recorded ones. */
static char *with_own_credentials(const char *value) {
    char *ops = replace_all(value, OPS_RECORDED, strlen(OPS_RECORDED), ops_header + strlen("Authorization: Basic "));
    char *all = replace_all(ops, OTHER_RECORDED, strlen(OTHER_RECORDED), other_credentials);

    free(ops);
    return all;
}

static struct curl_slist *header_list(struct json_object *headers) {
    struct curl_slist *list = NULL;

    json_object_object_foreach(headers, name, value) {
        char header[2048];
        char *v;

        if (strcmp(name, "Content-Length") == 0 || strcmp(name, "Host") == 0)
            continue;
        v = with_own_credentials(json_object_get_string(value));
        /* curl leaves out a header with nothing after the colon; a semicolon makes it send one. */
        snprintf(header, sizeof header, *v == '\0' ? "%s;" : "%s: %s", name, v);
        list = curl_slist_append(list, header);
        free(v);
    }
    return text(headers, "Content-Type") ? list : curl_slist_append(list, "Content-Type:");
}

/* The secret that the exchange is about, made anew; NULL, and said, where it cannot be. */
static struct json_object *make_secret(const struct situation *s, const char *want) {
    char *form = !s->form ? readback_form(want) : strdup(s->form);
    struct answer made = step(s->house, "POST", s->owner == OPS ? ops_header : NULL, form, "/api/v1/%s", s->call);
    struct json_object *receipt = json_tokener_parse(made.body);

    answer_free(&made);
    free(form);
    if (text(receipt, "secret_key"))
        return receipt;
    differs("the secret that it is about could not be made");
    json_object_put(receipt);
    return NULL;
}

static void replace_key(char **in, const char *key, size_t key_len, const char *fresh) {
    char *old = *in;

    *in = replace_all(old, key, key_len, fresh);
    free(old);
}

/* Puts the receipt's key in the place of the recorded one. */
static void use_fresh_key(struct json_object *exchange, struct json_object *receipt, char **path, char **want) {
    const char *name = text(exchange, "name"), *key = NULL;
    struct json_object *request = NULL;
    char fresh[128];
    bool by_secret_key = strstr(*path, "/secret/") || strstr(name, "-with-secret-key");
    size_t key_len;

    json_object_object_get_ex(exchange, "request", &request);
    key_len = key_in_path(text(request, "path"), &key);
    snprintf(fresh, sizeof fresh, "%s", text(receipt, by_secret_key ? "secret_key" : "metadata_key"));
    for (char *p = fresh; strstr(name, "uppercase") && *p != '\0'; p++)
        *p = (char)toupper((unsigned char)*p);
    replace_key(path, key, key_len, fresh);
    replace_key(want, key, key_len, fresh);
}

/* Malloced: the recorded body, as if the sandbox had been asked. */
static char *with_own_host(enum house h, struct json_object *request, const char *recorded) {
    struct json_object *headers = NULL;
    const char *host;

    json_object_object_get_ex(request, "headers", &headers);
    host = text(headers, "Host");
    return !host ? strdup(recorded) : replace_all(recorded, host, strlen(host), strstr(houses[h].url, "//") + 2);
}

static void take_steps(const struct situation *s, struct json_object *receipt, int wrong) {
    long ttl = !receipt ? 0 : strtol(text(receipt, "ttl"), NULL, 10);

    for (const char *p = s->steps; *p != '\0'; p++)
        one_step(s->house, *p, text(receipt, "metadata_key"), text(receipt, "secret_key"), ttl, wrong);
}

/* False, and said: it cannot be played. Free with play_free either way. */
static bool play_begin(struct play *p, struct json_object *exchange, int wrong) {
    const char *key = NULL, *recorded;
    size_t key_len;

    *p = (struct play){.s = find_situation(text(exchange, "name"))};
    json_object_object_get_ex(exchange, "request", &p->request);
    json_object_object_get_ex(exchange, "response", &p->response);
    recorded = text(p->response, "body");
    p->path = strdup(text(p->request, "path"));
    p->want = with_own_host(p->s->house, p->request, !recorded ? "" : recorded);
    key_len = key_in_path(p->path, &key);
    if (p->s->call) {
        p->receipt = make_secret(p->s, p->want);
        if (!p->receipt)
            return false;
        use_fresh_key(exchange, p->receipt, &p->path, &p->want);
    } else if (key_len >= 31 && key[0] != 'k' && key[2] != 'k') {
        return differs("the table of situations does not say what it is about");
    }
    take_steps(p->s, p->receipt, wrong);
    return true;
}

static struct answer play_send(const struct play *p) {
    struct json_object *headers = NULL;
    char *body = !text(p->request, "body") ? NULL : strdup(text(p->request, "body"));
    struct curl_slist *list;
    struct answer a;
    size_t len;

    json_object_object_get_ex(p->request, "headers", &headers);
    list = header_list(headers);
    len = !body ? 0 : recorded_bytes(body, text(headers, "Content-Length"));
    a = send_request(p->s->house, text(p->request, "method"), p->path, list, body, len);
    curl_slist_free_all(list);
    free(body);
    return a;
}

static void play_free(struct play *p) {
    json_object_put(p->receipt);
    free(p->path);
    free(p->want);
}

#endif
