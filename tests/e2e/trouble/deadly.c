/* SPDX-License-Identifier: MIT
 *
 * For suspects.test: a record whose handling kills. The process that is about to send one of the texts in DEADLY_KEYS,
 * a line each, dies as by a fault; so does one that is about to have the list of receipts asked for, where "recent" is
 * among them. The file is read once, before anything else, as in clock.c.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/wire.h"

#ifndef DEADLY_KEYS
#define DEADLY_KEYS "/run/world/deadly.keys"
#endif

static char keys[16][512];
static size_t keys_len;

__attribute__((constructor)) static void read_keys(void) {
    FILE *f = fopen(DEADLY_KEYS, "re");

    while (f && keys_len < sizeof keys / sizeof keys[0] && fgets(keys[keys_len], sizeof keys[0], f)) {
        keys[keys_len][strcspn(keys[keys_len], "\n")] = '\0';
        keys_len += keys[keys_len][0] != '\0';
    }
    if (f)
        (void)fclose(f);
}

static bool asks(const void *data, size_t len, const char *key) {
    const wire_request *r = data;

    if (strcmp(key, "recent") == 0)
        return len == sizeof *r && r->call == WIRE_RECENT;
    return memmem(data, len, key, strlen(key));
}

ssize_t send(int fd, const void *data, size_t len, int flags) {
    ssize_t (*real)(int, const void *, size_t, int);

    for (size_t i = 0; i < keys_len; i++)
        if (asks(data, len, keys[i]))
            (void)kill(getpid(), SIGSEGV);
    *(void **)&real = dlsym(RTLD_NEXT, "send");
    return real(fd, data, len, flags);
}
