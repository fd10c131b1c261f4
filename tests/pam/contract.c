/* SPDX-License-Identifier: MIT
 *
 * What the helper is given, and what becomes of what it says: arguments, environment, descriptors, identity, signals,
 * limits; the message to the user.
 */
#include "host.h"

#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static int session_with(const char *tty, const char *rhost, const char *auth_info) {
    char variable[4096];
    talk t = {0};
    pam_handle_t *pamh = host_start("session required pam_ots.so\n", "alice", &t);
    int rc;

    unlink(SEEN);
    snprintf(variable, sizeof variable, "SSH_AUTH_INFO_0=%s", auth_info ? auth_info : "");
    if (tty)
        MUST(pam_set_item(pamh, PAM_TTY, tty) == PAM_SUCCESS);
    if (rhost)
        MUST(pam_set_item(pamh, PAM_RHOST, rhost) == PAM_SUCCESS);
    if (auth_info)
        MUST(pam_putenv(pamh, variable) == PAM_SUCCESS);
    rc = pam_open_session(pamh, 0);
    pam_end(pamh, rc);
    return rc;
}

static void arguments_say_what_happened(void **state) {
    (void)state;
    record_make("alice", 60);
    session_with("ssh", "client.example.com", "publickey ssh-ed25519 AAAAC3Nz\npassword\n");
    assert_string_equal(seen("arg "), OTSD_HOOK_PATH "|login|--event=session|--service=host|"
                                                     "--method=publickey,password|--tty=ssh|"
                                                     "--rhost=client.example.com|--deadline-ms=2800|--|alice");
}

static void what_is_unknown_is_left_out(void **state) {
    static const char expected[] = OTSD_HOOK_PATH "|login|--event=session|--service=host|--deadline-ms=2800|--|alice";

    (void)state;
    record_make("alice", 60);
    session_with(NULL, NULL, NULL);
    assert_string_equal(seen("arg "), expected);
    session_with("", "", "\n \n");
    assert_string_equal(seen("arg "), expected);
}

static void values_are_bounded_and_printable(void **state) {
    char many[1024], expected[1024];

    (void)state;
    record_make("alice", 60);
    memset(many, 'a', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    session_with("/dev/t\x1b[2J \xc3\xa9", many,
                 "pass word extra\nkey\x01"
                 "board\n");
    snprintf(expected, sizeof expected, "--tty=/dev/t?[2J???|--rhost=%.128s|--deadline", many);
    assert_non_null(strstr(seen("arg "), expected));
    assert_non_null(strstr(seen("arg "), "--method=pass,key?board|"));
}

static void methods_are_cut_between_words(void **state) {
    static const char methods[] = "publickey,publickey,publickey,publickey,publickey,publickey,publickey,publickey,"
                                  "publickey,publickey,publickey,publickey";
    char info[1024] = "", expected[256];

    (void)state;
    record_make("alice", 60);
    for (size_t used = 0; used < 480; used += 12)
        memcpy(info + used, "publickey x\n", 13);
    snprintf(expected, sizeof expected, "--method=%s|--deadline", methods);
    session_with(NULL, NULL, info);
    assert_non_null(strstr(seen("arg "), expected));
}

static void environment_is_its_own(void **state) {
    (void)state;
    record_make("alice", 60);
    setenv("LD_PRELOAD_X", "1", 1);
    setenv("SSH_AUTH_INFO_0", "password", 1);
    session_with(NULL, NULL, NULL);
    assert_string_equal(seen("env "), "PATH=/usr/sbin:/usr/bin:/sbin:/bin|LC_ALL=C.UTF-8");
    assert_null(strstr(seen("arg "), "--method"));
}

static const char three_descriptors[] = "0 null|1 pipe|2 null";

static void descriptors_are_three(void **state) {
    int inherited[40];

    (void)state;
    record_make("alice", 60);
    for (int i = 0; i < 40; i++)
        MUST((inherited[i] = open("/", O_RDONLY)) >= 0); // NOLINT(android-cloexec-open): must be inheritable
    MUST(dup2(inherited[0], 900) == 900);
    session_with(NULL, NULL, NULL);
    close(900);
    for (int i = 0; i < 40; i++)
        close(inherited[i]);
    assert_string_equal(seen("fd "), three_descriptors);
}

static void old_kernel(report *r) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};

    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
    MUST(dup2(0, 70) == 70 && dup2(0, 900) == 900);
    r->rc = session_with(NULL, NULL, NULL);
}

static void descriptors_are_three_without_close_range(void **state) {
    (void)state;
    record_make("alice", 60);
    assert_int_equal(in_host(old_kernel)->rc, PAM_SUCCESS);
    assert_string_equal(seen("fd "), three_descriptors);
}

static unsigned closed_set;

static void with_closed_descriptors(report *r) {
    for (int fd = 0; fd < 4; fd++)
        if ((closed_set >> fd & 1) != 0)
            close(fd);
    r->rc = session_open("alice", "", 0, &r->t);
}

/* The module's pipes then get the numbers of standard input, output and error. */
static void host_without_standard_descriptors(void **state) {
    (void)state;
    record_make("alice", 60);
    text_write(MODE, "say");
    text_write(SAY, "hello");
    for (closed_set = 1; closed_set < 16; closed_set++) {
        const report *r;

        unlink(SEEN);
        r = in_host(with_closed_descriptors);
        assert_int_equal(r->rc, PAM_SUCCESS);
        assert_string_equal(r->t.text, "hello");
        assert_string_equal(seen("fd "), three_descriptors);
    }
}

static void as_passwd(report *r) {
    gid_t groups[] = {1000, 27};
    uid_t ruid, euid, suid;

    MUST(setgroups(2, groups) == 0 && setresgid(1000, 1000, 1000) == 0 && setresuid(1000, 0, 0) == 0);
    r->rc = session_open("alice", "", 0, &r->t);
    MUST(getresuid(&ruid, &euid, &suid) == 0);
    r->after = ruid == 1000 && euid == 0 && getgid() == 1000 && getgroups(0, NULL) == 2;
}

static void identity_is_all_root(void **state) {
    const report *r;

    (void)state;
    record_make("alice", 60);
    r = in_host(as_passwd);
    assert_int_equal(r->rc, PAM_SUCCESS);
    assert_true(r->after);
    assert_string_equal(seen("ids "), "0 0 0 0 0 0 groups 0");
}

static void with_odd_signals(report *r) {
    sigset_t all, mask;
    struct sigaction action;

    sigfillset(&all);
    for (int sig = 1; sig <= SIGRTMAX; sig++)
        signal(sig, SIG_IGN);
    MUST(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
    r->rc = session_open("alice", "", 0, &r->t);
    MUST(sigprocmask(SIG_SETMASK, NULL, &mask) == 0 && sigaction(SIGCHLD, NULL, &action) == 0);
    r->after = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGCHLD) == 1 && action.sa_handler == SIG_IGN;
}

static void signals_are_reset(void **state) {
    const report *r;

    (void)state;
    record_make("alice", 60);
    r = in_host(with_odd_signals);
    assert_int_equal(r->rc, PAM_SUCCESS);
    assert_true(r->after);
    assert_string_equal(seen("signals "), "blocked 0 ignored 0");
}

static void with_odd_limits(report *r) {
    struct rlimit size, files;
    struct pam_conv conversation = {converse, &r->t};
    pam_handle_t *pamh = NULL;

    MUST(getrlimit(RLIMIT_FSIZE, &size) == 0 && getrlimit(RLIMIT_NOFILE, &files) == 0);
    size.rlim_cur = 0;
    files.rlim_cur = 12; /* the hard ones could not be raised again in every container */
    MUST(setrlimit(RLIMIT_FSIZE, &size) == 0 && setrlimit(RLIMIT_NOFILE, &files) == 0);
    MUST(chdir(HOUSE) == 0);
    umask(0);
    MUST(pam_start_confdir("host", "alice", &conversation, HOUSE "/pam.d", &pamh) == PAM_SUCCESS);
    r->rc = pam_open_session(pamh, 0);
    pam_end(pamh, r->rc);
}

static void surroundings_are_plain(void **state) {
    (void)state;
    record_make("alice", 60);
    service_in(HOUSE "/pam.d", "host", "session required pam_ots.so\n");
    assert_int_equal(in_host(with_odd_limits)->rc, PAM_SUCCESS);
    assert_string_equal(seen("leader "), "1 1");
    assert_string_equal(seen("cwd "), "/");
    assert_string_equal(seen("umask "), "077");
    assert_string_equal(seen("limits "), "1024 1");
}

/* Who runs passwd may have done all of this to his own processes. */
static void with_bad_priority(report *r) {
    struct sched_param plain = {0};
    cpu_set_t one;
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    MUST(file >= 0 && write(file, "1000", 4) == 4 && close(file) == 0);
    CPU_ZERO(&one);
    MUST(sched_getaffinity(0, sizeof one, &one) == 0);
    for (size_t cpu = 0, kept = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &one) && kept++ > 0)
            CPU_CLR(cpu, &one);
    MUST(sched_setaffinity(0, sizeof one, &one) == 0);
    MUST(setpriority(PRIO_PROCESS, 0, 19) == 0);
    MUST(syscall(SYS_ioprio_set, 1, 0, 3 << 13) == 0); /* idle */
    MUST(prctl(PR_SET_TIMERSLACK, 1000000000L) == 0);
    MUST(sched_setscheduler(0, SCHED_IDLE, &plain) == 0);
    r->rc = session_open("alice", "", 0, &r->t);
    r->after = sched_getscheduler(0) == SCHED_IDLE && getpriority(PRIO_PROCESS, 0) == 19;
}

static void priority_is_the_systems(void **state) {
    char usual[128];
    const report *r;

    (void)state;
    record_make("alice", 60);
    session_with(NULL, NULL, NULL);
    snprintf(usual, sizeof usual, "%s", seen("priority "));
    unlink(SEEN);
    r = in_host(with_bad_priority);
    assert_int_equal(r->rc, PAM_SUCCESS);
    assert_true(r->after);
    assert_string_equal(seen("priority "), usual);
    assert_non_null(strstr(usual, "other 0 nice 0 io 0 oom 0 slack 50000 "));
}

/* What the user is shown where the helper prints text. */
static const char *shown(const char *text) {
    static talk t;

    memset(&t, 0, sizeof t);
    text_write(SAY, text);
    assert_int_equal(session_open("alice", "", 0, &t), PAM_SUCCESS);
    assert_int_equal(t.calls, t.text[0] != '\0');
    if (t.calls > 0)
        assert_int_equal(t.style, PAM_TEXT_INFO);
    return t.text;
}

static void message_is_shown(void **state) {
    (void)state;
    record_make("alice", 60);
    text_write(MODE, "say");
    assert_string_equal(shown("Your password link was opened.\n"), "Your password link was opened.");
    assert_string_equal(shown("two\nlines\n\n"), "two\nlines");
    assert_string_equal(shown("100%s %n"), "100%s %n");
    assert_string_equal(shown("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91"), "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91");
    assert_string_equal(shown(""), "");
    assert_string_equal(shown("\n \n"), "");
}

static void message_is_safe_for_a_terminal(void **state) {
    (void)state;
    record_make("alice", 60);
    text_write(MODE, "say");
    assert_string_equal(shown("a\x1b[2Jb\rc\td\x7f"
                              "e\a"),
                        "a?[2Jb?c?d?e?");
    assert_string_equal(shown("c1 \xc2\x9b"
                              "31m \xc2\xa0."),
                        "c1 ?31m \xc2\xa0.");
    assert_string_equal(shown("\xff\xfe \xc0\xaf \xe0\x80\x80 \xed\xa0\x80 \xf5\x80\x80\x80 \x80."),
                        "?? ?? ??? ??? ???? ?.");
    assert_string_equal(shown("\xf4\x90\x80\x80 \xe2\x82."), "???? ??.");
}

static void message_is_bounded(void **state) {
    char text[1025];

    (void)state;
    record_make("alice", 60);
    text_write(MODE, "say");
    memset(text, 'x', 1024);
    text[1024] = '\0';
    assert_int_equal(strlen(shown(text)), 512);
    memcpy(text + 510, "\xe2\x82\xac", 3); /* cut in its middle: it goes */
    assert_int_equal(strlen(shown(text)), 510);
    text_write(MODE, "flood and end"); /* more than a pipe holds */
    assert_int_equal(strlen(shown("")), 512);
}

static void silent_means_silent(void **state) {
    talk t = {0};

    (void)state;
    record_make("alice", 60);
    text_write(MODE, "say");
    text_write(SAY, "hello");
    assert_int_equal(session_open("alice", "", PAM_SILENT, &t), PAM_SUCCESS);
    assert_int_equal(t.calls, 0);
    assert_int_equal(helper_runs(), 1);
}

static void conversation_may_fail(void **state) {
    talk t = {.answer = PAM_CONV_ERR};

    (void)state;
    record_make("alice", 60);
    text_write(MODE, "say");
    text_write(SAY, "hello");
    assert_int_equal(session_open("alice", "", 0, &t), PAM_SUCCESS);
    assert_int_equal(t.calls, 1);
}

#define PROMISE(text, function)                                                                                        \
    { text, function, house_tidy, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        PROMISE("the helper's arguments say what happened", arguments_say_what_happened),
        PROMISE("an option without a value is left out", what_is_unknown_is_left_out),
        PROMISE("values are at most 128 bytes of printable ASCII", values_are_bounded_and_printable),
        PROMISE("a long list of methods is cut between words", methods_are_cut_between_words),
        PROMISE("the helper inherits nothing of the environment", environment_is_its_own),
        PROMISE("the helper has three descriptors: null, a pipe, null", descriptors_are_three),
        PROMISE("the same on a kernel without close_range", descriptors_are_three_without_close_range),
        PROMISE("the same in a host whose standard descriptors are closed", host_without_standard_descriptors),
        PROMISE("under passwd the helper is root in every way, and the host as before", identity_is_all_root),
        PROMISE("the helper starts with no signal blocked or ignored, the host keeps its own", signals_are_reset),
        PROMISE("the helper leads a session, in /, umask 077, without the host's limits", surroundings_are_plain),
        PROMISE("the helper runs as the system runs programs, however badly the host is treated",
                priority_is_the_systems),
        PROMISE("what the helper prints is shown to the user", message_is_shown),
        PROMISE("control characters and broken UTF-8 never reach the terminal", message_is_safe_for_a_terminal),
        PROMISE("a message has at most 512 bytes and no half character", message_is_bounded),
        PROMISE("PAM_SILENT: the helper runs, nothing is shown", silent_means_silent),
        PROMISE("a conversation that fails does not fail the session", conversation_may_fail),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    if (!house_enter())
        return 0;
    return cmocka_run_group_tests_name("pam_ots contract", tests, NULL, NULL);
}
