/* SPDX-License-Identifier: MIT */
#include "batch/roster.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "batch/roster_file.h"
#include "batch/roster_split.h"
#include "ledger/record.h"

#define HEADER_FIELDS 16

/* Who has which name: open addressing, at most half full. */
typedef struct seen {
    struct taken {
        const char *user;
        unsigned long number;
    } * slots;
    size_t len, size; /* size: a power of two */
} seen;

typedef struct reader {
    roster *r;
    source from;
    bool json;
    column columns[COLUMN_COUNT]; /* CSV: what the fields are */
    size_t columns_len;
    seen seen;
    roster_bad_fn *bad;
    void *arg;
} reader;

static struct taken *slot_of(const seen *s, const char *user) {
    uint64_t h = 0xcbf29ce484222325U; /* FNV-1a */
    size_t i;

    for (const char *c = user; *c; c++)
        h = (h ^ (unsigned char)*c) * 0x100000001b3U;
    for (i = (h ^ h >> 32) & (s->size - 1); s->slots[i].user && strcmp(s->slots[i].user, user) != 0;)
        i = (i + 1) & (s->size - 1);
    return &s->slots[i];
}

static bool seen_grow(seen *s) {
    seen larger = {.len = s->len, .size = s->size ? s->size * 2 : 1024};

    larger.slots = calloc(larger.size, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < s->size; i++)
        if (s->slots[i].user)
            *slot_of(&larger, s->slots[i].user) = s->slots[i];
    free(s->slots);
    *s = larger;
    return true;
}

/* What is wrong with a line's values; NULL: nothing. */
static const char *values_wrong(char *values[COLUMN_COUNT], long *ttl) {
    /* The library's rule: two letters or digits, then "-" and "_" too. */
    static const char letters[] = "-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const char *locale = values[COLUMN_LOCALE], *passphrase = values[COLUMN_PASSPHRASE];

    *ttl = 0;
    if (values[COLUMN_TTL] && (!otsd_duration_parse(values[COLUMN_TTL], ttl) || *ttl < TTL_LEAST || *ttl > TTL_MOST))
        return "the ttl is not 60 seconds to 30 days, written as 90m, 12h or 3d";
    if (locale && (strlen(locale) > 35 || strspn(locale, letters + 2) < 2 || strspn(locale, letters) != strlen(locale)))
        return "the locale is not one (en, fr_CA, …)";
    if (passphrase && strlen(passphrase) > PASSPHRASE_MAX)
        return "the passphrase is longer than 128 bytes";
    return NULL;
}

static int add_line(roster *r, const roster_line *l, problem *p) {
    if (r->len == r->room) {
        size_t room = r->room ? r->room * 2 : 256;
        roster_line *larger = realloc(r->lines, room * sizeof *larger);

        if (!larger)
            return problem_set(p, EX_OSERR, "out of memory");
        r->lines = larger;
        r->room = room;
    }
    r->lines[r->len++] = *l;
    return problem_none(p);
}

static int take_values(reader *t, unsigned long number, char *values[COLUMN_COUNT], problem *p) {
    roster_line l = {.number = number};
    struct taken *slot;
    const char *wrong;

    for (column c = COLUMN_USER; c < COLUMN_COUNT; c++)
        if (values[c] && !values[c][0])
            values[c] = NULL;
    wrong = values[COLUMN_USER] ? user_name_fault(values[COLUMN_USER]) : NULL;
    if (!values[COLUMN_USER] || wrong) {
        char text[80];

        snprintf(text, sizeof text, "the user is not a user name: %s", wrong ? wrong : "");
        t->bad(t->arg, number, wrong ? text : "no user");
        return problem_none(p);
    }
    l.user = values[COLUMN_USER];
    if (t->seen.len * 2 >= t->seen.size && !seen_grow(&t->seen))
        return problem_set(p, EX_OSERR, "out of memory");
    slot = slot_of(&t->seen, l.user);
    if (slot->user) {
        char text[USER_MAX + 80];

        snprintf(text, sizeof text, "the user %s is in line %lu already", l.user, slot->number);
        t->bad(t->arg, number, text);
        return problem_none(p);
    }
    if (++t->seen.len > ROSTER_USERS_MAX)
        return problem_set(p, EX_DATAERR, "%s has more than %zu users", t->from.name, ROSTER_USERS_MAX);
    *slot = (struct taken){l.user, number};
    wrong = values_wrong(values, &l.ttl);
    if (wrong) {
        t->bad(t->arg, number, wrong);
        return problem_none(p);
    }
    l.recipient = values[COLUMN_RECIPIENT];
    l.locale = values[COLUMN_LOCALE];
    l.passphrase = values[COLUMN_PASSPHRASE];
    return add_line(t->r, &l, p);
}

static int has_passphrases(reader *t, problem *p) {
    t->r->has_passphrases = true;
    if (t->from.open_to[0])
        return problem_set(p, EX_NOPERM, "%s has passphrases and %s: they must be root's alone", t->from.name,
                           t->from.open_to);
    if (t->from.lock_errno != 0)
        return problem_set(p, EX_OSERR,
                           "%s has passphrases, and there is no locked memory for them: %s (see ulimit -l)",
                           t->from.name, strerror(t->from.lock_errno));
    return problem_none(p);
}

static int take_header(reader *t, unsigned long number, char *line, size_t len, problem *p) {
    char *fields[HEADER_FIELDS], why[WHY_MAX];
    size_t count = 0;
    bool has_user = false;

    if (memchr(line, ';', len) || memchr(line, '\t', len))
        return problem_set(p, EX_DATAERR, "%s: line %lu: the fields are separated by %s: write them with commas",
                           t->from.name, number, memchr(line, '\t', len) ? "tabs" : "semicolons");
    if (!line_check(line, len, false, why) || !csv_split(line, len, fields, HEADER_FIELDS, &count, why))
        return problem_set(p, EX_DATAERR, "%s: line %lu: %s", t->from.name, number, why);
    for (size_t i = 0; i < count && i < HEADER_FIELDS; i++)
        has_user = has_user || strcmp(fields[i], "user") == 0;
    /* Where there is no header, this is somebody's line: none of it is shown. */
    if (!has_user)
        return problem_set(p, EX_DATAERR,
                           "%s: line %lu has no column \"user\": the first line names the columns, out of " COLUMN_LIST,
                           t->from.name, number);
    for (size_t i = 0; i < count && i < HEADER_FIELDS; i++) {
        column c = column_of(fields[i]);

        if (c == COLUMN_COUNT)
            return problem_set(p, EX_DATAERR, "%s: line %lu: unknown column \"%s\"; the columns are " COLUMN_LIST,
                               t->from.name, number, strlen(fields[i]) > 60 ? "(a long one)" : fields[i]);
        for (size_t k = 0; k < i; k++)
            if (t->columns[k] == c)
                return problem_set(p, EX_DATAERR, "%s: line %lu: the column \"%s\" is there twice", t->from.name,
                                   number, fields[i]);
        t->columns[i] = c;
        t->r->has_recipients = t->r->has_recipients || c == COLUMN_RECIPIENT;
        t->r->has_passphrases = t->r->has_passphrases || c == COLUMN_PASSPHRASE;
    }
    t->columns_len = count;
    return t->r->has_passphrases ? has_passphrases(t, p) : problem_none(p);
}

static int take_line(reader *t, unsigned long number, char *line, size_t len, problem *p) {
    char *fields[COLUMN_COUNT] = {0}, *values[COLUMN_COUNT] = {0}, why[WHY_MAX];
    unsigned keys = 0;
    size_t count = 0;
    int rc = problem_none(p);
    bool ok = line_check(line, len, t->json, why);

    if (ok && t->json) {
        ok = json_split(line, len, values, &keys, why);
        t->r->has_recipients = t->r->has_recipients || (keys & 1U << COLUMN_RECIPIENT);
        if ((keys & 1U << COLUMN_PASSPHRASE) && !t->r->has_passphrases)
            rc = has_passphrases(t, p);
    } else if (ok) {
        ok = csv_split(line, len, fields, COLUMN_COUNT, &count, why);
        if (ok && count != t->columns_len) {
            snprintf(why, sizeof why, "fields: %zu, but the header has %zu", count, t->columns_len);
            ok = false;
        }
        for (size_t i = 0; ok && i < count; i++)
            values[t->columns[i]] = fields[i];
    }
    if (rc != EX_OK)
        return rc;
    if (!ok) {
        t->bad(t->arg, number, why);
        return problem_none(p);
    }
    return take_values(t, number, values, p);
}

static bool is_blank(const char *line, size_t len) {
    while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
        len--;
    return len == 0;
}

static int take_lines(reader *t, problem *p) {
    char *at = t->r->text, *end = at + t->from.used;
    bool first = true;
    int rc = problem_none(p);

    if (t->from.used >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    for (unsigned long number = 1; at < end && rc == EX_OK; number++) {
        char *nl = memchr(at, '\n', (size_t)(end - at)), *next = nl ? nl + 1 : end;
        size_t len = (size_t)((nl ? nl : end) - at);

        if (len > 0 && at[len - 1] == '\r')
            len--;
        if (!is_blank(at, len)) {
            t->json = first ? at[strspn(at, " \t")] == '{' : t->json;
            rc = first && !t->json ? take_header(t, number, at, len, p) : take_line(t, number, at, len, p);
            first = false;
        }
        at = next;
    }
    if (rc == EX_OK && first)
        return problem_set(p, EX_DATAERR, "%s is empty: a header (" COLUMN_LIST ") or JSON lines were expected",
                           t->from.name);
    return rc;
}

int roster_read(roster *out, const char *path, roster_bad_fn *bad, void *arg, problem *p) {
    reader t = {.r = out, .bad = bad, .arg = arg};
    int rc;

    memset(out, 0, sizeof *out);
    rc = roster_file_read(out, &t.from, path, p);
    if (rc == EX_OK)
        rc = take_lines(&t, p);
    free(t.seen.slots);
    if (rc != EX_OK)
        roster_free(out);
    return rc;
}

void roster_free(roster *r) {
    if (r->text) {
        otsd_wipe(r->text, r->size);
        (void)munmap(r->text, r->size); /* of a mapping of our own: cannot fail */
    }
    free(r->lines);
    memset(r, 0, sizeof *r);
}
