/* SPDX-License-Identifier: MIT
 *
 * Runs a harness over files, once each, where it is not libFuzzer that does: with any compiler, and without anything
 * random.
 *
 *   NAME FILE...    exit status: 0 all hold; a harness that finds something ends by a signal, behind the file's name
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

/* Exactly as long as the file, so that a sanitizer sees what is read behind its end. */
static void run_file(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    uint8_t *data;

    if (fd < 0 || fstat(fd, &st) != 0) {
        perror(path);
        exit(66);
    }
    data = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
    if (!data || read(fd, data, (size_t)st.st_size) != (ssize_t)st.st_size) {
        perror(path);
        exit(74);
    }
    (void)close(fd);
    /* The last line that is printed names the file that did it. */
    printf("# %s\n", path);
    (void)fflush(stdout);
    (void)LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
    free(data);
    /* For the test of this very program. */
    HOLDS(!getenv("OTSD_FUZZ_BREAK"));
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        run_file(argv[i]);
    return 0;
}
