/* SPDX-License-Identifier: MIT
 *
 * One line, "TTL TIME SERVER ACCOUNT", in a file that is put in place as a whole.
 */
#include "ledger/ceiling.h"

#include <stdio.h>
#include <stdlib.h>

#include "ledger/notes.h"

#define NAME "ceiling"
#define LINE_MAX_LEN 600

int64_t ceiling_known(const ledger *l, const char *server, const char *account, int64_t now) {
    char text[LINE_MAX_LEN];
    char *after_ttl, *after_time;
    long long ttl, at;

    notes_read(l, NAME, text, sizeof text);
    ttl = strtoll(text, &after_ttl, 10);
    at = strtoll(after_ttl, &after_time, 10);
    if (*after_ttl != ' ' || *after_time != ' ' || !notes_is_of(after_time + 1, server, account))
        return 0;
    return ttl >= CEILING_LEAST && ttl <= TTL_MOST && at <= now && now - at < CEILING_MEMORY ? ttl : 0;
}

void ceiling_note(const ledger *l, const char *server, const char *account, int64_t ttl, int64_t now) {
    char text[LINE_MAX_LEN];
    int len = snprintf(text, sizeof text, "%lld %lld %s %s\n", (long long)ttl, (long long)now, server, account);

    if (ttl >= CEILING_LEAST && ttl <= TTL_MOST && len > 0 && (size_t)len < sizeof text)
        (void)notes_put(l, NAME, text, (size_t)len);
}
