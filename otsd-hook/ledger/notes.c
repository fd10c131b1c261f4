/* SPDX-License-Identifier: MIT */
#include "ledger/notes.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/files.h"
#include "ledger/store.h"

#define NAME_MAX_LEN 40

static const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT, .forbidden = 077};

void notes_read(const ledger *l, const char *name, char *text, size_t size) {
    file_found f;
    ssize_t len;
    char *end;

    text[0] = '\0';
    if (file_open(l->root, name, O_RDONLY, &wanted, &f) != FILE_GOOD)
        return;
    len = file_read(f.fd, text, size - 1);
    (void)close(f.fd); /* only read */
    text[len > 0 ? len : 0] = '\0';
    end = strrchr(text, '\n');
    text[end ? end + 1 - text : 0] = '\0';
}

bool notes_put(const ledger *l, const char *name, const char *text, size_t len) {
    char next[NAME_MAX_LEN];
    file_found f;
    bool written;

    snprintf(next, sizeof next, "%s.new", name);
    (void)unlinkat(l->root, next, 0); /* of a process that was killed here */
    if (file_open(l->root, next, O_WRONLY | O_CREAT | O_EXCL, &wanted, &f) != FILE_GOOD)
        return false;
    written = file_write(f.fd, text, len, FILE_HERE, NULL);
    if (close(f.fd) == 0 && written && renameat(l->root, next, l->root, name) == 0)
        return true;
    (void)unlinkat(l->root, next, 0);
    return false;
}

const char *notes_of(const char *text, const char *server) {
    size_t len = strlen(server);

    return strncasecmp(text, server, len) == 0 && text[len] == ' ' ? text + len + 1 : NULL;
}

bool notes_is_of(const char *text, const char *server, const char *account) {
    const char *of = notes_of(text, server);
    size_t len = strlen(account);

    return of && strncmp(of, account, len) == 0 && strchr("\n", of[len]);
}
