/* SPDX-License-Identifier: MIT */
#include "batch/roster_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

/* May this file be believed? */
static int refused(const source *s, file_verdict verdict, const file_found *f, problem *p) {
    switch (verdict) {
    case FILE_FOREIGN:
        return problem_set(p, EX_NOPERM,
                           "%s belongs to uid %lu, who could choose who gets the links: make it root's, or pass it "
                           "on standard input",
                           s->name, (unsigned long)f->st.st_uid);
    case FILE_TOO_OPEN:
        return problem_set(p, EX_NOPERM,
                           "%s can be written by others than its owner (mode %04o), who could choose who gets the "
                           "links: chmod go-w",
                           s->name, (unsigned)f->st.st_mode & 07777U);
    case FILE_WRONG_TYPE:
        return problem_set(p, EX_NOINPUT, "%s is not a regular file; \"-\" reads standard input", s->name);
    default:
        return problem_set(p, EX_NOINPUT, "%s: %s", s->name, strerror(f->error));
    }
}

static int open_file(source *s, int *out, problem *p) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT_OR_SELF, .forbidden = 022, .follow = true};
    file_found f;
    file_verdict verdict = file_open(AT_FDCWD, s->name, O_RDONLY, &wanted, &f);

    if (verdict != FILE_GOOD)
        return refused(s, verdict, &f, p);
    /* And may it have passphrases? */
    if (f.linked)
        snprintf(s->open_to, sizeof s->open_to, "is a symbolic link");
    else if ((f.st.st_mode & 0177) != 0)
        snprintf(s->open_to, sizeof s->open_to, "has mode %04o (it must be 0600 or 0400)",
                 (unsigned)f.st.st_mode & 07777U);
    *out = f.fd;
    return problem_none(p);
}

static size_t first_size(int fd) {
    struct stat st;

    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 65534)
        return (size_t)st.st_size < ROSTER_SIZE_MAX ? ((size_t)st.st_size + 2 + 4095) & ~(size_t)4095
                                                    : ROSTER_SIZE_MAX + 4096;
    return 65536;
}

static int map(roster *r, source *s, size_t size, problem *p) {
    void *m = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (m == MAP_FAILED)
        return problem_set(p, EX_OSERR, "no memory for %s", s->name);
    r->text = m;
    r->size = size;
    if (madvise(m, size, MADV_DONTDUMP) != 0 || madvise(m, size, MADV_WIPEONFORK) != 0)
        return problem_set(p, EX_OSERR, "%s: the kernel cannot keep memory out of dumps and children: %s", s->name,
                           strerror(errno));
    s->lock_errno = mlock(m, size) == 0 ? 0 : errno;
    return problem_none(p);
}

/* The pages move, they are not copied; what the kernel was told of them holds for the new ones, too. */
static int grow(roster *r, source *s, problem *p) {
    size_t size = r->size * 2 < ROSTER_SIZE_MAX ? r->size * 2 : ROSTER_SIZE_MAX + 4096;
    void *m = mremap(r->text, r->size, size, MREMAP_MAYMOVE);

    if (m == MAP_FAILED && s->lock_errno == 0) {
        s->lock_errno = errno;
        if (munlock(r->text, r->size) == 0)
            m = mremap(r->text, r->size, size, MREMAP_MAYMOVE);
    }
    if (m == MAP_FAILED)
        return problem_set(p, EX_OSERR, "no memory for %s", s->name);
    r->text = m;
    r->size = size;
    return problem_none(p);
}

static int read_text(roster *r, source *s, int fd, problem *p) {
    int rc = map(r, s, first_size(fd), p);

    while (rc == EX_OK) {
        ssize_t n;

        /* One byte is for the NUL behind a last line without an end. */
        if (s->used + 1 >= r->size)
            rc = grow(r, s, p);
        if (rc != EX_OK)
            break;
        n = file_read(fd, r->text + s->used, r->size - 1 - s->used);
        if (n == 0)
            break;
        if (n < 0)
            return problem_set(p, EX_IOERR, "%s cannot be read: %s", s->name, strerror(errno));
        s->used += (size_t)n;
        if (s->used > ROSTER_SIZE_MAX)
            return problem_set(p, EX_DATAERR, "%s is larger than %zu MiB", s->name, ROSTER_SIZE_MAX >> 20);
    }
    return rc;
}

int roster_file_read(roster *r, source *s, const char *path, problem *p) {
    bool standard_input = strcmp(path, "-") == 0 || strcmp(path, "/dev/stdin") == 0;
    int fd = STDIN_FILENO, rc = problem_none(p);

    memset(s, 0, sizeof *s);
    s->name = standard_input ? "standard input" : path;
    if (!standard_input)
        rc = open_file(s, &fd, p);
    if (rc != EX_OK)
        return rc;
    rc = read_text(r, s, fd, p);
    if (!standard_input)
        (void)close(fd); /* opened for reading: nothing can be lost */
    return rc;
}
