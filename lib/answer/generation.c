/* SPDX-License-Identifier: MIT
 *
 * Which releases may a server be, as far as its answers show? None says so itself, so each sign rules some out: a
 * header that only newer ones send, the length of a key, words that only some have for a refusal, characters that only
 * newer ones generate. What is left is told, and nothing is guessed from what is missing, save one cookie that all
 * answers of 0.24 and 0.25 bring along. Signs that contradict those before (a server brought up to date, several behind
 * one address) begin anew.
 *
 * What others have learnt may be assumed. The first answer that contradicts it ends it, and nothing is refused by it
 * before an answer has shown that the server is old.
 *
 * A proxy can hide signs and, if it wants to, make them. So what depends on a generation is a courtesy, never a
 * safeguard.
 */
#include "answer/answer.h"

#include <json-c/json.h>
#include <string.h>

#define OLD_KEY 31
#define NEW_KEY 62
/* What 0.21 and before do not generate: of punctuation they have "!$()*?". */
#define NEWER "\"#%&'+,-./:;<=>@[\\]^_`{|}~"

static bool says(const http_answer *h, const char *words) {
    return h->body.len > 0 && memmem(h->body.data, h->body.len, words, strlen(words));
}

static unsigned by_headers(const http_answer *h) {
    unsigned may = GENERATION_ALL;

    if (h->is_thin)
        may &= GENERATION_UP_TO_23;
    if (h->intended != 0)
        may &= GENERATION_FROM_24;
    if (h->has_strategy)
        may &= h->sets_session ? GENERATION_24_25 : GENERATION_26;
    return may;
}

static unsigned by_refusal(const http_answer *h) {
    unsigned may = GENERATION_ALL;

    if (says(h, "Passphrase must be at least 8 "))
        may &= GENERATION_22_23;
    if (says(h, "Passphrase must be at least 4 "))
        may &= GENERATION_FROM_24;
    if (says(h, "\"Domain not found "))
        may &= GENERATION_18;
    if (says(h, "\"Cripes! "))
        may &= GENERATION_UP_TO_25;
    return may;
}

static unsigned by_receipt(struct json_object *json) {
    struct json_object *m = NULL;
    int len;

    if (!json_object_is_type(json, json_type_object))
        return GENERATION_ALL;
    if (json_object_object_get_ex(json, "identifier", &m))
        return GENERATION_FROM_24;
    if (!json_object_object_get_ex(json, "metadata_key", &m) || !json_object_is_type(m, json_type_string))
        return GENERATION_ALL;
    len = json_object_get_string_len(m);
    return len == OLD_KEY ? GENERATION_UP_TO_23 : len == NEW_KEY ? GENERATION_FROM_24 : GENERATION_ALL;
}

/* Only these; where that contradicts what was known, from now on these. */
static void narrow(generation *g, unsigned may) {
    if (g->seen == 0)
        g->seen = GENERATION_ALL;
    if (g->known == 0)
        g->known = GENERATION_ALL;
    if (may == 0)
        return;
    g->seen = g->seen & may ? g->seen & may : may;
    g->known = g->known & g->seen ? g->known & g->seen : g->seen;
}

void generation_learn(generation *g, const http_answer *h, struct json_object *json) {
    narrow(g, by_headers(h) & (h->status / 100 == 2 ? by_receipt(json) : by_refusal(h)));
}

void generation_learn_list(generation *g, bool v1_works) {
    if (g->seen & GENERATION_UP_TO_23 && !(g->seen & GENERATION_FROM_24))
        narrow(g, v1_works ? GENERATION_UP_TO_20 : GENERATION_21 | GENERATION_22_23);
}

void generation_learn_value(generation *g, const otsd_secret *value) {
    bool newer = false;

    for (size_t i = 0; value && i < otsd_secret_len(value); i++)
        if (memchr(NEWER, otsd_secret_data(value)[i], sizeof NEWER - 1))
            newer = true;
    if (newer)
        narrow(g, GENERATION_FROM_22);
}

otsd_err generation_check(const generation *g, const otsd_secret *passphrase, otsd_error *e) {
    if (!passphrase || !generation_refuses(g->known, passphrase) || g->seen == 0 || g->seen & GENERATION_FROM_24)
        return OTSD_OK;
    return error_local(e, OTSD_ERR_ARGUMENT, "the passphrase has %zu characters; this server (%s) wants 8 to 128",
                       generation_characters(passphrase), generation_text(g->known));
}
