/* SPDX-License-Identifier: MIT
 *
 * What went wrong, for a person and for a program: one line and a sysexits code. Every function of otsd-hook that can
 * fail returns that code (EX_OK is 0) and fills a problem; the one place that prints it is problem_say.
 *
 * Whatever is put into a line here is made fit to be shown (core.h: text_line): a control character of a server's or of
 * a name's never reaches a terminal or a log. Where a line is too long its middle is left out, not its end.
 *
 * A function that takes a problem clears it first: when it returns EX_OK the code is EX_OK and the text is empty, so
 * that `rc = p->code` after a call is always true, and nothing of an earlier failure is ever told.
 */
#ifndef OTSD_HOOK_PROBLEM_H
#define OTSD_HOOK_PROBLEM_H

#include <stdbool.h>
#include <sysexits.h>

#include "otsd.h"

typedef struct problem {
    int code;
    bool remote;    /* it came from the server, or from the way there */
    bool limited;   /* the server asks for patience: there were too many calls */
    bool lasting;   /* the server would say the same next time; only where that was looked at */
    char text[900]; /* printable, without program name, without newline, never a secret */
} problem;

void problem_clear(problem *p);
/* Clears it and returns EX_OK, so that a caller can write: return problem_none(p). */
int problem_none(problem *p);
/* All return the code, so that a caller can write: return problem_set(...). errno is not consulted. */
int problem_set(problem *p, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* "WHAT: the server's or the library's words"; the code follows from the meaning. */
int problem_from_otsd(problem *p, const otsd_error *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same without the WHAT. Where the server limits us, it says for how long. */
int problem_from_library(problem *p, const otsd_error *e);
/* The one table from the library's errors to exit codes. */
int problem_code_of(otsd_err err);
/* Puts what state things are in behind the text: "; nothing was changed". */
void problem_add(problem *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The program that messages name; "otsd-hook" until this is called. name is kept, not copied. */
void problem_program(const char *name);
/* Where messages go: standard error always; syslog (authpriv) too once problem_use_syslog(true) was called. */
void problem_use_syslog(bool on);
void problem_say(const problem *p);
/* A line that is no failure; the priority is one of syslog's. Only warnings and worse go to standard error. */
void say(int priority, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Only for the person at the terminal: never to syslog. */
void say_here(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A line on standard output, and its newline: what commands print for people where a text is in it that is not ours. */
void say_out(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* While a bar is shown on standard error (progress.h), messages there begin with the sequence that wipes its line. */
void problem_over_bar(bool on);

#endif
