/* SPDX-License-Identifier: MIT
 *
 * What the harnesses share. A harness is a file fuzz_NAME.c with LLVMFuzzerTestOneInput in it; the Makefile finds it by
 * its name, and its inputs are in corpus/NAME. It says what MUST hold of every input, by HOLDS: that nothing crashes is
 * the least of it.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Returns 0. Must not keep anything of data, which is gone after the call. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The harness ends where it does not hold, and the input that did it is kept. */
#define HOLDS(what) ((what) ? (void)0 : fuzz_broken(#what, __FILE__, __LINE__))
_Noreturn void fuzz_broken(const char *what, const char *file, int line);

/* Part of an input. */
typedef struct piece {
    const char *text;
    size_t len;
} piece;

/* The next part of *rest, up to a line "=====" or its end, and moves *rest behind it. False, and an empty part: there
 * is no more. So an input of several parts is a text that a person can read and write. */
bool piece_next(piece *rest, piece *out);
/* The part's first line, without its end. */
piece piece_line(piece *rest);
/* A copy up to the first NUL, malloced to the byte, so that the sanitizer sees who reads behind its end. */
char *piece_string(piece p);
/* Is text valid UTF-8, of which nothing is hidden: one line, that text_printable leaves as it is? */
bool is_printable(const char *text);

/* stage.c: the files that the code under test opens by name. */

/* From now on path is a file, root's own and with mode 0600, with this content, for openat and fopen. Nothing else
 * below /etc and /var can be opened in a harness. */
void stage_file(const char *path, const void *text, size_t len);
/* What is in it now; malloced, with a NUL behind it. */
char *stage_content(const char *path, size_t *len);
/* No file is on the stage. */
void stage_clear(void);
/* Takes the place of fstatat; NULL: the real one. */
struct stat;
extern int (*stage_stat)(const char *path, struct stat *st);
/* What geteuid says; -1: the truth. */
extern long stage_euid;

#endif
