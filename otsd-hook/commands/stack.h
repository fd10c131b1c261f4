/* SPDX-License-Identifier: MIT
 *
 * A PAM stack as libpam reads it, and where our line stands in it. Text in, judgment out: nothing here opens a file.
 */
#ifndef OTSD_HOOK_STACK_H
#define OTSD_HOOK_STACK_H

#include <stdbool.h>
#include <stddef.h>

#define STACK_LINES 200 /* of one type of one service, includes followed; real ones have ten to twenty */
#define STACK_NAME 128  /* bytes of a file's, module's or control's name, with the NUL; longer ones are cut */

typedef enum stack_type { STACK_AUTH, STACK_ACCOUNT, STACK_PASSWORD, STACK_SESSION, STACK_TYPES } stack_type;
/* "auth", … */
const char *stack_type_name(stack_type t);

/* What a line does about a result: a jump over so many lines, or one of these. */
enum { DOES_IGNORE = 0, DOES_OK = -1, DOES_DONE = -2, DOES_BAD = -3, DOES_DIE = -4, DOES_RESET = -5 };

typedef struct stack_line {
    char file[STACK_NAME]; /* as it was named: "common-auth" */
    unsigned number;       /* of the line, from 1 */
    char control[STACK_NAME];
    char module[STACK_NAME]; /* "pam_unix.so", without folders; "": the head of a substack */
    int level;               /* of substacks */
    int on_success, on_auth_err, on_others;
} stack_line;

typedef struct stack {
    stack_line lines[STACK_LINES];
    size_t len;
    char fault[STACK_NAME * 2]; /* why libpam would refuse it, or why it was not read to its end; "": it is whole */
} stack;

/* The text of a file in pam.d, malloced; NULL: there is none. */
typedef char *stack_reader(const char *name, void *arg);

/* All lines of one type, @include, include and substack followed. False: the service has no file. */
bool stack_read(stack *s, const char *service, stack_type type, stack_reader *read, void *arg);

typedef enum stack_place {
    PLACE_GOOD,
    PLACE_ABSENT,       /* our module is not in it */
    PLACE_EARLY,        /* auth, password: a password module comes behind our line */
    PLACE_JUMPED,       /* where `by` succeeds, our line is not reached */
    PLACE_MAYBE_JUMPED, /* the same of a line that is not about passwords: it may mean to */
    PLACE_POWERLESS,    /* auth: our refusal would not count */
} stack_place;

typedef struct stack_verdict {
    stack_place place;
    const stack_line *ours, *by; /* in the stack; NULL where there is none */
} stack_verdict;

/* Where several lines are ours, the best placed one counts. */
stack_verdict stack_judge(const stack *s, stack_type type);

#endif
