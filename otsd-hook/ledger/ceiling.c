/* SPDX-License-Identifier: MIT
 *
 * One line, "TTL TIME SERVER ACCOUNT".
 */
#include "ledger/ceiling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/note.h"

#define NAME "ceiling"
#define LINE_MAX_LEN 600

int64_t ceiling_known(const ledger *l, const char *server, const char *account, int64_t now) {
    char line[LINE_MAX_LEN];
    char *after_ttl, *after_time;
    const char *of;
    long long ttl, at;

    if (!note_read(l, NAME, line, sizeof line))
        return 0;
    ttl = strtoll(line, &after_ttl, 10);
    at = strtoll(after_ttl, &after_time, 10);
    if (*after_ttl != ' ' || *after_time != ' ')
        return 0;
    of = note_of(after_time + 1, server);
    if (!of || strcmp(of, account) != 0)
        return 0;
    return ttl >= CEILING_LEAST && ttl <= TTL_MOST && at <= now && now - at < CEILING_MEMORY ? ttl : 0;
}

void ceiling_note(const ledger *l, const char *server, const char *account, int64_t ttl, int64_t now) {
    char line[LINE_MAX_LEN];
    int len = snprintf(line, sizeof line, "%lld %lld %s %s\n", (long long)ttl, (long long)now, server, account);

    if (ttl >= CEILING_LEAST && ttl <= TTL_MOST && len > 0 && (size_t)len < sizeof line)
        note_write(l, NAME, line);
}
