/* SPDX-License-Identifier: MIT
 *
 * The system's own crypt makes the hash, so its PAM can read it. A hash that would not be one field of one line of the
 * shadow file is refused.
 */
#include "password/hash.h"

#include <crypt.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* crypt(5) */
static const struct {
    const char *method, *prefix;
} methods[] = {{"yescrypt", "$y$"}, {"sha512crypt", "$6$"}, {"sha256crypt", "$5$"}, {"bcrypt", "$2b$"}};

int hash_password(const config *c, const otsd_secret *value, char *out, size_t size, problem *p) {
    struct crypt_data *scratch = calloc(1, sizeof *scratch);
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    const char *prefix = NULL, *hash = NULL;
    int rc = problem_none(p);

    if (!scratch)
        return problem_set(p, EX_OSERR, "out of memory");
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i].method, c->password.hash) == 0)
            prefix = methods[i].prefix;
    if (prefix && crypt_gensalt_rn(prefix, (unsigned long)c->password.rounds, NULL, 0, setting, sizeof setting))
        hash = crypt_r(otsd_secret_data(value), setting, scratch);
    /* A string that begins with '*' is crypt's sign of failure. */
    if (!hash || hash[0] == '*' || strlen(hash) >= size || strpbrk(hash, ":\n"))
        rc = problem_set(p, EX_SOFTWARE, "the system cannot make a %s hash: %s", c->password.hash, strerror(errno));
    else
        snprintf(out, size, "%s", hash);
    otsd_wipe(scratch, sizeof *scratch);
    free(scratch);
    return rc;
}
