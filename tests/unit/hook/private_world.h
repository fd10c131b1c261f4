/* SPDX-License-Identifier: MIT
 *
 * For unit tests that write where the real programs write: a mount namespace of the test's own with an empty /etc and
 * an empty parent of the ledger. The machine's own files are out of reach.
 */
#ifndef TESTS_UNIT_PRIVATE_WORLD_H
#define TESTS_UNIT_PRIVATE_WORLD_H

#include <stdbool.h>

/* False without root, or where namespaces are forbidden. */
bool private_world(void);
/* Writes a file with this mode; fails the test where it cannot. */
void put_file(const char *path, const char *text, unsigned mode);
/* Reads a file whole; malloced. */
char *get_file(const char *path);

#endif
