/* SPDX-License-Identifier: MIT
 *
 * Somebody else inside otsd-net: gives up what it gives up (confine.c, the very object), and then tries what a stranger
 * would who got hold of it. Prints a line "ATTEMPT: RESULT" for each, RESULT being an errno's name or "done".
 *
 *   inmate PORT OTHER-PORT      as otsd-net's user; PORT is one it may connect to
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "otsd-net/confine.h"

static void tell(const char *attempt, bool done) {
    int why = errno;

    printf("%s: %s\n", attempt, done ? "done" : strerrorname_np(why));
    fflush(stdout);
}

static void tell_open(const char *attempt, const char *path, int flags) {
    int fd = open(path, flags, 0600);

    tell(attempt, fd >= 0);
    if (fd >= 0)
        (void)close(fd);
}

static void tell_connect(const char *attempt, uint16_t port) {
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    tell(attempt, fd >= 0 && connect(fd, (struct sockaddr *)&there, sizeof there) == 0);
    (void)close(fd);
}

static void tell_run(void) {
    char name[] = "true", *argv[] = {name, NULL};

    (void)execve("/bin/true", argv, argv + 1);
    tell("exec", false);
}

static void *nothing(void *arg) {
    return arg;
}

static void tell_threads(void) {
    pthread_t t;
    int code = pthread_create(&t, NULL, nothing, NULL);

    errno = code;
    tell("thread", code == 0);
    if (code == 0)
        (void)pthread_join(t, NULL);
}

static void tell_names(void) {
    struct addrinfo *found = NULL;
    int code = getaddrinfo("localhost", "80", NULL, &found);

    errno = EIO;
    tell("resolve localhost", code == 0);
    if (code == 0)
        freeaddrinfo(found);
}

int main(int argc, char **argv) {
    confine_ports ports = {.len = 2};
    otsd_error e = OTSD_ERROR_INIT;
    unsigned landlock = 0;
    void *page;

    if (argc != 3 || geteuid() == 0)
        return 64;
    ports.port[0] = 53;
    ports.port[1] = (uint16_t)strtoul(argv[1], NULL, 10);
    if (confine(&ports, &landlock, &e) != OTSD_OK) {
        printf("confine: %s\n", e.message);
        return 1;
    }
    printf("landlock: %u\n", landlock);
    tell_open("read /etc/shadow", "/etc/shadow", O_RDONLY);
    tell_open("read /etc/passwd", "/etc/passwd", O_RDONLY);
    tell_open("read /etc/otsd/otsd.conf", "/etc/otsd/otsd.conf", O_RDONLY);
    tell_open("write /tmp", "/tmp/inmate", O_WRONLY | O_CREAT);
    tell_open("write its own file", "/tmp/owned", O_WRONLY);
    tell_open("unnamed file", "/tmp", O_RDWR | O_TMPFILE);
    tell("unlink", unlink("/tmp/owned") == 0);
    tell("rename", rename("/tmp/owned", "/tmp/other") == 0);
    tell("mkdir", mkdir("/tmp/folder", 0700) == 0);
    tell("chmod", chmod("/tmp/owned", 0644) == 0);
    tell_run();
    tell("fork", fork() >= 0);
    tell("ptrace", ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0);
    tell("read another's memory", syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0) == 0);
    tell("kill", kill(getppid(), 0) == 0);
    tell("setuid", setuid(0) == 0);
    tell("mount", syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL) == 0);
    tell("namespace", unshare(CLONE_NEWUSER) == 0);
    tell("bpf", syscall(SYS_bpf, 0, NULL, 0) == 0);
    tell("io_uring", syscall(SYS_io_uring_setup, 1, NULL) == 0);
    tell("listen", listen(socket(AF_INET, SOCK_STREAM, 0), 1) == 0);
    tell("raw socket", socket(AF_PACKET, SOCK_RAW, 0) >= 0);
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    tell("code in writable memory", page != MAP_FAILED);
    tell_connect("connect to another port", (uint16_t)strtoul(argv[2], NULL, 10));
    tell_connect("connect to the server's port", ports.port[1]);
    tell_threads();
    tell_names();
    return 0;
}
