/* SPDX-License-Identifier: MIT
 *
 * What a line of the shadow file means, and what becomes of it: decisions, without a file.
 */
#ifndef OTSD_HOOK_SHADOW_LINE_H
#define OTSD_HOOK_SHADOW_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHADOW_HASH_MAX 385 /* with the NUL: what crypt(3) makes at most */
#define SHADOW_DEAD "!*"    /* a field that no password fits, and that an unlock leaves as "*" */

#define SHADOW_DATE_NONE (-1L) /* an empty field: no aging */
#define SHADOW_DATE_ODD (-2L)  /* no number */

typedef struct shadow_line {
    char hash[SHADOW_HASH_MAX + 1]; /* second field; one byte more for the mark of a lock */
    long changed;                   /* days since the epoch; 0: must change at the next login; SHADOW_DATE_… */
    const char *wrong;              /* shadow_line_wrong's; NULL: nothing */
} shadow_line;

typedef enum shadow_op {
    SHADOW_SET,  /* hash, for the user; and changed: today, or 0 where must_change */
    SHADOW_KILL, /* this hash dies, locked or not, wherever it stands; where it must be changed, that ends, too */
} shadow_op;

typedef enum shadow_result {
    SHADOW_UNTOUCHED = 0,
    SHADOW_DONE,
    SHADOW_ABSENT,  /* no such line; SHADOW_KILL: the hash stands nowhere */
    SHADOW_REFUSED, /* SHADOW_SET without force: there is another password */
    SHADOW_BROKEN,  /* SHADOW_SET: the line is none that a password could be set in: shadow_change.wrong */
} shadow_result;

typedef struct shadow_change {
    const char *user; /* SHADOW_SET */
    const char *hash;
    shadow_op op;
    bool must_change;
    bool force;
    const char *replaces;            /* SHADOW_SET without force: the hash to replace; NULL: one that was never set */
    int64_t changed_before, created; /* SHADOW_KILL, as in the record: what the date becomes */
    shadow_result result;            /* out */
    const char *wrong;               /* out, with SHADOW_BROKEN: shadow_line_wrong's */
} shadow_change;

/* What is wrong with a line (len bytes, without its newline), as "has …"; NULL: it has a name, a password field and
 * seven numbers, each of them empty or in decimal, so everybody reads it alike. C libraries take some more than that,
 * each its own, and pass over the rest. */
const char *shadow_line_wrong(const char *line, size_t len);

/* What becomes of an account with this password field and date: SHADOW_DONE, with the new ones in out, or the reason
 * why the line stays as it is. today: days since the epoch. */
shadow_result change_line(const shadow_change *c, const char *field, long changed, long today, shadow_line *out);

/* The third field: days, or SHADOW_DATE_…. It ends at a colon, at the line's end or at NUL. */
long shadow_date(const char *field);
/* Does an account that expires then (SHADOW_DATE_… included) let nobody in any more? As pam_unix has it. */
bool shadow_expired(long expires, long today);
/* A hash that nobody ever had a password for, or that died: "!", "!!", "*", "!*", … No password fits, and no unlock
 * makes one fit. */
bool shadow_never_set(const char *hash);
/* Is hash this generated one, locked or not? */
bool shadow_same(const char *in_shadow, const char *generated);
/* The field behind the marks of locks. */
const char *shadow_unlocked(const char *in_shadow);

#endif
