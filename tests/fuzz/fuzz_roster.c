/* SPDX-License-Identifier: MIT
 *
 * A roster, CSV or JSON lines. What is taken is written anew, in one of both forms, and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "answer/answer.h"
#include "base/json.h"
#include "batch/roster.h"
#include "fuzz.h"
#include "ledger/record.h"

#define PATH "/etc/roster"

typedef struct bad_lines {
    size_t len;
    unsigned long last;
} bad_lines;

static void bad(void *arg, unsigned long number, const char *text) {
    bad_lines *b = arg;

    HOLDS(number > b->last && strlen(text) < 400 && text[0] && utf8_valid(text, strlen(text)));
    b->last = number;
    b->len++;
}

static int read_roster(roster *r, const void *text, size_t len, bad_lines *b, problem *p) {
    int rc;

    *b = (bad_lines){0};
    stage_file(PATH, text, len);
    rc = roster_read(r, PATH, bad, b, p);
    HOLDS(p->code == rc && is_printable(p->text) && (rc == EX_OK) == !p->text[0]);
    return rc;
}

static void string_holds(const roster *r, const char *s, size_t most) {
    if (!s)
        return;
    HOLDS(s >= r->text && s < r->text + r->size && strlen(s) <= most && s[0]);
    HOLDS(utf8_valid(s, strlen(s)) && !text_has_control(s));
}

static void line_holds(const roster *r, const roster_line *l) {
    HOLDS(l->user && !user_name_fault(l->user));
    string_holds(r, l->user, USER_MAX);
    string_holds(r, l->recipient, ROSTER_LINE_MAX);
    string_holds(r, l->locale, 35);
    string_holds(r, l->passphrase, PASSPHRASE_MAX);
    HOLDS(l->ttl == 0 || (l->ttl >= TTL_LEAST && l->ttl <= TTL_MOST));
    HOLDS(!l->locale || text_is_locale(l->locale));
    HOLDS(!l->recipient || r->has_recipients);
    HOLDS(!l->passphrase || r->has_passphrases);
}

static bool same(const char *a, const char *b) {
    return !a == !b && (!a || strcmp(a, b) == 0);
}

static void quoted(wiped *out, const char *s) {
    HOLDS(wiped_append(out, "\"", 1));
    for (; s && *s; s++)
        HOLDS(wiped_append(out, s, 1) && (*s != '"' || wiped_append(out, s, 1)));
    HOLDS(wiped_append(out, "\"", 1));
}

static void put_csv(wiped *out, const roster_line *l) {
    char ttl[32] = "";

    if (l->ttl)
        snprintf(ttl, sizeof ttl, "%ld", l->ttl);
    quoted(out, l->passphrase);
    HOLDS(wiped_append_string(out, ","));
    quoted(out, l->user);
    HOLDS(wiped_append_string(out, ",") && wiped_append_string(out, ttl) && wiped_append_string(out, ","));
    quoted(out, l->recipient);
    HOLDS(wiped_append_string(out, ","));
    quoted(out, l->locale);
    HOLDS(wiped_append_string(out, "\n"));
}

static void put_json(wiped *out, const roster_line *l) {
    json_out *j = json_new(JSON_LINE);
    const char *text;
    size_t len = 0;

    json_begin_object(j, NULL);
    json_text(j, "user", l->user);
    json_text(j, "recipient", l->recipient);
    if (l->ttl)
        json_number(j, "ttl", l->ttl);
    json_text(j, "locale", l->locale);
    json_text(j, "passphrase", l->passphrase);
    json_end(j);
    text = json_text_of(j, &len);
    HOLDS(text && json_is_good(text, len));
    HOLDS(wiped_append(out, text, len) && wiped_append_string(out, "\n"));
    json_free(&j);
}

/* Read again, from a text of our own, it is the same, line by line. */
static void comes_back(const roster *r, void (*put)(wiped *out, const roster_line *l), const char *header) {
    wiped text = {0};
    bad_lines b;
    roster again;
    problem p;

    HOLDS(wiped_append_string(&text, header));
    for (size_t i = 0; i < r->len; i++)
        put(&text, &r->lines[i]);
    if (text.len > 0) {
        HOLDS(read_roster(&again, text.data, text.len, &b, &p) == EX_OK);
        HOLDS(again.len + b.len == r->len);
        /* Escapes make a line longer: only then may it be refused. */
        HOLDS(b.len == 0 || text.len > ROSTER_LINE_MAX);
        for (size_t i = 0; b.len == 0 && i < r->len; i++) {
            const roster_line *one = &r->lines[i], *other = &again.lines[i];

            HOLDS(same(one->user, other->user) && same(one->recipient, other->recipient) && one->ttl == other->ttl);
            HOLDS(same(one->locale, other->locale) && same(one->passphrase, other->passphrase));
        }
        roster_free(&again);
    }
    wiped_free(&text);
}

/* Where it is JSON, each line that was taken is a JSON document by the library's grammar, too. */
static void is_json(piece text, const roster *r) {
    unsigned long number = 0;
    size_t next = 0;
    bool json = false, first = true;

    if (text.len >= 3 && memcmp(text.text, "\xef\xbb\xbf", 3) == 0)
        text = (piece){text.text + 3, text.len - 3};
    while (text.len > 0 && next < r->len) {
        piece line = piece_line(&text);
        size_t blank = 0;

        number++;
        if (line.len > 0 && line.text[line.len - 1] == '\r')
            line.len--;
        while (blank < line.len && strchr(" \t", line.text[blank]))
            blank++;
        if (first && blank < line.len) {
            json = line.text[blank] == '{';
            first = false;
        }
        if (r->lines[next].number == number) {
            HOLDS(!json || json_is_good(line.text, line.len) || memchr(line.text, '\\', line.len));
            next++;
        }
    }
    HOLDS(next == r->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    bad_lines b;
    roster r;
    problem p;

    if (read_roster(&r, data, len, &b, &p) != EX_OK) {
        HOLDS(!r.lines && !r.text && p.text[0]);
        return 0;
    }
    for (size_t i = 0; i < r.len; i++) {
        line_holds(&r, &r.lines[i]);
        HOLDS(i == 0 || r.lines[i].number > r.lines[i - 1].number);
        for (size_t k = 0; k < i; k++)
            HOLDS(strcmp(r.lines[i].user, r.lines[k].user) != 0);
    }
    is_json((piece){(const char *)data, len}, &r);
    if (len % 2 == 0)
        comes_back(&r, put_json, "");
    else
        comes_back(&r, put_csv, "passphrase,user,ttl,recipient,locale\n");
    roster_free(&r);
    return 0;
}
