/* SPDX-License-Identifier: MIT
 *
 * What stays in the memory of a program whose client, or pool, lives on and keeps its connection:
 *
 *   kept CONFIG PASSPHRASE_FILE client|pool
 *
 * generates, with that passphrase, frees receipt and passphrase, and looks for the value, the passphrase and the keys
 * in all writable memory: a line "living NAME" for each that is found, then "living: looked". Then it frees the client
 * or the pool, and looks again: "freed NAME", "freed: looked". What is looked for is held with each byte turned, so
 * that the search does not find itself; that it finds anything is asked before the receipt is freed.
 */
#include <otsd.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define NEEDLE_MAX ((size_t)1024)

typedef struct needle {
    const char *name;
    size_t len;
    unsigned char turned[NEEDLE_MAX];
} needle;

enum { VALUE, PASSPHRASE, METADATA_KEY, SECRET_KEY, NEEDLES };
static needle needles[NEEDLES] = {{.name = "value"}, {.name = "passphrase"}, {.name = "metadata"}, {.name = "secret"}};

static unsigned char block[1 << 16];

static _Noreturn void die(const char *what) {
    fprintf(stderr, "kept: %s\n", what);
    exit(1);
}

static void turn(needle *n, const char *data, size_t len) {
    if (len < 8 || len > NEEDLE_MAX)
        die("a needle is too short or too long");
    n->len = len;
    for (size_t i = 0; i < len; i++)
        n->turned[i] = (unsigned char)data[i] ^ 1U;
}

static bool block_has(size_t len, const needle *n) {
    const unsigned char *p = block, *end = block + len;
    size_t i;

    while ((size_t)(end - p) >= n->len) {
        p = memchr(p, n->turned[0] ^ 1, (size_t)(end - p) - n->len + 1);
        if (!p)
            return false;
        for (i = 1; i < n->len && p[i] == (n->turned[i] ^ 1U); i++)
            ;
        if (i == n->len)
            return true;
        p++;
    }
    return false;
}

/* Blocks overlap, so that no needle is cut. */
static bool region_has(uintptr_t start, uintptr_t end, const needle *n) {
    bool found = false;

    for (uintptr_t at = start; at < end && !found; at += sizeof block - NEEDLE_MAX) {
        size_t len = end - at < sizeof block ? end - at : sizeof block;
        struct iovec local = {block, len}, remote = {(void *)at, len}; // NOLINT(performance-no-int-to-ptr)
        ssize_t got;

        if ((uintptr_t)block < at + len && at < (uintptr_t)block + sizeof block)
            continue;
        got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
        found = got > 0 && block_has((size_t)got, n);
    }
    return found;
}

static bool memory_has(const needle *n) {
    FILE *maps = fopen("/proc/self/maps", "re");
    unsigned long start, end;
    char line[512], *p;
    bool found = false;

    if (!maps)
        die("no map of the memory");
    while (!found && fgets(line, sizeof line, maps)) {
        start = strtoul(line, &p, 16);
        end = *p == '-' ? strtoul(p + 1, &p, 16) : start;
        if (start < end && p[1] == 'r' && p[2] == 'w' && end - start <= 1UL << 30)
            found = region_has(start, end, n);
    }
    (void)fclose(maps);
    memset(block, 0, sizeof block);
    return found;
}

static void note(otsd_receipt *r) {
    turn(&needles[VALUE], otsd_secret_data(r->value), otsd_secret_len(r->value));
    turn(&needles[METADATA_KEY], r->metadata_key, strlen(r->metadata_key));
    turn(&needles[SECRET_KEY], r->secret_key, strlen(r->secret_key));
    if (!memory_has(&needles[VALUE]))
        die("the search does not find the value where it is");
}

static void ended(void *arg, otsd_receipt *receipt, const otsd_error *e) {
    (void)arg;
    if (e)
        die(e->message);
    note(receipt);
    otsd_receipt_free(&receipt);
}

static void look(const char *when) {
    for (size_t i = 0; i < NEEDLES; i++)
        if (memory_has(&needles[i]))
            printf("%s %s\n", when, needles[i].name);
    printf("%s: looked\n", when);
}

static void by_client(const otsd_server *server, otsd_secret *passphrase) {
    const otsd_options o = {.ttl = 3600, .passphrase = passphrase};
    otsd_client *c = NULL;
    otsd_receipt *r = NULL;
    otsd_error e = {0};

    if (otsd_client_new(&c, server, &e) != OTSD_OK || otsd_generate(c, &o, &r, &e) != OTSD_OK)
        die(e.message);
    ended(NULL, r, NULL);
    otsd_secret_free(&passphrase);
    look("living");
    otsd_client_free(&c);
}

static void by_pool(const otsd_server *server, otsd_secret *passphrase) {
    const otsd_options o = {.ttl = 3600, .passphrase = passphrase};
    otsd_pool *pool = NULL;
    otsd_error e = {0};

    if (otsd_pool_new(&pool, server, 2, &e) != OTSD_OK || otsd_pool_generate(pool, &o, ended, NULL, &e) != OTSD_OK)
        die(e.message);
    while (otsd_pool_in_flight(pool) > 0)
        if (otsd_pool_run(pool, 1000, &e) != OTSD_OK)
            die(e.message);
    otsd_secret_free(&passphrase);
    look("living");
    otsd_pool_free(&pool);
}

int main(int argc, char **argv) {
    otsd_server *server = NULL;
    otsd_secret *passphrase = NULL;
    otsd_error e = {0};

    if (argc != 4) {
        fputs("usage: kept CONFIG PASSPHRASE_FILE client|pool\n", stderr);
        return 64;
    }
    if (otsd_global_init(&e) != OTSD_OK || otsd_server_load(&server, argv[1], &e) != OTSD_OK ||
        otsd_secret_from_file(&passphrase, argv[2], NEEDLE_MAX, &e) != OTSD_OK)
        die(e.message);
    turn(&needles[PASSPHRASE], otsd_secret_data(passphrase), otsd_secret_len(passphrase));
    (strcmp(argv[3], "pool") == 0 ? by_pool : by_client)(server, passphrase);
    look("freed");
    otsd_server_free(&server);
    otsd_global_cleanup();
    return fflush(stdout) == 0 ? 0 : 1;
}
