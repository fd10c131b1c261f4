/* SPDX-License-Identifier: MIT
 *
 * Which releases may a server be, as far as its answers show? None says so itself, so each sign rules some out: a
 * header that only newer ones send, the length of a key, words that only some have for a refusal. What is left is told,
 * and nothing is guessed from what is missing, save one cookie that all answers of 0.24 and 0.25 bring along. Signs
 * that contradict those before (a server brought up to date, several behind one address) begin anew.
 *
 * A proxy can hide signs and, if it wants to, make them. So what depends on a generation is a courtesy, never a
 * safeguard.
 */
#include "answer/answer.h"

#include <json-c/json.h>
#include <string.h>

#define UP_TO_20 (GENERATION_18 | GENERATION_20)
#define UP_TO_23 (UP_TO_20 | GENERATION_21 | GENERATION_22_23)
#define UP_TO_25 (UP_TO_23 | GENERATION_24_25)
#define FROM_24 (GENERATION_24_25 | GENERATION_26)
#define ALL (UP_TO_23 | FROM_24)

#define OLD_KEY 31
#define NEW_KEY 62

static bool says(const http_answer *h, const char *words) {
    return h->body.len > 0 && memmem(h->body.data, h->body.len, words, strlen(words));
}

static unsigned by_headers(const http_answer *h) {
    unsigned may = ALL;

    if (h->is_thin)
        may &= UP_TO_23;
    if (h->intended != 0)
        may &= FROM_24;
    if (h->has_strategy)
        may &= h->sets_session ? GENERATION_24_25 : GENERATION_26;
    return may;
}

static unsigned by_refusal(const http_answer *h) {
    unsigned may = ALL;

    if (says(h, "Passphrase must be at least 8 "))
        may &= GENERATION_22_23;
    if (says(h, "Passphrase must be at least 4 "))
        may &= FROM_24;
    if (says(h, "\"Domain not found "))
        may &= GENERATION_18;
    if (says(h, "\"Cripes! "))
        may &= UP_TO_25;
    return may;
}

static unsigned by_receipt(struct json_object *json) {
    struct json_object *m = NULL;
    int len;

    if (!json_object_is_type(json, json_type_object))
        return ALL;
    if (json_object_object_get_ex(json, "identifier", &m))
        return FROM_24;
    if (!json_object_object_get_ex(json, "metadata_key", &m) || !json_object_is_type(m, json_type_string))
        return ALL;
    len = json_object_get_string_len(m);
    return len == OLD_KEY ? UP_TO_23 : len == NEW_KEY ? FROM_24 : ALL;
}

/* Only these; where that contradicts what was known, from now on these. */
static void narrow(unsigned *known, unsigned may) {
    if (may == 0)
        return;
    *known &= may;
    if (*known == 0)
        *known = may;
}

void generation_learn(unsigned *known, const http_answer *h, struct json_object *json) {
    unsigned may = by_headers(h) & (h->status / 100 == 2 ? by_receipt(json) : by_refusal(h));

    /* Before the first answer all are possible. */
    if (*known == 0)
        *known = ALL;
    narrow(known, may);
}

void generation_learn_list(unsigned *known, bool v1_works) {
    if (*known & UP_TO_23 && !(*known & FROM_24))
        narrow(known, v1_works ? UP_TO_20 : GENERATION_21 | GENERATION_22_23);
}

const char *generation_text(unsigned known) {
    static const struct {
        unsigned known;
        const char *text;
    } texts[] = {
        {GENERATION_18, "v0.18"},
        {GENERATION_21, "v0.21"},
        {GENERATION_22_23, "v0.22-v0.23"},
        {GENERATION_24_25, "v0.24-v0.25"},
        {GENERATION_26, "v0.26 or later"},
        {UP_TO_20, "v0.18-v0.20"},
        {GENERATION_21 | GENERATION_22_23, "v0.21-v0.23"},
        {UP_TO_23, "v0.18-v0.23"},
        {UP_TO_25, "v0.18-v0.25"},
        {FROM_24, "v0.24 or later"},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].known == known)
            return texts[i].text;
    return "unknown";
}
