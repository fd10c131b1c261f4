/* SPDX-License-Identifier: MIT
 *
 * A lock of other programs is '!' in front of the hash, so that an unlock gives the password back: what is locked is
 * still "the same". A lock of ours is for ever, and leaves nothing to give back: the hash is gone, also where it was
 * locked. What is left is "never set", so the account can be given a new password. A '*' stays when usermod -U or
 * passwd -u takes the '!' away (shadow 4.13 and 4.17); a lone '!' would make them leave an empty field, or refuse.
 *
 * The date goes with the password: the 0 that made its owner change it would keep out who logs in with a key, who has
 * no password to change any more. Any other date than 0 is somebody's own and stays.
 *
 * An empty field is a password, too (none is asked for), and no generated hash is empty.
 *
 * A line that not everybody reads alike is nobody's to set a password in: it would be set, and let nobody in. A hash
 * dies in it all the same, and then nothing else of it is touched.
 */
#include "password/shadow_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400

long shadow_date(const char *field) {
    char *end;
    long days;

    if (strspn(field, ":\n") > 0 || field[0] == '\0')
        return SHADOW_DATE_NONE;
    days = strtol(field, &end, 10);
    if (end == field || (*end != ':' && *end != '\n' && *end != '\0'))
        return SHADOW_DATE_ODD;
    return days >= 0 ? days : SHADOW_DATE_NONE;
}

enum { FIELDS = 9, NAME = 0, PASSWORD = 1, FLAG = 8 };

/* As getspnam keeps them: in 32 bits, "-1" being the same as nothing; the last one, which nobody reads, in more. */
static bool is_number(const char *field, size_t len, bool any_size) {
    int64_t value = 0;
    size_t i = len > 1 && field[0] == '-' ? 1 : 0;

    for (; i < len; i++) {
        if (field[i] < '0' || field[i] > '9')
            return false;
        if (!any_size)
            value = 10 * value + (field[i] - '0');
        if (value > INT32_MAX)
            return false;
    }
    return true;
}

const char *shadow_line_wrong(const char *line, size_t len) {
    static const char *const no_number[FIELDS] = {[2] = "has no number for the date of the last change",
                                                  [3] = "has no number for the least age of a password",
                                                  [4] = "has no number for the greatest age of a password",
                                                  [5] = "has no number for the days of warning",
                                                  [6] = "has no number for the days of inactivity",
                                                  [7] = "has no number for the date of expiry",
                                                  [FLAG] = "has no number in its last field"};
    const char *end = line + len;
    int at = NAME;

    if (memchr(line, '\0', len))
        return "has a NUL in it";
    for (;; at++) {
        const char *colon = memchr(line, ':', (size_t)(end - line)), *stop = colon ? colon : end;

        if (at > PASSWORD && !is_number(line, (size_t)(stop - line), at == FLAG))
            return no_number[at];
        if (!colon)
            return at == FLAG ? NULL : "has fewer than 9 fields";
        if (at == FLAG)
            return "has more than 9 fields";
        line = colon + 1;
    }
}

bool shadow_expired(long expires, long today) {
    return expires >= 0 && today >= expires;
}

bool shadow_never_set(const char *hash) {
    return hash[0] != '\0' && strspn(hash, "!*") == strlen(hash);
}

const char *shadow_unlocked(const char *in_shadow) {
    return in_shadow + strspn(in_shadow, "!");
}

bool shadow_same(const char *in_shadow, const char *generated) {
    return generated[0] != '\0' && strcmp(shadow_unlocked(in_shadow), generated) == 0;
}

static bool may_be_set(const shadow_change *c, const char *field) {
    return c->force || (c->replaces ? strcmp(field, c->replaces) == 0 : shadow_never_set(field));
}

/* As it was before the provision; where that is not known, or was 0, the day of the provision. */
static long date_before(const shadow_change *c) {
    if (c->changed_before > 0 && c->changed_before <= INT32_MAX)
        return (long)c->changed_before;
    if (c->changed_before == 0 && c->created >= DAY)
        return (long)(c->created / DAY);
    return SHADOW_DATE_NONE;
}

static shadow_result killed(const shadow_change *c, const char *field, long changed, shadow_line *out) {
    if (!shadow_same(field, c->hash))
        return SHADOW_ABSENT;
    snprintf(out->hash, sizeof out->hash, "%s", SHADOW_DEAD);
    out->changed = changed == 0 ? date_before(c) : changed;
    return SHADOW_DONE;
}

shadow_result change_line(const shadow_change *c, const char *field, long changed, long today, shadow_line *out) {
    if (c->op == SHADOW_KILL)
        return killed(c, field, changed, out);
    if (!may_be_set(c, field))
        return SHADOW_REFUSED;
    snprintf(out->hash, sizeof out->hash, "%s", c->hash);
    out->changed = c->must_change ? 0 : today;
    return SHADOW_DONE;
}
