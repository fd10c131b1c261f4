/* SPDX-License-Identifier: MIT
 *
 * An answer from its first header line to the typed receipt, without a connection.
 *
 *   KIND                     share, generate, fetch, burn, listed, listed2, read or status
 *   HTTP/1.1 200 OK          header lines, as libcurl shows them
 *
 *   {"metadata_key": ...     the body
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "http/header.h"
#include "receipts.h"

static const struct {
    const char *name;
    receipt_kind kind;
} kinds[] = {
    {"share", RECEIPT_SHARE}, {"generate", RECEIPT_GENERATE}, {"fetch", RECEIPT_FETCH},
    {"burn", RECEIPT_BURN},   {"listed", RECEIPT_LISTED},     {"listed2", RECEIPT_LISTED_V2},
};

static bool is(piece line, const char *word) {
    return line.len == strlen(word) && memcmp(line.text, word, line.len) == 0;
}

/* A heap copy of each line, with nothing behind it: libcurl ends none with a NUL. */
static void note(http_answer *h, const char *text, size_t len) {
    char *line = malloc(len + 2);

    HOLDS(line);
    if (len > 0)
        memcpy(line, text, len);
    line[len] = '\r';
    line[len + 1] = '\n';
    header_note(h, line, len + 2);
    free(line);
    HOLDS(h->intended >= 0 && h->retry_after >= 0);
    HOLDS(is_printable(h->content_type) && is_printable(h->location));
    HOLDS(h->location[0] == '\0' || strlen(h->location) < sizeof h->location);
}

static void read_head(http_answer *h, piece *rest) {
    piece line = piece_line(rest);

    h->status = line.len >= 12 ? strtol((char[4]){line.text[9], line.text[10], line.text[11], '\0'}, NULL, 10) : 0;
    if (h->status < 0)
        h->status = 0;
    note(h, line.text, line.len);
    while (rest->len > 0) {
        line = piece_line(rest);
        if (line.len == 0)
            break;
        note(h, line.text, line.len);
    }
    HOLDS(wiped_append(&h->body, rest->len > 0 ? rest->text : "", rest->len));
}

static void take_receipt(struct json_object *json, receipt_kind kind) {
    otsd_error e = OTSD_ERROR_INIT;
    otsd_receipt *t = NULL;
    otsd_err rc = receipt_from_json(json, kind, &t, &e);

    if (rc != OTSD_OK) {
        HOLDS(!t);
        error_holds(&e, rc);
        return;
    }
    receipt_holds(t, kind);
    receipt_comes_back(t, kind);
    otsd_receipt_free(&t);
}

static void take(struct json_object *json, piece kind) {
    otsd_error e = OTSD_ERROR_INIT;
    otsd_secret *value = NULL;
    otsd_err rc = OTSD_OK;

    if (is(kind, "status"))
        rc = status_from_json(json, &e);
    else if (is(kind, "read"))
        rc = value_from_json(json, &value, &e);
    if (rc != OTSD_OK)
        error_holds(&e, rc);
    HOLDS(!is(kind, "read") || (rc == OTSD_OK) == !!value);
    otsd_secret_free(&value);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (is(kind, kinds[i].name))
            take_receipt(json, kinds[i].kind);
}

__attribute__((constructor)) static void begin(void) {
    otsd_memory_lock(OTSD_LOCK_TRY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    piece rest = {(const char *)data, len}, kind = piece_line(&rest);
    otsd_error e = OTSD_ERROR_INIT;
    struct json_object *json = NULL;
    generation g = {0};
    http_answer h = {0};
    otsd_err rc;

    read_head(&h, &rest);
    json_wipe(read_good(h.body.data, h.body.len));
    rc = answer_read(&h, "https://example.com", is(kind, "fetch") || is(kind, "burn") || is(kind, "read"), &json, &e);
    if (rc == OTSD_OK) {
        HOLDS(json && h.status / 100 == 2);
        take(json, kind);
    } else {
        HOLDS(!json && e.reach == OTSD_REACH_ANSWERED);
        /* Whoever reads "gone" stops caring for a secret. */
        HOLDS(rc != OTSD_ERR_GONE || (!is(kind, "share") && !is(kind, "generate") && h.status / 100 == 4));
        error_holds(&e, rc);
    }
    generation_learn(&g, &h, json);
    HOLDS(g.known != 0 && g.seen != 0 && (g.known & ~g.seen) == 0);
    json_wipe(json);
    wiped_free(&h.body);
    return 0;
}
