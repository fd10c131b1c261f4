/* SPDX-License-Identifier: MIT */
#include "ledger/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "core/core.h"

typedef struct field {
    const char *name;
    size_t offset;
    size_t size; /* of a string; 0: int64_t */
} field;

#define STRING(f)                                                                                                      \
    { #f, offsetof(record, f), sizeof(((record *)0)->f) }
#define NUMBER(f)                                                                                                      \
    { #f, offsetof(record, f), 0 }

static const field fields[] = {
    STRING(id),           STRING(user),           STRING(renamed),    NUMBER(uid),
    NUMBER(created),      NUMBER(ttl_asked),      STRING(recipient),  STRING(passphrase),
    NUMBER(backend),      NUMBER(must_change),    STRING(server),     STRING(account),
    NUMBER(local),        NUMBER(changed_before), STRING(boot),       NUMBER(boot_created),
    STRING(metadata_key), NUMBER(granted),        NUMBER(deadline),   STRING(hash),
    NUMBER(storing),      NUMBER(unsure),         STRING(link),       NUMBER(opened_at),
    NUMBER(checked_at),   NUMBER(gone_seen),      NUMBER(gone_since), NUMBER(unseen),
    NUMBER(reason),       NUMBER(claimed_at),     NUMBER(attempts),   NUMBER(next_try),
    NUMBER(outcome),
};
#define FIELDS (sizeof fields / sizeof fields[0])

static char *string_at(record *r, const field *f) {
    return (char *)r + f->offset;
}

static int64_t number_at(const record *r, const field *f) {
    int64_t v;

    memcpy(&v, (const char *)r + f->offset, sizeof v);
    return v;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

static bool unescape(char *out, size_t size, const char *s, size_t len) {
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        char c = s[i];

        if (n + 1 >= size || c < ' ' || c > '~')
            return false;
        if (c == '%') {
            int hi = i + 2 < len ? hex_digit(s[i + 1]) : -1, lo = i + 2 < len ? hex_digit(s[i + 2]) : -1;

            if (hi < 0 || lo < 0)
                return false;
            c = (char)(hi * 16 + lo);
            if (c == '\0')
                return false;
            i += 2;
        }
        out[n++] = c;
    }
    out[n] = '\0';
    return true;
}

/* No time and no count is larger, and of what is smaller sum and difference are numbers, too. */
#define NUMBER_MOST ((int64_t)1 << 53)

static bool parse_number(int64_t *out, const char *s, size_t len) {
    char buf[24], *end;

    if (len == 0 || len >= sizeof buf)
        return false;
    memcpy(buf, s, len);
    buf[len] = '\0';
    *out = strtoll(buf, &end, 10); /* beyond its range: the end of it */
    return *end == '\0' && *out >= -NUMBER_MOST && *out <= NUMBER_MOST;
}

static bool parse_line(record *r, const char *line, size_t len) {
    const char *eq = memchr(line, '=', len);
    size_t name_len;

    if (!eq)
        return false;
    name_len = (size_t)(eq - line);
    for (size_t i = 0; i < FIELDS; i++) {
        const field *f = &fields[i];
        int64_t v;

        if (strlen(f->name) != name_len || memcmp(f->name, line, name_len) != 0)
            continue;
        if (f->size > 0)
            return unescape(string_at(r, f), f->size, eq + 1, len - name_len - 1);
        if (!parse_number(&v, eq + 1, len - name_len - 1))
            return false;
        memcpy((char *)r + f->offset, &v, sizeof v);
        return true;
    }
    return false;
}

static bool plausible(const record *r) {
    return strlen(r->id) == 16 && strspn(r->id, "0123456789abcdef") == 16 && !user_name_fault(r->user) && r->uid >= 0 &&
           (!r->renamed[0] || !user_name_fault(r->renamed)) && r->uid <= UINT32_MAX && r->reason >= 0 &&
           r->reason < REASON_COUNT && r->outcome >= 0 && r->outcome < OUTCOME_COUNT &&
           (r->backend == BACKEND_SHADOW || r->backend == BACKEND_COMMAND);
}

int record_parse(record *r, const char *text, size_t len, size_t *used, problem *p) {
    size_t at = 0, line_number = 0;

    memset(r, 0, sizeof *r);
    while (at < len) {
        const char *nl = memchr(text + at, '\n', len - at);

        if (!nl)
            break;
        line_number++;
        if (!parse_line(r, text + at, (size_t)(nl - text) - at)) {
            record_wipe(r);
            return problem_set(p, EX_DATAERR, "line %zu is not understood", line_number);
        }
        at = (size_t)(nl - text) + 1;
    }
    *used = at;
    if (!plausible(r)) {
        record_wipe(r);
        return problem_set(p, EX_DATAERR, "it is not a whole record");
    }
    return problem_none(p);
}

static size_t escape(char *out, size_t size, const char *s) {
    size_t n = 0;

    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (n + 4 > size)
            return 0;
        if (c < ' ' || c > '~' || c == '%')
            n += (size_t)snprintf(out + n, size - n, "%%%02x", c);
        else
            out[n++] = (char)c;
    }
    out[n] = '\0';
    return n;
}

size_t record_format(const record *r, const record *before, char *out, size_t size) {
    static const record empty;
    size_t n = 0;

    if (!before)
        before = &empty;
    for (size_t i = 0; i < FIELDS; i++) {
        const field *f = &fields[i];
        char value[1600];
        int len;

        if (f->size > 0) {
            const char *s = (const char *)r + f->offset;

            if (strcmp(s, (const char *)before + f->offset) == 0)
                continue;
            if (s[0] == '\0')
                value[0] = '\0';
            else if (escape(value, sizeof value, s) == 0)
                return 0;
        } else {
            if (number_at(r, f) == number_at(before, f))
                continue;
            snprintf(value, sizeof value, "%" PRId64, number_at(r, f));
        }
        len = snprintf(out + n, size - n, "%s=%s\n", f->name, value);
        otsd_wipe(value, sizeof value);
        if (len < 0 || (size_t)len >= size - n)
            return 0;
        n += (size_t)len;
    }
    return n;
}

void record_wipe(record *r) {
    otsd_wipe(r, sizeof *r);
}

void record_created(record *r, const clock_moment *now) {
    r->created = now->wall;
    r->boot_created = now->boottime;
    memcpy(r->boot, now->boot, sizeof r->boot);
}

int64_t record_age(const record *r, const clock_moment *now) {
    clock_moment created = {.wall = r->created, .boottime = r->boot_created};

    memcpy(created.boot, r->boot, sizeof created.boot);
    return clock_since(&created, now);
}

otsd_tri record_over(const record *r, const clock_moment *now) {
    int64_t age = record_age(r, now);

    if (age < 0)
        return OTSD_UNKNOWN;
    return age >= r->deadline - r->created ? OTSD_YES : OTSD_NO;
}

static const char *const reason_texts[REASON_COUNT] = {
    [REASON_NONE] = "open",
    [REASON_CHANGED] = "password changed",
    [REASON_LOGIN] = "password login",
    [REASON_KEY_LOGIN] = "key login",
    [REASON_DEADLINE] = "deadline",
    [REASON_REVOKED] = "revoked",
    [REASON_REISSUED] = "reissued",
    [REASON_GONE] = "account gone",
    [REASON_UID] = "account has another uid",
    [REASON_ABORTED] = "provisioning aborted",
    [REASON_ARRIVED] = "arrived",
};
static const name_table reasons = NAMES_OF(reason_texts);

static const char *const outcome_texts[OUTCOME_COUNT] = {
    [OUTCOME_NONE] = "",           [OUTCOME_BURNED] = "burned unread",
    [OUTCOME_OPENED] = "opened",   [OUTCOME_EXPIRED] = "expired unread",
    [OUTCOME_UNKNOWN] = "unknown",
};
static const name_table outcomes = NAMES_OF(outcome_texts);

bool reason_locks(reason r) {
    return r == REASON_DEADLINE || r == REASON_REVOKED || r == REASON_GONE || r == REASON_UID;
}

const char *reason_word(reason r) {
    const char *word = names_text(&reasons, (long)r);

    return word ? word : "unknown";
}

const char *outcome_word(outcome o) {
    const char *word = names_text(&outcomes, (long)o);

    return word ? word : "unknown";
}

reason reason_of(const char *word) {
    int r = REASON_NONE;

    (void)names_find(&reasons, word, &r); /* where there is none it stays as it is */
    return (reason)r;
}

outcome outcome_of(const char *word) {
    int o = OUTCOME_NONE;

    (void)names_find(&outcomes, word, &o);
    return (outcome)o;
}

static const char *hidden_in_name(const char *name, size_t len) {
    text_kind kind = TEXT_SHOWN;
    size_t n;

    for (size_t at = 0; at < len; at += n) {
        kind = text_next(name + at, len - at, &n);
        if (kind == TEXT_HIDDEN)
            return "it has bytes in it that cannot be shown";
        if (kind == TEXT_BLANK && at == 0)
            return "it begins with a blank";
    }
    return kind == TEXT_BLANK ? "it ends with a blank" : NULL;
}

const char *user_name_fault(const char *name) {
    size_t len = strnlen(name, USER_MAX + 1);

    if (len == 0)
        return "it is empty";
    if (len > USER_MAX)
        return "it is longer than 216 bytes";
    if (name[0] == '-')
        return "it begins with a hyphen";
    if (name[0] == '.')
        return "it begins with a dot";
    if (strchr(name, '/'))
        return "it has a slash in it";
    if (strchr(name, ':'))
        return "it has a colon in it";
    return hidden_in_name(name, len);
}
