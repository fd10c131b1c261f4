/* SPDX-License-Identifier: MIT
 *
 * The roster: whom a batch provisions. CSV with a header, or JSON lines (one object a line), from a file or from
 * standard input.
 *
 *   user,recipient,ttl,locale,passphrase              {"user": "alice", "ttl": "3d"}
 *   alice,alice@example.com,3d,,                      {"user": "bob", "recipient": "bob@example.com", "ttl": 5400}
 *
 * Columns and keys: user (required), recipient, ttl, locale, passphrase, in any order, each once. Any other is an
 * error: a misspelt "recipent" must not silently mail nobody. An empty field (in JSON, null too) counts as not given.
 *
 * CSV is RFC 4180's, with "," only, except that a quoted field may not contain a line break: a lost quote would swallow
 * accounts. Lines end with LF or CRLF; a UTF-8 byte order mark is skipped, and so are blank lines.
 *
 * Who writes the file decides who gets the links, so a file that anybody but root and the effective user can write is
 * refused; one with passphrases must be theirs alone (0600 or 0400), and not reached through a link in its last
 * component. Standard input is not checked: who starts the program has chosen it.
 */
#ifndef OTSD_HOOK_ROSTER_H
#define OTSD_HOOK_ROSTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/problem.h"

#define ROSTER_SIZE_MAX ((size_t)256 << 20) /* bytes of the whole input */
#define ROSTER_LINE_MAX ((size_t)64 << 10)  /* bytes of a line, without its end */
#define ROSTER_USERS_MAX ((size_t)1000000)

typedef struct roster_line {
    unsigned long number; /* in the file, from 1 */
    const char *user;
    const char *recipient, *locale, *passphrase; /* NULL: not given */
    long ttl;                                    /* seconds, 60 to 2592000; 0: not given */
} roster_line;

typedef struct roster {
    roster_line *lines;
    size_t len;
    bool has_recipients;  /* the column exists; JSON: some object has the key */
    bool has_passphrases; /* likewise */
    char *text;  /* one mapping, without core dumps, not inherited by fork, locked where the kernel allows it; */
    size_t size; /* the strings of lines point into it */
    size_t room; /* of lines */
} roster;

/* Called once for each bad line, in the file's order; text is what is wrong with it, without the line number. It quotes
 * no field but a user that is there twice and a JSON key that is not known. */
typedef void roster_bad_fn(void *arg, unsigned long number, const char *text);

/* Reads all of path, "-" (or /dev/stdin) for standard input. EX_OK also where single lines were bad: out has the good
 * ones. User names are valid and each is there once (a name counts as taken by a bad line, too); ttl and locale are in
 * their ranges, passphrases 1 to 128 bytes. A recipient's syntax is the caller's to check.
 * On failure nothing is kept: EX_NOINPUT (not there, not readable, not a regular file), EX_NOPERM (somebody else's, or
 * too open a mode), EX_DATAERR (empty, header, too large, too many), EX_IOERR, EX_OSERR (memory; with passphrases:
 * lockable memory). */
int roster_read(roster *out, const char *path, roster_bad_fn *bad, void *arg, problem *p);
/* Wipes and releases; a zeroed roster is allowed. */
void roster_free(roster *r);

#endif
