/* SPDX-License-Identifier: MIT
 *
 * For memory.test: memory that runs out once. The allocation number OTSDTEST_FAIL of otsd-hook fails, and the next ones
 * succeed again. How many there were is written to the file OTSDTEST_COUNT when the program ends. otsd-net has neither
 * an environment nor a file: loaded into it by /etc/ld.so.preload it reads its number from CHILD, and counts there.
 *
 * Not counted is what libraries do that look at no allocation and die where it fails (libconfig's beginning and its
 * parser, names of members in json-c 0.16, glibc's name service), nor the thousands that OpenSSL makes to get ready.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* For all to write: the number as text and, behind COUNTED bytes, how many there were. */
#define CHILD "/run/world/child"
#define COUNTED 32
#define CHILD_SIZE 40

/* dlsym allocates itself. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static atomic_long own_count;
static atomic_long *count = &own_count;
static long fail;
static bool counts;
static char path[256]; /* the program clears its environment */

static void begin_child(void) {
    int fd = open(CHILD, O_RDWR | O_CLOEXEC);
    char *shared = fd >= 0 ? mmap(NULL, CHILD_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

    if (fd >= 0)
        (void)close(fd);
    if (shared == MAP_FAILED)
        return;
    fail = strtol(shared, NULL, 10);
    count = (atomic_long *)(void *)(shared + COUNTED);
    atomic_store(count, 0);
    counts = true;
}

__attribute__((constructor)) static void begin(void) {
    const char *number = getenv("OTSDTEST_FAIL"), *to = getenv("OTSDTEST_COUNT");

    snprintf(path, sizeof path, "%s", to ? to : "");
    fail = number ? strtol(number, NULL, 10) : 0;
    if (strcmp(program_invocation_short_name, "otsd-net") == 0)
        begin_child();
    else
        counts = number && strcmp(program_invocation_short_name, "otsd-hook") == 0;
}

__attribute__((destructor)) static void end(void) {
    char text[32];
    int fd = counts && path[0] ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;

    if (fd >= 0) {
        snprintf(text, sizeof text, "%ld\n", (long)own_count);
        (void)!write(fd, text, strlen(text));
        (void)close(fd);
    }
}

static _Thread_local int spared; /* how many such calls we are in */

static bool fails(void) {
    if (!counts || spared > 0 || atomic_fetch_add(count, 1) + 1 != fail)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size) {
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size) {
    return fails() ? NULL : __libc_realloc(old, size);
}

char *strdup(const char *text) {
    Dl_info caller;
    bool json = dladdr(__builtin_return_address(0), &caller) != 0 && strstr(caller.dli_fname, "libjson-c");
    size_t size = strlen(text) + 1;
    char *copy = json ? __libc_malloc(size) : malloc(size);

    return copy ? memcpy(copy, text, size) : NULL;
}

typedef struct config_t config_t;

void config_init(config_t *c);
void config_init(config_t *c) {
    void (*real)(config_t *);

    spared++;
    *(void **)&real = dlsym(RTLD_NEXT, "config_init");
    real(c);
    spared--;
}

int config_read_string(config_t *c, const char *text);
int config_read_string(config_t *c, const char *text) {
    int (*real)(config_t *, const char *), rc;

    spared++;
    *(void **)&real = dlsym(RTLD_NEXT, "config_read_string");
    rc = real(c, text);
    spared--;
    return rc;
}

int OPENSSL_init_ssl(uint64_t options, const void *settings);
int OPENSSL_init_ssl(uint64_t options, const void *settings) {
    int (*real)(uint64_t, const void *), rc;

    spared++;
    *(void **)&real = dlsym(RTLD_NEXT, "OPENSSL_init_ssl");
    rc = real(options, settings);
    spared--;
    return rc;
}

int getpwnam_r(const char *name, struct passwd *result, char *buffer, size_t size, struct passwd **found) {
    int (*real)(const char *, struct passwd *, char *, size_t, struct passwd **), rc;

    spared++;
    *(void **)&real = dlsym(RTLD_NEXT, "getpwnam_r");
    rc = real(name, result, buffer, size, found);
    spared--;
    return rc;
}

int getpwuid_r(uid_t uid, struct passwd *result, char *buffer, size_t size, struct passwd **found) {
    int (*real)(uid_t, struct passwd *, char *, size_t, struct passwd **), rc;

    spared++;
    *(void **)&real = dlsym(RTLD_NEXT, "getpwuid_r");
    rc = real(uid, result, buffer, size, found);
    spared--;
    return rc;
}
