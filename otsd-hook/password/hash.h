/* SPDX-License-Identifier: MIT
 *
 * The generated password as shadow wants it, and whether a text is the one that a hash was made of.
 */
#ifndef OTSD_HOOK_HASH_H
#define OTSD_HOOK_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/problem.h"
#include "config/config.h"

/* out: at least 385 bytes (crypt(3): CRYPT_OUTPUT_SIZE is 384). The salt comes from the system's random source. */
int hash_password(const config *c, const otsd_secret *value, char *out, size_t size, problem *p);
/* Is this text, in whole, the password of this hash? True is certain. False is not: memory can be short, the system's
 * crypt may no longer know the method. Costs what a login's password check costs. */
bool password_is(const char *hash, const otsd_secret *text);

#endif
