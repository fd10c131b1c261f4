/* SPDX-License-Identifier: MIT
 *
 * The generated password as shadow wants it.
 */
#ifndef OTSD_HOOK_HASH_H
#define OTSD_HOOK_HASH_H

#include <stddef.h>

#include "base/problem.h"
#include "config/config.h"

/* out: at least 385 bytes (crypt(3): CRYPT_OUTPUT_SIZE is 384). The salt comes from the system's random source. */
int hash_password(const config *c, const otsd_secret *value, char *out, size_t size, problem *p);

#endif
