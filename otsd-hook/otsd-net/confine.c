/* SPDX-License-Identifier: MIT
 *
 * Landlock for what can be named (files, ports), seccomp for what can be called. The list of calls is what glibc's
 * resolver, libcurl, OpenSSL and the threads of both were seen to use on Debian 12, Debian 13 and Fedora, and what
 * replaces it on other kernels. ENOSYS is what libraries know how to do without: clone3, whose flags no filter can
 * read, becomes clone, whose flags it can.
 */
#include "otsd-net/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/core.h"
#include "core/file.h"

/* Files and ports. */

/* The headers of a system may be older than its kernel, so what came later is spelt here (Documentation/userspace-
 * api/ landlock.rst of the kernel): truncate with version 3, TCP with 4, ioctl of devices with 5, scopes with 6. */
typedef struct ruleset {
    uint64_t files, net, scoped;
} ruleset;
#define FILES_TRUNCATE ((uint64_t)1 << 14)
#define FILES_IOCTL ((uint64_t)1 << 15)
#define NET_BIND ((uint64_t)1 << 0)
#define NET_CONNECT ((uint64_t)1 << 1)
#define SCOPED_ALL ((uint64_t)3) /* abstract sockets, signals */
#define RULE_PORT 2
typedef struct port_rule {
    uint64_t allowed, port;
} port_rule;

static ruleset ruleset_of(unsigned version) {
    ruleset r = {.files = ((uint64_t)LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};

    if (version >= 2)
        r.files |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3)
        r.files |= FILES_TRUNCATE;
    if (version >= 5)
        r.files |= FILES_IOCTL;
    if (version >= 4)
        r.net = NET_BIND | NET_CONNECT;
    if (version >= 6)
        r.scoped = SCOPED_ALL;
    return r;
}

static size_t ruleset_size(unsigned version) {
    return version >= 6 ? sizeof(ruleset) : version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

/* What a resolver, its modules and TLS read. What of it is not there cannot be read. */
static const char *const readable[] = {
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    /* names */
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/networks",
    "/etc/hostname",
    "/etc/machine-id",
    "/run/systemd/resolve",
    "/run/systemd/machines",
    "/run/resolvconf",
    "/run/NetworkManager",
    "/run/netns",
    "/etc/netns",
    /* TLS */
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/usr/share/ca-certificates",
    "/usr/share/pki",
    "/usr/share/crypto-policies",
    "/usr/local/share/ca-certificates",
    "/usr/share/publicsuffix",
    "/var/lib/ca-certificates",
    /* the machine */
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/usr/share/locale",
    "/dev/null",
    "/dev/urandom",
    "/dev/random",
    "/proc/sys",
    "/sys/devices/system/cpu",
};

static bool allow_reading(int set, const char *path) {
    struct landlock_path_beneath_attr rule = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE};
    struct stat st;
    bool good;

    rule.parent_fd = file_openat(AT_FDCWD, path, O_PATH);
    if (rule.parent_fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES;
    if (fstat(rule.parent_fd, &st) == 0 && S_ISDIR(st.st_mode))
        rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
    good = syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    (void)close(rule.parent_fd); /* only looked at */
    return good;
}

static bool allow_port(int set, uint16_t port) {
    const port_rule rule = {NET_CONNECT, port};

    return syscall(SYS_landlock_add_rule, set, RULE_PORT, &rule, 0) == 0;
}

static bool fill_ruleset(int set, unsigned version, const confine_ports *ports) {
    for (size_t i = 0; i < sizeof readable / sizeof readable[0]; i++)
        if (!allow_reading(set, readable[i]))
            return false;
    for (unsigned i = 0; version >= 4 && i < ports->len; i++)
        if (!allow_port(set, ports->port[i]))
            return false;
    return true;
}

static bool confine_files(const confine_ports *ports, unsigned *version) {
    long found = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    ruleset r;
    int set;
    bool good;

    *version = found > 0 ? (unsigned)found : 0;
    if (*version == 0)
        return true; /* the parent is told */
    r = ruleset_of(*version);
    set = (int)syscall(SYS_landlock_create_ruleset, &r, ruleset_size(*version), 0);
    if (set < 0)
        return false;
    good = fill_ruleset(set, *version, ports) && syscall(SYS_landlock_restrict_self, set, 0) == 0;
    (void)close(set); /* what it held is in force */
    return good;
}

/* System calls. */

/* With any arguments. What is absent: everything that makes, changes or removes a file, starts a program, looks at or
 * signals another process, changes an identity, listens or mounts. */
static const int calls[] = {
    /* memory */
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(mlock),
    SCMP_SYS(mlock2),
    SCMP_SYS(munlock),
    SCMP_SYS(membarrier),
    /* descriptors */
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(_llseek),
    SCMP_SYS(fcntl),
    SCMP_SYS(fcntl64),
    SCMP_SYS(dup),
    SCMP_SYS(pipe2),
    SCMP_SYS(pipe),
    SCMP_SYS(eventfd2),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(ppoll_time64),
    SCMP_SYS(select),
    SCMP_SYS(_newselect),
    SCMP_SYS(pselect6),
    SCMP_SYS(pselect6_time64),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    /* files, for looking only */
    SCMP_SYS(fstat),
    SCMP_SYS(fstat64),
    SCMP_SYS(stat),
    SCMP_SYS(stat64),
    SCMP_SYS(lstat),
    SCMP_SYS(lstat64),
    SCMP_SYS(newfstatat),
    SCMP_SYS(fstatat64),
    SCMP_SYS(statx),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64),
    SCMP_SYS(fstatfs),
    SCMP_SYS(statfs),
    SCMP_SYS(getcwd),
    /* the network */
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(sendto),
    SCMP_SYS(send),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recv),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(recvmmsg_time64),
    SCMP_SYS(shutdown),
    /* threads and signals of its own */
    SCMP_SYS(futex),
    SCMP_SYS(futex_time64),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    /* what time it is, and who this is */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_gettime64),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_getres_time64),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_nanosleep_time64),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getuid32),
    SCMP_SYS(geteuid32),
    SCMP_SYS(getgid32),
    SCMP_SYS(getegid32),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getrlimit),
    SCMP_SYS(ugetrlimit),
    SCMP_SYS(getrusage),
};

#define WRITING ((uint64_t)(O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY)))
#define WRITE_OR_RUN ((uint64_t)(PROT_WRITE | PROT_EXEC))

static bool allow(scmp_filter_ctx f, int call, struct scmp_arg_cmp arg) {
    return call < 0 || seccomp_rule_add_array(f, SCMP_ACT_ALLOW, call, 1, &arg) == 0;
}

/* Those whose arguments count. */
static bool allow_some(scmp_filter_ctx f) {
    static const int domains[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK};
    static const int mappers[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)};
    static const uint64_t pages[] = {0, PROT_WRITE, PROT_EXEC}; /* never both */
    bool good = allow(f, SCMP_SYS(open), SCMP_A1(SCMP_CMP_MASKED_EQ, WRITING, 0)) &&
                allow(f, SCMP_SYS(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, WRITING, 0)) &&
                allow(f, SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) &&
                allow(f, SCMP_SYS(socketpair), SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0)) &&
                allow(f, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, 0x541b, 0)) /* FIONREAD */ &&
                allow(f, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, 0x5421, 0)) /* FIONBIO */;

    for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++)
        good = good && allow(f, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, (uint64_t)domains[i], 0));
    for (size_t i = 0; i < sizeof mappers / sizeof mappers[0]; i++)
        for (size_t k = 0; k < sizeof pages / sizeof pages[0]; k++)
            good = good && allow(f, mappers[i], SCMP_A2(SCMP_CMP_MASKED_EQ, WRITE_OR_RUN, pages[k]));
    /* What it may ask for, and not set. */
    return good && allow(f, SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0, 0));
}

static bool confine_calls(void) {
    /* With what is told to whoever tries: what a person may see in a trace is not a missing call. */
    static const int refused[] = {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace)};
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    bool good = f && seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)) == 0;

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        good = good && (calls[i] < 0 || seccomp_rule_add_array(f, SCMP_ACT_ALLOW, calls[i], 0, NULL) == 0);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        good = good && seccomp_rule_add_array(f, SCMP_ACT_ERRNO(EPERM), refused[i], 0, NULL) == 0;
    good = good && allow_some(f) && seccomp_load(f) == 0;
    seccomp_release(f); /* NULL is allowed */
    return good;
}

otsd_err confine(const confine_ports *ports, unsigned *landlock, otsd_error *e) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_local(e, OTSD_ERR_CONFIG, "otsd-net: the kernel cannot keep it from gaining privileges");
    if (!confine_files(ports, landlock))
        return error_local(e, OTSD_ERR_CONFIG, "otsd-net: Landlock: %s", strerror(errno));
    if (!confine_calls())
        return error_local(e, OTSD_ERR_CONFIG, "otsd-net: the kernel takes no filter of system calls");
    return OTSD_OK;
}
