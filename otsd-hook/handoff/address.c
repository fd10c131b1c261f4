/* SPDX-License-Identifier: MIT */
#include "handoff/address.h"

#include <string.h>

int address_check(const char *address, problem *p) {
    return otsd_address_ok(address) ? problem_none(p)
                                    : problem_set(p, EX_DATAERR, "\"%s\" is not one mail address", address);
}

int address_of(const char *pattern, const char *user, char out[ADDRESS_MAX], problem *p) {
    size_t n = 0;

    for (const char *s = pattern; *s; s++) {
        const char *part = s[0] == '%' && s[1] == 'u' ? user : NULL;
        size_t len = part ? strlen(part) : 1;

        if (n + len >= ADDRESS_MAX)
            return problem_set(p, EX_DATAERR, "the address made from handoff.recipient is too long");
        memcpy(out + n, part ? part : s, len);
        n += len;
        if (s[0] == '%')
            s++;
    }
    out[n] = '\0';
    return address_check(out, p);
}
