/* SPDX-License-Identifier: MIT
 *
 * What went wrong, for a person and for a program: one line and a sysexits code. Every function of otsd-hook that can
 * fail returns that code (EX_OK is 0) and fills a problem; the one place that prints it is problem_say.
 */
#ifndef OTSD_HOOK_PROBLEM_H
#define OTSD_HOOK_PROBLEM_H

#include <stdbool.h>
#include <sysexits.h>

#include "otsd.h"

typedef struct problem {
    int code;
    bool remote;    /* it came from the server, or from the way there */
    char text[900]; /* without program name, without newline, never a secret */
} problem;

/* Both return the code, so that a caller can write: return problem_set(...). errno is not consulted. */
int problem_set(problem *p, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* "WHAT: the server's or the library's words"; the code follows from the meaning. */
int problem_from_otsd(problem *p, const otsd_error *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts what state things are in behind the text: "; nothing was changed". */
void problem_add(problem *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Where messages go: standard error always; syslog (authpriv) too once problem_use_syslog(true) was called. */
void problem_use_syslog(bool on);
void problem_say(const problem *p);
/* A line that is no failure; the priority is one of syslog's. Only warnings and worse go to standard error. */
void say(int priority, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* While a bar is shown on standard error (progress.h), messages there begin with the sequence that wipes its line. */
void problem_over_bar(bool on);

#endif
