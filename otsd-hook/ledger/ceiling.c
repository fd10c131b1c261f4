/* SPDX-License-Identifier: MIT
 *
 * One line, "TTL TIME SERVER ACCOUNT", in a file that is put in place as a whole.
 */
#include "ledger/ceiling.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/files.h"
#include "ledger/store.h"

#define NAME "ceiling"
#define LINE_MAX_LEN 600

/* What stands after the two numbers. */
static bool is_of(const char *text, const char *server, const char *account) {
    size_t len = strlen(server);

    return strncasecmp(text, server, len) == 0 && text[len] == ' ' && strcmp(text + len + 1, account) == 0;
}

int64_t ceiling_known(const ledger *l, const char *server, const char *account, int64_t now) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT, .forbidden = 077};
    char text[LINE_MAX_LEN];
    char *after_ttl, *after_time;
    long long ttl, at;
    file_found f;
    ssize_t len;

    if (file_open(l->root, NAME, O_RDONLY, &wanted, &f) != FILE_GOOD)
        return 0;
    len = file_read(f.fd, text, sizeof text - 1);
    (void)close(f.fd); /* only read */
    if (len <= 0 || text[len - 1] != '\n')
        return 0;
    text[len - 1] = '\0';
    ttl = strtoll(text, &after_ttl, 10);
    at = strtoll(after_ttl, &after_time, 10);
    if (*after_ttl != ' ' || *after_time != ' ' || !is_of(after_time + 1, server, account))
        return 0;
    return ttl >= CEILING_LEAST && ttl <= TTL_MOST && at <= now && now - at < CEILING_MEMORY ? ttl : 0;
}

void ceiling_note(const ledger *l, const char *server, const char *account, int64_t ttl, int64_t now) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT, .forbidden = 077};
    char text[LINE_MAX_LEN];
    file_found f;
    bool written;
    int len = snprintf(text, sizeof text, "%lld %lld %s %s\n", (long long)ttl, (long long)now, server, account);

    if (ttl < CEILING_LEAST || ttl > TTL_MOST || len < 0 || (size_t)len >= sizeof text)
        return;
    (void)unlinkat(l->root, NAME ".new", 0); /* of a process that was killed here */
    if (file_open(l->root, NAME ".new", O_WRONLY | O_CREAT | O_EXCL, &wanted, &f) != FILE_GOOD)
        return;
    written = file_write(f.fd, text, (size_t)len, FILE_HERE, NULL);
    if (close(f.fd) != 0 || !written || renameat(l->root, NAME ".new", l->root, NAME) != 0)
        (void)unlinkat(l->root, NAME ".new", 0);
}
