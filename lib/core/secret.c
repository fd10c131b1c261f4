/* SPDX-License-Identifier: MIT
 *
 * Secret memory. An otsd_secret has pages of its own, between two pages that cannot be touched: locked (never on the
 * swap device), left out of core dumps, zeros in a forked child, wiped before they are given back, never moved.
 * Where the kernel refuses any of this there is no secret: nobody gets a weaker one without noticing. Only the lock can
 * be done without, where the program says so: containers refuse mlock(2), and there a burn is worth more than the swap
 * device. Unprivileged programs live within RLIMIT_MEMLOCK (a page for each secret up to 4 KiB).
 */
#include "core/core.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

struct otsd_secret {
    char *map;    /* guard page, data pages, guard page */
    char *data;   /* map + one page */
    size_t pages; /* bytes between the guards */
    size_t len;
};

static bool lock_is_optional;

void otsd_memory_lock(otsd_lock how) {
    lock_is_optional = how == OTSD_LOCK_TRY;
}

bool secret_lock_is_optional(void) {
    return lock_is_optional;
}

int otsd_memory_refused(void) {
    size_t len = 1;
    void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int refused;

    if (p == MAP_FAILED)
        return errno;
    refused = mlock(p, len) == 0 ? 0 : errno;
    (void)munmap(p, len); /* of a mapping of our own: cannot fail */
    return refused;
}

static size_t page_size(void) {
    long n = sysconf(_SC_PAGESIZE);

    return n > 0 ? (size_t)n : 4096;
}

/* WIPEONFORK rather than DONTFORK: a child that follows an inherited pointer reads zeros and does not crash. */
static bool protect(const otsd_secret *s) {
    return mprotect(s->data, s->pages, PROT_READ | PROT_WRITE) == 0 && madvise(s->data, s->pages, MADV_DONTDUMP) == 0 &&
           madvise(s->data, s->pages, MADV_WIPEONFORK) == 0 && (mlock(s->data, s->pages) == 0 || lock_is_optional);
}

otsd_err secret_alloc(otsd_secret **out, size_t len) {
    size_t page = page_size();
    otsd_secret *s;
    int refused;

    if (len > OTSD_SECRET_MAX)
        return OTSD_ERR_ARGUMENT;
    s = calloc(1, sizeof *s);
    if (!s)
        return OTSD_ERR_MEMORY;
    s->len = len;
    s->pages = (len + 1 + page - 1) / page * page;
    s->map = mmap(NULL, s->pages + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s->map == MAP_FAILED) {
        free(s);
        return OTSD_ERR_MEMORY;
    }
    s->data = s->map + page;
    if (!protect(s)) {
        refused = errno;
        (void)munmap(s->map, s->pages + 2 * page); /* of a mapping of our own: cannot fail */
        free(s);
        errno = refused;
        return OTSD_ERR_MEMORY;
    }
    *out = s;
    return OTSD_OK;
}

char *secret_memory(otsd_secret *s) {
    return s->data;
}

otsd_err secret_refused(otsd_error *e, const char *what) {
    return error_local(e, OTSD_ERR_MEMORY,
                       "no locked memory for the %s: %s (see ulimit -l, and memory.lock in "
                       "otsd.conf(5))",
                       what, strerror(errno));
}

otsd_err otsd_secret_new(otsd_secret **out, const void *data, size_t len, otsd_error *e) {
    otsd_err rc;

    if (!out || (!data && len > 0))
        return error_null(e, out ? "data" : "out");
    rc = secret_alloc(out, len);
    if (rc == OTSD_ERR_ARGUMENT)
        return error_local(e, rc, "the secret is longer than %zu bytes", OTSD_SECRET_MAX);
    if (rc != OTSD_OK)
        return secret_refused(e, "secret");
    if (len > 0)
        memcpy((*out)->data, data, len);
    return OTSD_OK;
}

const char *otsd_secret_data(const otsd_secret *s) {
    return s ? s->data : "";
}

size_t otsd_secret_len(const otsd_secret *s) {
    return s ? s->len : 0;
}

void otsd_secret_free(otsd_secret **p) {
    otsd_secret *s;

    if (!p || !*p)
        return;
    s = *p;
    *p = NULL;
    otsd_wipe(s->data, s->pages);
    (void)munmap(s->map, s->pages + 2 * page_size()); /* of a mapping of our own: cannot fail */
    free(s);
}

/* Reads until the end or until s is full. */
static otsd_err read_into(otsd_secret *s, size_t *used, int fd, bool *end, otsd_error *e) {
    while (*used < s->len) {
        ssize_t n = read(fd, s->data + *used, s->len - *used);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_local(e, OTSD_ERR_ARGUMENT, "the secret cannot be read: %s", strerror(errno));
        if (n == 0) {
            *end = true;
            return OTSD_OK;
        }
        *used += (size_t)n;
    }
    return OTSD_OK;
}

otsd_err otsd_secret_from_fd(otsd_secret **out, int fd, size_t max, otsd_error *e) {
    otsd_secret *s = NULL, *larger = NULL;
    size_t size = 4000, used = 0;
    bool end = false;
    otsd_err rc;

    if (!out)
        return error_null(e, "out");
    if (max > OTSD_SECRET_MAX - 3)
        max = OTSD_SECRET_MAX - 3;
    for (;;) {
        /* Two bytes more than allowed for the line end, a third to see that there is too much. */
        if (size > max + 3)
            size = max + 3;
        rc = secret_alloc(&larger, size);
        if (rc != OTSD_OK) {
            rc = secret_refused(e, "secret");
            goto out;
        }
        if (s)
            memcpy(larger->data, s->data, used);
        otsd_secret_free(&s);
        s = larger;
        rc = read_into(s, &used, fd, &end, e);
        if (rc != OTSD_OK)
            goto out;
        if (end || size == max + 3)
            break;
        size *= 4;
    }
    if (end && used > 0 && s->data[used - 1] == '\n') {
        s->data[--used] = '\0';
        if (used > 0 && s->data[used - 1] == '\r')
            s->data[--used] = '\0';
    }
    if (!end || used > max) {
        rc = error_local(e, OTSD_ERR_ARGUMENT, "the secret is longer than %zu bytes", max);
        goto out;
    }
    s->len = used;
    *out = s;
    s = NULL;
out:
    otsd_secret_free(&s);
    return rc;
}

otsd_err otsd_secret_from_file(otsd_secret **out, const char *path, size_t max, otsd_error *e) {
    int fd = -1;
    otsd_err rc;

    if (!out || !path)
        return error_null(e, out ? "path" : "out");
    rc = file_open_checked(&fd, path, 077, e);
    if (rc != OTSD_OK)
        return rc;
    rc = otsd_secret_from_fd(out, fd, max, e);
    if (rc == OTSD_ERR_ARGUMENT)
        rc = error_local(e, OTSD_ERR_CONFIG, "%s: cannot be read, or is longer than %zu bytes", path, max);
    (void)close(fd); /* opened for reading: nothing can be lost */
    return rc;
}

otsd_err otsd_process_harden(otsd_error *e) {
    const struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return error_local(e, OTSD_ERR_MEMORY, "core dumps cannot be turned off: %s", strerror(errno));
    if (prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) != 0)
        return error_local(e, OTSD_ERR_MEMORY, "the process cannot be made undumpable: %s", strerror(errno));
    /* The result is not looked at: glibc always takes this one, sanitizers and valgrind replace malloc and say no.
     * glibc does not overwrite what its per-thread cache takes (up to 1 KiB): see the allocator in client/global.c. */
    (void)mallopt(M_PERTURB, 0xA5);
    return OTSD_OK;
}
