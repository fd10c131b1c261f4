/* SPDX-License-Identifier: MIT
 *
 * What the PAM test programs share: a private mount namespace in which the module's fixed paths are ours, PAM services
 * written there, a conversation that remembers, the system log's socket, and processes that play host. The machine's
 * own files stay untouched. Setting up either works or ends the program; what is under test is only ever reported.
 */
#ifndef TESTS_PAM_HOST_H
#define TESTS_PAM_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>

#define PENDING OTSD_STATE_DIR "/pending"
#define HOUSE OTSD_STATE_DIR "/test"
#define SEEN HOUSE "/seen" /* what the helper saw; one "run" line for each time it ran */
#define MODE HOUSE "/mode" /* what it is to do */
#define SAY HOUSE "/say"   /* what it is to print */
#define LEFT HOUSE "/left" /* the process id of what it left behind */

static char module_path[4096]; /* pam_ots.so of this build */
static char helper_path[4096]; /* the peer, of this build */
static int log_socket = -1;

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("Bail out! %s:%d: %s: %s\n", __FILE__, __LINE__, #condition, strerror(errno));                      \
            exit(2);                                                                                                   \
        }                                                                                                              \
    } while (0)

static inline int64_t clock_ns(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline void file_write(const char *path, const void *data, size_t len) {
    FILE *f = fopen(path, "we");

    MUST(f && fwrite(data, 1, len, f) == len && fclose(f) == 0);
}

static inline void text_write(const char *path, const char *text) {
    file_write(path, text, strlen(text));
}

/* The file's text; "" where there is no such file. Overwritten by the next call. */
static inline const char *text_read(const char *path) {
    static char text[65536];
    size_t n = 0;
    FILE *f = fopen(path, "re");

    if (f) {
        n = fread(text, 1, sizeof text - 1, f);
        MUST(!ferror(f) && fclose(f) == 0);
    }
    text[n] = '\0';
    return text;
}

static inline void paths_find(void) {
    char exe[4000];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

    MUST(n > 0);
    exe[n] = '\0';
    *strrchr(exe, '/') = '\0'; /* BUILD/tests/pam or BUILD/tests/bench */
    for (int up = 0; up < 2; up++)
        *strrchr(exe, '/') = '\0';
    snprintf(module_path, sizeof module_path, "%s/pam_ots.so", exe);
    snprintf(helper_path, sizeof helper_path, "%s/tests/pam/helper", exe);
}

/* An empty tmpfs as dir, or over the nearest folder above it that exists. */
static inline bool private_dir(const char *dir) {
    char at[4096];

    snprintf(at, sizeof at, "%s", dir);
    while (access(at, F_OK) != 0)
        *strrchr(at, '/') = '\0';
    if (!strchr(at + 1, '/'))
        return false; /* that would hide /usr, or all */
    MUST(mount("none", at, "tmpfs", MS_NOSUID, "mode=0755") == 0);
    for (char *slash = strchr(strcpy(at, dir) + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = '\0';
        MUST(mkdir(at, 0755) == 0 || errno == EEXIST);
        if (!slash)
            return true;
        *slash = '/';
    }
}

/* A /dev of our own with nothing in it but null and the system log's socket. */
static inline void private_dev(void) {
    const char *staging = HOUSE "/dev";
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

    MUST(mkdir(staging, 0755) == 0 && mount("none", staging, "tmpfs", MS_NOSUID, "mode=0755") == 0);
    text_write(HOUSE "/dev/null", "");
    MUST(mount("/dev/null", HOUSE "/dev/null", "none", MS_BIND, NULL) == 0);
    MUST(mount(staging, "/dev", "none", MS_MOVE, NULL) == 0);
    log_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    MUST(log_socket >= 0 && bind(log_socket, (struct sockaddr *)&address, sizeof address) == 0);
    MUST(chmod("/dev/log", 0666) == 0);
    openlog(NULL, LOG_NDELAY, LOG_AUTHPRIV); /* so that no test sees a descriptor come */
}

static inline void helper_install(void) {
    char command[9000];

    snprintf(command, sizeof command, "exec install -m 0755 '%s' '%s'", helper_path, OTSD_HOOK_PATH);
    MUST(system(command) == 0); // NOLINT(cert-env33-c): a path of the build
}

/* A build tree in somebody's home may be closed to others, and some tests are others. */
static inline void module_install(void) {
    char command[9000];

    snprintf(command, sizeof command, "exec install -m 0644 '%s' " HOUSE "/pam_ots.so", module_path);
    MUST(system(command) == 0); // NOLINT(cert-env33-c): a path of the build
    snprintf(module_path, sizeof module_path, HOUSE "/pam_ots.so");
}

/* False, and a TAP line that says why, where the tests cannot run here. */
static inline bool house_enter(void) {
    char hook_dir[] = OTSD_HOOK_PATH;

    *strrchr(hook_dir, '/') = '\0';
    if (geteuid() != 0) {
        printf("1..0 # SKIP not root: the module does nothing for anybody else\n");
        return false;
    }
    paths_find(); /* in a chroot a program's path begins outside of it once the mounts are others */
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0) {
        printf("1..0 # SKIP no private mount namespace: %s\n", strerror(errno));
        return false;
    }
    if (!private_dir(OTSD_STATE_DIR) || !private_dir(hook_dir)) {
        printf("1..0 # SKIP the build's fixed paths do not exist on this machine\n");
        return false;
    }
    umask(022);
    MUST(mkdir(PENDING, 0700) == 0 && mkdir(HOUSE, 0755) == 0 && mkdir(HOUSE "/pam.d", 0755) == 0);
    text_write(HOUSE "/pam.d/other", "");
    module_install();
    helper_install();
    private_dev();
    return true;
}

/* The state every test begins with: no record, a helper that says nothing and exits 0, nothing seen, nothing logged. */
static inline int house_tidy(void **state) {
    char drop[8192];

    (void)state;
    MUST(system("rm -rf " PENDING " && mkdir -m 0700 " PENDING) == 0); // NOLINT(cert-env33-c): fixed text
    helper_install();
    unlink(SEEN);
    unlink(SAY);
    unlink(LEFT);
    text_write(MODE, "quiet");
    while (recv(log_socket, drop, sizeof drop, 0) > 0) {
    }
    return 0;
}

/* An open hand-off of user whose deadline is so many seconds from now. */
static inline void record_make(const char *user, long seconds) {
    char path[sizeof PENDING + 300];
    struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = time(NULL) + seconds}};

    snprintf(path, sizeof path, "%s/%s", PENDING, user);
    text_write(path, "{}");
    MUST(utimensat(AT_FDCWD, path, times, 0) == 0);
}

/* The lines of SEEN that begin with kind, joined by '|', without kind. */
static inline const char *seen(const char *kind) {
    static char joined[8192];
    size_t used = 0;

    joined[0] = '\0';
    for (const char *line = text_read(SEEN); *line != '\0';) {
        size_t len = strcspn(line, "\n");

        if (strncmp(line, kind, strlen(kind)) == 0)
            used += (size_t)snprintf(joined + used, sizeof joined - used, "%s%.*s", used > 0 ? "|" : "",
                                     (int)(len - strlen(kind)), line + strlen(kind));
        line += len + (line[len] == '\n');
    }
    return joined;
}

static inline int helper_runs(void) {
    int n = 0;

    for (const char *p = text_read(SEEN); (p = strstr(p, "run\n")); p++)
        n++;
    return n;
}

/* What was logged since the last call; the number of lines in *lines, which may be NULL. */
static inline const char *log_take(int *lines) {
    static char text[65536];
    size_t used = 0;
    int count = 0;
    ssize_t n;

    while (sizeof text - used > 4096 && (n = recv(log_socket, text + used, sizeof text - used - 2, 0)) > 0) {
        used += (size_t)n;
        text[used++] = '\n';
        count++;
    }
    text[used] = '\0';
    if (lines)
        *lines = count;
    return text;
}

typedef struct talk {
    int calls, style, answer; /* answer: what the conversation returns */
    char text[2048];
    const char *typed; /* what is typed at a prompt */
} talk;

static inline int converse(int count, const struct pam_message **message, struct pam_response **response, void *data) {
    talk *t = data;

    t->calls++;
    t->style = message[0]->msg_style;
    snprintf(t->text, sizeof t->text, "%s", message[0]->msg);
    if (t->answer != PAM_SUCCESS)
        return t->answer;
    *response = calloc((size_t)count, sizeof **response);
    if (*response && t->typed && t->style == PAM_PROMPT_ECHO_OFF)
        (*response)->resp = strdup(t->typed);
    return *response ? PAM_SUCCESS : PAM_BUF_ERR;
}

/* Every "pam_ots.so" in lines becomes the path of the module under test. */
static inline void service_in(const char *dir, const char *name, const char *lines) {
    char path[4200], text[32768];
    size_t used = 0;

    for (const char *p = lines; *p != '\0';) {
        MUST(used + sizeof module_path < sizeof text);
        if (strncmp(p, "pam_ots.so", 10) == 0) {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s", module_path);
            p += 10;
        } else {
            text[used++] = *p++;
        }
    }
    snprintf(path, sizeof path, "%s/%s", dir, name);
    file_write(path, text, used);
}

static inline pam_handle_t *host_start(const char *lines, const char *user, talk *t) {
    pam_handle_t *pamh = NULL;
    struct pam_conv conversation = {converse, t};

    service_in(HOUSE "/pam.d", "host", lines);
    MUST(pam_start_confdir("host", user, &conversation, HOUSE "/pam.d", &pamh) == PAM_SUCCESS);
    return pamh;
}

/* pam_open_session in a stack of one line, "session required pam_ots.so ARGUMENTS". */
static inline int session_open(const char *user, const char *arguments, int flags, talk *t) {
    char line[256];
    talk unused = {0};
    pam_handle_t *pamh;
    int rc;

    snprintf(line, sizeof line, "session required pam_ots.so %s\n", arguments);
    pamh = host_start(line, user, t ? t : &unused);
    rc = pam_open_session(pamh, flags);
    pam_end(pamh, rc);
    return rc;
}

/* Where a host tells the test what it saw. */
typedef struct report {
    int rc, before, after;
    int64_t ms;
    talk t;
} report;

/* Runs body in a process of its own, whose signals, identity and descriptors it may spoil. The report, read by the next
 * call's beginning. */
static inline const report *in_host(void (*body)(report *)) {
    static report *shared;
    pid_t pid;
    int status;

    if (!shared)
        shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    MUST(shared != MAP_FAILED);
    memset(shared, 0, sizeof *shared);
    shared->rc = -1;
    fflush(NULL);
    pid = fork();
    status = 0;
    MUST(pid >= 0);
    if (pid == 0) {
        body(shared);
        _exit(0);
    }
    MUST(waitpid(pid, &status, 0) == pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    return shared;
}

static inline int descriptors_open(void) {
    int n = 0;
    DIR *dir = opendir("/proc/self/fd");

    MUST(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

#endif
