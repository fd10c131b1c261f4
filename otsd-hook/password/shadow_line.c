/* SPDX-License-Identifier: MIT
 *
 * A lock is '!' in front of the hash, so that an unlock gives the password back: what is locked is still "the same".
 * An empty field is a password, too (none is asked for), and no generated hash is empty.
 */
#include "password/shadow_line.h"

#include <stdio.h>
#include <string.h>

bool shadow_never_set(const char *hash) {
    return hash[0] != '\0' && strspn(hash, "!*") == strlen(hash);
}

bool shadow_same(const char *in_shadow, const char *generated) {
    while (*in_shadow == '!')
        in_shadow++;
    return generated[0] != '\0' && strcmp(in_shadow, generated) == 0;
}

static bool may_be_set(const shadow_change *c, const char *field) {
    return c->force || (c->replaces ? strcmp(field, c->replaces) == 0 : shadow_never_set(field));
}

shadow_result change_line(const shadow_change *c, const char *field, long today, shadow_line *out) {
    if (c->op == SHADOW_LOCK_IF) {
        if (strcmp(field, c->hash) != 0)
            return SHADOW_OTHER;
        snprintf(out->hash, sizeof out->hash, "!%s", c->hash);
        out->changed = -1;
        return SHADOW_DONE;
    }
    if (!may_be_set(c, field))
        return SHADOW_REFUSED;
    snprintf(out->hash, sizeof out->hash, "%s", c->hash);
    out->changed = c->must_change ? 0 : today;
    return SHADOW_DONE;
}
