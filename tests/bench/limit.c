/* SPDX-License-Identifier: MIT
 *
 * The work that nobody who sets passwords gets around, and nothing else: the hashes, on all cores, and one rewrite of
 * the shadow file; and of a sweep: each record read once. Prints milliseconds.
 *
 *   limit hash METHOD ROUNDS COUNT     METHOD as in otsd.conf(5), ROUNDS 0 for the library's default
 *   limit rewrite FILE                 read, write beside, fsync, rename, fsync the directory; the content stays
 *   limit read FOLDER                  its files
 */
#include <crypt.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MAX = 1024 };

static int64_t now_us(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static _Noreturn void die(const char *what) {
    fprintf(stderr, "limit: %s: %s\n", what, strerror(errno));
    exit(1);
}

static const struct {
    const char *method, *prefix;
} methods[] = {{"yescrypt", "$y$"}, {"sha512crypt", "$6$"}, {"sha256crypt", "$5$"}, {"bcrypt", "$2b$"}};

static struct {
    const char *prefix;
    unsigned long rounds;
    atomic_long left;
} work;

static void *hash_some(void *arg) {
    struct crypt_data *scratch = calloc(1, sizeof *scratch);
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];

    (void)arg;
    if (!scratch)
        die("memory");
    while (atomic_fetch_sub(&work.left, 1) > 0) {
        const char *hash;

        if (!crypt_gensalt_rn(work.prefix, work.rounds, NULL, 0, setting, sizeof setting))
            die("salt");
        hash = crypt_r("correct-hors", setting, scratch);
        if (!hash || hash[0] == '*')
            die("hash");
    }
    free(scratch);
    return NULL;
}

static void hashes(const char *method, const char *rounds, const char *count) {
    pthread_t threads[THREADS_MAX];
    int cores;
    cpu_set_t ours;

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i].method, method) == 0)
            work.prefix = methods[i].prefix;
    work.rounds = strtoul(rounds, NULL, 10);
    atomic_store(&work.left, strtol(count, NULL, 10));
    errno = EINVAL;
    if (!work.prefix)
        die(method);
    if (sched_getaffinity(0, sizeof ours, &ours) != 0)
        die("cores");
    cores = CPU_COUNT(&ours) < THREADS_MAX ? CPU_COUNT(&ours) : THREADS_MAX;
    for (int i = 0; i < cores; i++)
        if (pthread_create(&threads[i], NULL, hash_some, NULL) != 0)
            die("threads");
    for (int i = 0; i < cores; i++)
        (void)pthread_join(threads[i], NULL);
}

static void rewrite(const char *path) {
    char *copy = NULL, *name = NULL, *dir = strdup(path), *text = NULL;
    struct stat st;
    int in = open(path, O_RDONLY | O_CLOEXEC), out, at;

    if (in < 0 || fstat(in, &st) != 0 || asprintf(&copy, "%s.limit", path) < 0 || !dir)
        die(path);
    text = malloc((size_t)st.st_size + 1);
    if (!text || read(in, text, (size_t)st.st_size) != st.st_size)
        die(path);
    name = dirname(dir);
    out = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0 || fchown(out, st.st_uid, st.st_gid) != 0 || fchmod(out, st.st_mode & 07777) != 0 ||
        write(out, text, (size_t)st.st_size) != st.st_size || fsync(out) != 0 || close(out) != 0 ||
        rename(copy, path) != 0)
        die(copy);
    at = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0 || fsync(at) != 0)
        die(name);
    (void)close(at);
    (void)close(in);
    free(text);
    free(copy);
    free(dir);
}

/* As much of a file as a sweep reads of a record; for a longer one, the sweep has more to do as well. */
static void read_all(const char *path) {
    DIR *dir = opendir(path);
    const struct dirent *d;
    char text[8192];

    if (!dir)
        die(path);
    errno = 0;
    while ((d = readdir(dir))) {
        int fd;

        if (d->d_name[0] == '.')
            continue;
        fd = openat(dirfd(dir), d->d_name, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || read(fd, text, sizeof text) <= 0 || close(fd) != 0)
            die(d->d_name);
    }
    if (errno != 0)
        die(path);
    (void)closedir(dir);
}

int main(int argc, char **argv) {
    int64_t begin = now_us();

    if (argc == 5 && strcmp(argv[1], "hash") == 0) {
        hashes(argv[2], argv[3], argv[4]);
    } else if (argc == 3 && strcmp(argv[1], "rewrite") == 0) {
        rewrite(argv[2]);
    } else if (argc == 3 && strcmp(argv[1], "read") == 0) {
        read_all(argv[2]);
    } else {
        fputs("usage: limit hash METHOD ROUNDS COUNT | limit rewrite FILE | limit read FOLDER\n", stderr);
        return 2;
    }
    printf("%.3f\n", (double)(now_us() - begin) / 1000);
    return 0;
}
