/* SPDX-License-Identifier: MIT */
#include "ledger/note.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/files.h"
#include "ledger/store.h"

#define NAME_ROOM 32

static const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT, .forbidden = 077};

bool note_read(const ledger *l, const char *name, char *line, size_t room) {
    file_found f;
    ssize_t len;

    if (file_open(l->root, name, O_RDONLY, &wanted, &f) != FILE_GOOD)
        return false;
    len = file_read(f.fd, line, room - 1);
    (void)close(f.fd); /* only read */
    if (len <= 0 || line[len - 1] != '\n')
        return false;
    line[len - 1] = '\0';
    return true;
}

void note_write(const ledger *l, const char *name, const char *line) {
    char fresh[NAME_ROOM];
    file_found f;
    bool written;

    snprintf(fresh, sizeof fresh, "%s.new", name);
    (void)unlinkat(l->root, fresh, 0); /* of a process that was killed here */
    if (file_open(l->root, fresh, O_WRONLY | O_CREAT | O_EXCL, &wanted, &f) != FILE_GOOD)
        return;
    written = file_write(f.fd, line, strlen(line), FILE_HERE, NULL);
    if (close(f.fd) != 0 || !written || renameat(l->root, fresh, l->root, name) != 0)
        (void)unlinkat(l->root, fresh, 0);
}

const char *note_of(const char *text, const char *server) {
    size_t len = strlen(server);

    return strncasecmp(text, server, len) == 0 && text[len] == ' ' ? text + len + 1 : NULL;
}
