/* SPDX-License-Identifier: MIT
 *
 * The value of a secret is printed only for the commands that are there to obtain it; all other text that came from a
 * server is kept from moving the cursor. What a receipt has is listed once, and goes into a sheet: lines for people, or
 * a JSON object. What is absent in the receipt is absent there.
 */
#include "otsd/print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/words.h"

typedef struct sheet {
    bool json;
    json_out *j; /* NULL where it has failed, and for people: then what is written to it goes nowhere */
    problem no_link;
} sheet;

/* "metadata_key" is read as "metadata key"; nothing that moves the cursor reaches the terminal. */
static void line(const char *name, const char *text, size_t len) {
    for (; *name; name++)
        putchar(*name == '_' ? ' ' : *name);
    fputs(": ", stdout);
    words_print(text, len, stdout);
    putchar('\n');
}

static void put_bytes(const sheet *s, const char *name, const char *bytes, size_t len) {
    if (s->json)
        json_bytes(s->j, name, bytes, len);
    else
        line(name, bytes, len);
}

static void put_text(const sheet *s, const char *name, const char *text) {
    if (text[0])
        put_bytes(s, name, text, strlen(text));
}

static void put_number(const sheet *s, const char *name, int64_t n, int64_t absent) {
    char digits[24];
    int len;

    if (n == absent)
        return;
    len = snprintf(digits, sizeof digits, "%" PRId64, n);
    if (s->json)
        json_number(s->j, name, n);
    else
        line(name, digits, (size_t)len);
}

static void put_time(const sheet *s, const char *name, int64_t when) {
    time_t t = (time_t)when;
    char text[64];
    size_t len;
    struct tm tm;

    len = when != 0 && localtime_r(&t, &tm) ? strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z", &tm) : 0;
    if (s->json || len == 0)
        put_number(s, name, when, 0);
    else
        line(name, text, len);
}

static void put_answer(const sheet *s, const char *name, otsd_tri yes) {
    if (yes == OTSD_UNKNOWN)
        return;
    if (s->json)
        json_bool(s->j, name, yes == OTSD_YES);
    else
        put_text(s, name, yes == OTSD_YES ? "true" : "false");
}

static void put_recipients(const sheet *s, const otsd_receipt *t) {
    if (s->json)
        json_begin_array(s->j, "recipients");
    for (size_t i = 0; i < t->recipients_len; i++)
        put_bytes(s, s->json ? NULL : "recipient", t->recipients[i], strlen(t->recipients[i]));
    if (s->json)
        json_end(s->j);
}

/* A receipt without secret key has none, and that is no failure. */
static void put_link(sheet *s, const otsd_client *c, const otsd_receipt *t) {
    otsd_error e = {0};
    char *link = NULL;

    if (otsd_link(c, t, &link, &e) != OTSD_OK) {
        if (t->secret_key[0])
            problem_from_library(&s->no_link, &e);
        return;
    }
    put_text(s, "link", link);
    otsd_wipe(link, strlen(link));
    free(link);
}

static void put_receipt(sheet *s, const otsd_client *c, const otsd_receipt *t, bool with_value) {
    if (s->json)
        json_begin_object(s->j, NULL);
    if (with_value && t->value)
        put_bytes(s, "value", otsd_secret_data(t->value), otsd_secret_len(t->value));
    put_link(s, c, t);
    put_text(s, "secret_key", t->secret_key);
    put_text(s, "metadata_key", t->metadata_key);
    put_text(s, "state", otsd_state_name(t->state));
    put_number(s, "ttl", t->ttl, -1);
    put_number(s, "metadata_ttl", t->metadata_ttl, -1);
    put_number(s, "secret_ttl", t->secret_ttl, -1);
    put_time(s, "created", t->created);
    put_time(s, "updated", t->updated);
    put_time(s, "received", t->received);
    put_time(s, "burned", t->burned);
    put_text(s, "custid", t->custid);
    put_text(s, "share_domain", t->share_domain);
    put_answer(s, "passphrase_required", t->passphrase_required);
    put_recipients(s, t);
    if (s->json)
        json_end(s->j);
}

static sheet sheet_new(bool json) {
    return (sheet){.json = json, .j = json ? json_new(JSON_LINE) : NULL};
}

static int sheet_print(sheet *s, problem *p) {
    int rc = s->json ? json_print(&s->j, stdout, p) : problem_none(p);

    if (rc != EX_OK || s->no_link.code == EX_OK)
        return rc;
    *p = s->no_link;
    problem_add(p, "; all else is printed");
    return p->code;
}

int print_nominal(bool json, const char *text, const char *release, problem *p) {
    sheet s = sheet_new(json);

    if (!json && release)
        say_out("%s; release, by its answers: %s", text, release);
    else if (!json)
        say_out("%s", text);
    json_begin_object(s.j, NULL);
    json_text(s.j, "status", "nominal");
    if (release)
        json_text(s.j, "release", release);
    json_end(s.j);
    return sheet_print(&s, p);
}

int print_burned(bool json, problem *p) {
    sheet s = sheet_new(json);

    if (!json)
        puts("burned");
    json_begin_object(s.j, NULL);
    json_bool(s.j, "burned", true);
    json_end(s.j);
    return sheet_print(&s, p);
}

int print_value(bool json, const otsd_secret *value, problem *p) {
    sheet s = sheet_new(json);

    if (!json) {
        fwrite(otsd_secret_data(value), 1, otsd_secret_len(value), stdout);
        if (isatty(STDOUT_FILENO))
            putchar('\n');
    }
    json_begin_object(s.j, NULL);
    json_bytes(s.j, "value", otsd_secret_data(value), otsd_secret_len(value));
    json_end(s.j);
    return sheet_print(&s, p);
}

int print_receipt(const otsd_client *c, bool json, const otsd_receipt *t, bool with_value, problem *p) {
    sheet s = sheet_new(json);

    put_receipt(&s, c, t, with_value);
    return sheet_print(&s, p);
}

int print_receipts(const otsd_client *c, bool json, const otsd_receipts *list, problem *p) {
    sheet s = sheet_new(json);

    if (json)
        json_begin_array(s.j, NULL);
    for (size_t i = 0; i < list->len; i++) {
        put_receipt(&s, c, list->items[i], false);
        if (!json)
            putchar('\n');
    }
    if (json)
        json_end(s.j);
    return sheet_print(&s, p);
}
