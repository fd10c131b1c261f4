/* SPDX-License-Identifier: MIT
 *
 * The list of faults: parsing, matching, counting. What a fault does to an answer is in server.c and answer.c.
 */
#include "fault.h"

#include "bytes.h"

#include <stdlib.h>
#include <string.h>

/* Of a fault as parsed so far: neither was named yet. */
#define MATCH_UNSET ((enum call)CALL_COUNT)

static const char *const kinds[FAULT_KIND_COUNT] = {[FAULT_DELAY] = "delay",
                                                    [FAULT_GATHER] = "gather",
                                                    [FAULT_HANG] = "hang",
                                                    [FAULT_HANG_AFTER] = "hang-after",
                                                    [FAULT_RESET_BEFORE] = "reset-before",
                                                    [FAULT_RESET_AFTER] = "reset-after",
                                                    [FAULT_CLOSE_BEFORE] = "close-before",
                                                    [FAULT_CLOSE_AFTER] = "close-after",
                                                    [FAULT_TRUNCATE] = "truncate",
                                                    [FAULT_OVERSIZE] = "oversize",
                                                    [FAULT_GARBAGE] = "garbage",
                                                    [FAULT_HTML502] = "html502",
                                                    [FAULT_HTML404] = "html404",
                                                    [FAULT_STATUS] = "status",
                                                    [FAULT_SLOW] = "slow",
                                                    [FAULT_DROP_PASSPHRASE] = "drop-passphrase",
                                                    [FAULT_SHORT_TTL] = "short-ttl",
                                                    [FAULT_LONG_TTL] = "long-ttl",
                                                    [FAULT_RATE_LIMITED] = "rate-limited",
                                                    [FAULT_FOLDED] = "folded",
                                                    [FAULT_NUL] = "nul",
                                                    [FAULT_REDIRECT] = "redirect",
                                                    [FAULT_MEMBER] = "member",
                                                    [FAULT_FLOOD] = "flood"};

static const char *set_kind(struct fault *f, const char *value) {
    for (int k = FAULT_NONE + 1; k < FAULT_KIND_COUNT; k++) {
        if (strcmp(kinds[k], value) == 0) {
            f->kind = (enum fault_kind)k;
            return NULL;
        }
    }
    return "no such kind of fault";
}

static const char *set_text(char **text, const char *value) {
    free(*text);
    *text = must_copy(value);
    return NULL;
}

const char *fault_set(struct fault *f, const char *name, const char *value) {
    if (strcmp(name, "match") == 0) {
        f->match = call_from_name(value);
        return f->match != CALL_NONE || strcmp(value, "any") == 0 ? NULL : "no such call";
    }
    if (strcmp(name, "kind") == 0)
        return set_kind(f, value);
    if (strcmp(name, "ms") == 0)
        return parse_number(value, 0, 86400000, &f->ms) ? NULL : "ms is 0 to 86400000";
    if (strcmp(name, "s") == 0)
        return parse_number(value, 1, 1000000000, &f->s) ? NULL : "s is 1 to 1000000000";
    if (strcmp(name, "least") == 0)
        return parse_number(value, 2, 100000, &f->least) ? NULL : "least is 2 to 100000";
    if (strcmp(name, "count") == 0)
        return parse_number(value, 0, 1000000000, &f->count) ? NULL : "count is 0 (for ever) to 1000000000";
    if (strcmp(name, "after") == 0)
        return parse_number(value, 0, 1000000000, &f->after) ? NULL : "after is 0 to 1000000000";
    if (strcmp(name, "status") == 0)
        return parse_number(value, 200, 599, &f->status) ? NULL : "status is 200 to 599";
    if (strcmp(name, "entries") == 0)
        return parse_number(value, 1, 1000000000, &f->entries) ? NULL : "entries is 1 to 1000000000";
    if (strcmp(name, "name") == 0)
        return set_text(&f->name, value);
    if (strcmp(name, "body") == 0)
        return set_text(&f->body, value);
    return "no such parameter of a fault";
}

const char *fault_check(const struct fault *f) {
    if (f->match == MATCH_UNSET)
        return "which call (match) is missing";
    if (f->kind == FAULT_NONE)
        return "the kind of fault is missing";
    if (f->kind == FAULT_STATUS && f->status == 0)
        return "the kind status needs status=N";
    if (f->kind == FAULT_GATHER && f->least == 0)
        return "the kind gather needs least=N";
    if ((f->kind == FAULT_DELAY || f->kind == FAULT_SHORT_TTL) && f->ms == 0)
        return "this kind needs ms=N";
    if (f->kind == FAULT_LONG_TTL && f->s == 0)
        return "the kind long-ttl needs s=N";
    if (f->kind == FAULT_MEMBER && (!f->name || !f->body))
        return "the kind member needs name=NAME and body=JSON";
    if (f->kind == FAULT_FLOOD && f->entries == 0)
        return "the kind flood needs entries=N";
    return NULL;
}

const char *fault_parse(struct fault *f, const char *spec) {
    char *copy = must_copy(spec), *rest = copy;
    const char *wrong = NULL;

    *f = (struct fault){.match = MATCH_UNSET, .count = 1};
    for (int i = 0; rest && !wrong; i++) {
        char *value;
        /* The body may have colons: it comes last. */
        char *part = i >= 2 && strncmp(rest, "body=", 5) == 0 ? rest : NULL;

        if (part)
            rest = NULL;
        else
            part = strsep(&rest, ":");
        if (i < 2) {
            wrong = fault_set(f, i == 0 ? "match" : "kind", part);
            continue;
        }
        value = strchr(part, '=');
        if (!value) {
            wrong = "a parameter is NAME=VALUE";
            continue;
        }
        *value++ = '\0';
        wrong = strcmp(part, "match") == 0 || strcmp(part, "kind") == 0 ? "no such parameter of a fault"
                                                                        : fault_set(f, part, value);
    }
    free(copy);
    if (!wrong)
        wrong = fault_check(f);
    if (wrong)
        fault_free(f);
    return wrong;
}

void fault_free(struct fault *f) {
    free(f->name);
    free(f->body);
    f->name = f->body = NULL;
}

void faults_add(struct faults *fs, struct fault f) {
    fs->list = must_realloc(fs->list, (fs->len + 1) * sizeof *fs->list);
    fs->list[fs->len++] = f;
}

struct fault faults_take(struct faults *fs, enum call c) {
    for (size_t i = 0; i < fs->len; i++) {
        struct fault *f = &fs->list[i];
        struct fault taken;

        if (f->match != CALL_NONE && f->match != c)
            continue;
        if (f->after > 0) {
            f->after--;
            continue;
        }
        taken = *f;
        if (f->count != 1) {
            taken.name = !f->name ? NULL : must_copy(f->name);
            taken.body = !f->body ? NULL : must_copy(f->body);
            if (f->count > 1)
                f->count--;
        } else {
            fs->len--;
            memmove(f, f + 1, (fs->len - i) * sizeof *f);
        }
        return taken;
    }
    return (struct fault){.kind = FAULT_NONE};
}

void faults_clear(struct faults *fs) {
    for (size_t i = 0; i < fs->len; i++)
        fault_free(&fs->list[i]);
    free(fs->list);
    *fs = (struct faults){NULL, 0};
}
