/* SPDX-License-Identifier: MIT
 *
 * One line, "TIME SERVER RELEASES", as "1782740000 https://secrets.example.com v0.22-v0.23".
 */
#include "ledger/seen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/notes.h"

#define NAME "release"
#define LINE_MAX_LEN 600

void seen_release(const ledger *l, const char *server, int64_t now, char out[SEEN_MAX]) {
    char line[LINE_MAX_LEN];
    const char *release;
    long long at;
    size_t len;
    char *end;

    out[0] = '\0';
    notes_read(l, NAME, line, sizeof line);
    at = strtoll(line, &end, 10);
    if (*end != ' ' || at > now || now - at >= SEEN_MEMORY)
        return;
    release = notes_of(end + 1, server);
    len = release ? strcspn(release, "\n") : SEEN_MAX;
    if (len < SEEN_MAX) {
        memcpy(out, release, len);
        out[len] = '\0';
    }
}

void seen_note(const ledger *l, const char *server, const char *release, int64_t now) {
    char line[LINE_MAX_LEN], known[SEEN_MAX];
    int len;

    seen_release(l, server, now, known);
    if (strcmp(release, known) == 0 || strcmp(release, "unknown") == 0)
        return;
    len = snprintf(line, sizeof line, "%lld %s %s\n", (long long)now, server, release);
    if (len > 0 && (size_t)len < sizeof line)
        (void)notes_put(l, NAME, line, (size_t)len);
}
