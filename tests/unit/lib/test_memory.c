/* SPDX-License-Identifier: MIT
 *
 * Secrets do not stay behind: after a call and its x_free, neither the value nor the token nor the passphrase nor a key
 * is in any writable memory of the process. The needles are kept with every byte turned by one, in the test and in the
 * server's script, so that the test does not find itself; a planted canary proves that the search finds anything at
 * all.
 */
#include "otsd.h"
#include "server.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

/* Each byte is the real one with its lowest bit turned: "BETTER-horse-91-staple", "orange-grove-5512" and so on. */
static const char value[] = "CDUUDS,inrrd,80,ru`qmd";
static const char phrase[] = "ns`ofd,fsnwd,4403";
static const char token[] = "un,jdo,`ce,0324,yx{";
static const char metadata_key[] = "lduej`x`c8`c`e85`ce93";
static const char secret_key[] = "rdbjdxnqqn8`cvyxu0`0cy";

static void turn(char *out, const char *in) {
    for (; *in != '\0'; in++)
        *out++ = (char)(*in ^ 1);
    *out = '\0';
}

static bool block_has(const unsigned char *p, size_t len, const char *needle) {
    size_t n = strlen(needle), j;
    const unsigned char *end = p + len, *at;

    while (p + n <= end) {
        at = memchr(p, (unsigned char)needle[0] ^ 1, (size_t)(end - p) - n + 1);
        if (!at)
            return false;
        for (j = 0; j < n && at[j] == ((unsigned char)needle[j] ^ 1U); j++)
            ;
        if (j == n)
            return true;
        p = at + 1;
    }
    return false;
}

/* Base64 of "name:token" has the token in it as well, but for that the header line is in secret memory, which is gone.
 */
static bool memory_has(const char *needle) {
    static unsigned char block[1 << 16];
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    bool found = false;
    unsigned long start, end, at;
    char *p;

    assert_non_null(maps);
    while (!found && fgets(line, sizeof line, maps)) {
        start = strtoul(line, &p, 16);
        end = *p == '-' ? strtoul(p + 1, &p, 16) : start;
        if (start == end || p[1] != 'r' || p[2] != 'w' ||
            end - start > 1UL << 30) /* the shadow of AddressSanitizer: no data, and endless */
            continue;
        /* blocks overlap, so that no needle is cut */
        for (at = start; at < end && !found; at += sizeof block - 64) {
            size_t n = end - at < sizeof block ? end - at : sizeof block;
            struct iovec local = {block, n}, remote = {(void *)(uintptr_t)at, n}; // NOLINT(performance-no-int-to-ptr)
            ssize_t got;

            if ((unsigned long)(uintptr_t)block < at + n && at < (unsigned long)(uintptr_t)block + sizeof block)
                continue;
            got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
            if (got > 0)
                found = block_has(block, (size_t)got, needle);
        }
    }
    assert_int_equal(fclose(maps), 0);
    memset(block, 0, sizeof block);
    return found;
}

static void encode(char *out, const char *masked) {
    for (; *masked != '\0'; masked++, out += 3)
        (void)sprintf(out, "~%02x", (unsigned char)*masked);
}

/* The answer to a generate, and to a fetch that carries the plaintext, as the server's script has it. */
static const char *answer(void) {
    static char text[2048];
    char v[128], m[128], s[128];
    size_t len;
    const char body[] =
        "{\"custid\":\"a\",\"metadata_key\":\"%s\",\"secret_key\":\"%s\",\"ttl\":3600,\"metadata_ttl\":7200,"
        "\"secret_ttl\":3600,\"state\":\"new\",\"updated\":1,\"created\":1,\"recipient\":[],"
        "\"share_domain\":\"\",\"passphrase_required\":true,\"value\":\"%s\",\"secret_value\":\"%s\"}";

    encode(v, value);
    encode(m, metadata_key);
    encode(s, secret_key);
    len = sizeof body - 1 - 8 + 2 * strlen(value) + strlen(metadata_key) + strlen(secret_key);
    snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
             len);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text + strlen(text), sizeof text - strlen(text), body, m, s, v, v);
#pragma GCC diagnostic pop
    return text;
}

static char folder[] = "/tmp/otsd-memory-XXXXXX";
static char config_path[64], token_path[64];

static void write_files(int port) {
    char text[300], plain[64];
    int fd = open(token_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), n;

    turn(plain, token);
    assert_true(fd >= 0 && write(fd, plain, strlen(plain)) == (ssize_t)strlen(plain) && close(fd) == 0);
    otsd_wipe(plain, sizeof plain);
    fd = open(config_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    n = snprintf(text, sizeof text,
                 "server: { url = \"http://127.0.0.1:%d\"; username = \"ops\"; token_file = \"%s\"; };\n", port,
                 token_path);
    assert_true(fd >= 0 && write(fd, text, (size_t)n) == n && close(fd) == 0);
}

static void generate_and_fetch(otsd_client *c) {
    char plain[64];
    otsd_secret *p = NULL;
    otsd_options o = {0};
    otsd_receipt *r = NULL, *burned = NULL;
    otsd_error e = {0};

    turn(plain, phrase);
    assert_int_equal(otsd_secret_new(&p, plain, strlen(plain), NULL), OTSD_OK);
    otsd_wipe(plain, sizeof plain);
    o.passphrase = p;
    if (otsd_generate(c, &o, &r, &e) != OTSD_OK)
        fail_msg("%s", e.message);
    assert_true(memory_has(value)); /* it is where it belongs */
    otsd_receipt_free(&r);
    turn(plain, metadata_key);
    if (otsd_fetch(c, plain, &r, &e) != OTSD_OK)
        fail_msg("%s", e.message);
    assert_non_null(r->value);
    otsd_receipt_free(&r);
    if (otsd_burn(c, plain, p, &burned, &e) != OTSD_OK)
        fail_msg("%s", e.message);
    otsd_receipt_free(&burned);
    otsd_wipe(plain, sizeof plain);
    otsd_secret_free(&p);
}

static void the_search_finds_a_canary(void **state) {
    char *canary = malloc(64);

    (void)state;
    assert_non_null(canary);
    assert_false(memory_has(value));
    turn(canary, value);
    assert_true(memory_has(value));
    otsd_wipe(canary, 64);
    free(canary);
    assert_false(memory_has(value));
}

static void no_secret_stays_behind(void **state) {
    struct step steps[] = {{STEP_MASKED, answer()}};
    struct server s;
    otsd_server *server = NULL;
    otsd_client *c = NULL;
    otsd_error e = {0};

    (void)state;
    s = server_start(steps, 1);
    write_files(s.port);
    assert_int_equal(otsd_server_load(&server, config_path, &e), OTSD_OK);
    if (otsd_client_new(&c, server, &e) != OTSD_OK)
        fail_msg("%s", e.message);
    generate_and_fetch(c);
    /* The client still lives, and keeps its connection. */
    assert_int_equal(s.seen->connections, 1);
    memset(s.seen->request, 0, sizeof s.seen->request);
    assert_false(memory_has(value));
    assert_false(memory_has(phrase));
    assert_false(memory_has(token));
    assert_false(memory_has(metadata_key));
    assert_false(memory_has(secret_key));
    otsd_client_free(&c);
    otsd_server_free(&server);
    server_stop(&s);
}

static int set_up(void **state) {
    (void)state;
    if (!mkdtemp(folder) || otsd_global_init(NULL) != OTSD_OK)
        return -1;
    snprintf(config_path, sizeof config_path, "%s/otsd.conf", folder);
    snprintf(token_path, sizeof token_path, "%s/token", folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    otsd_global_cleanup();
    (void)unlink(config_path); /* there only after the second test */
    (void)unlink(token_path);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_search_finds_a_canary),
        cmocka_unit_test(no_secret_stays_behind),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
