/* SPDX-License-Identifier: MIT
 *
 * What a line of the shadow file means, and what becomes of it: decisions, without a file.
 */
#ifndef OTSD_HOOK_SHADOW_LINE_H
#define OTSD_HOOK_SHADOW_LINE_H

#include <stdbool.h>

#define SHADOW_HASH_MAX 385 /* with the NUL: what crypt(3) makes at most */

typedef struct shadow_line {
    char hash[SHADOW_HASH_MAX + 1]; /* second field; one byte more for the mark of a lock */
    long changed;                   /* days since the epoch; 0: must change at the next login; -1: not set */
} shadow_line;

typedef enum shadow_op {
    SHADOW_SET,     /* hash, and changed: today, or 0 where must_change */
    SHADOW_LOCK_IF, /* '!' in front of the hash, if it is this one and has none yet */
} shadow_op;

typedef enum shadow_result {
    SHADOW_UNTOUCHED = 0,
    SHADOW_DONE,
    SHADOW_ABSENT,  /* no such line */
    SHADOW_REFUSED, /* SHADOW_SET without force: there is another password */
    SHADOW_OTHER,   /* SHADOW_LOCK_IF: the hash is another, or locked already */
} shadow_result;

typedef struct shadow_change {
    const char *user;
    const char *hash;
    shadow_op op;
    bool must_change;
    bool force;
    const char *replaces; /* SHADOW_SET without force: the hash to replace; NULL: one that was never set */
    shadow_result result; /* out */
} shadow_change;

/* What becomes of an account with this password field: SHADOW_DONE, with the new one and its date in out, or the reason
 * why the line stays as it is. out->changed is -1 where the date stays. today: days since the epoch. */
shadow_result change_line(const shadow_change *c, const char *field, long today, shadow_line *out);

/* A hash that nobody ever had a password for: "!", "!!", "*", … */
bool shadow_never_set(const char *hash);
/* Is hash this generated one, locked or not? */
bool shadow_same(const char *in_shadow, const char *generated);

#endif
