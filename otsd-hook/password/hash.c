/* SPDX-License-Identifier: MIT
 *
 * The system's own crypt makes the hash, so its PAM can read it. A hash that would not be one field of one line of the
 * shadow file is refused. A text is compared as PAM's modules do it: by its hash with the same salt. It ends at its
 * first NUL for crypt, so one that goes on behind it is nobody's password; and no time tells how much of it was right.
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

static bool same_bytes(const char *a, const char *b, size_t len) {
    unsigned char differs = 0;

    for (size_t i = 0; i < len; i++)
        differs |= (unsigned char)(a[i] ^ b[i]);
    return differs == 0;
}

bool password_is(const char *hash, const otsd_secret *text) {
    size_t len = strlen(hash);
    struct crypt_data *scratch;
    const char *made = NULL;
    bool is;

    if (len == 0 || strlen(otsd_secret_data(text)) != otsd_secret_len(text))
        return false;
    scratch = calloc(1, sizeof *scratch);
    if (!scratch)
        return false;
    made = crypt_r(otsd_secret_data(text), hash, scratch);
    is = made && made[0] != '*' && strlen(made) == len && same_bytes(made, hash, len);
    otsd_wipe(scratch, sizeof *scratch);
    free(scratch);
    return is;
}
