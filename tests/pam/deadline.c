/* SPDX-License-Identifier: MIT
 *
 * The deadline holds against every helper, in every host: and the host is afterwards as it was before, without a child,
 * a descriptor or a signal that it did not have.
 */
#include "host.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

/* These helpers never end by themselves: that the call returns is the proof, and how soon is for make bench. Where the
 * helper does end, the module has time for it on a busy machine, and less than the deadline has passed. */
enum { DEADLINE_MS = 1000, LIMIT_MS = 300000, UNDELAYED_MS = 25000 };

static int64_t ms_since(int64_t begin_ns) {
    return (clock_ns() - begin_ns) / 1000000;
}

/* Is nothing left of the process whose id the helper wrote down? It may take the kernel a moment. */
static bool left_is_gone(void) {
    pid_t pid = (int)strtol(text_read(LEFT), NULL, 10);

    MUST(pid > 0);
    for (int i = 0; i < 60000; i++) {
        char path[64];
        const char *stat;

        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        stat = text_read(path);
        if (*stat == '\0' || strstr(stat, ") Z "))
            return true;
        usleep(1000);
    }
    return false;
}

static bool has_child(void) {
    siginfo_t info = {0};

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 || errno != ECHILD;
}

/* Is stopped at the deadline, with one log line and no message. */
static void expect_stopped(const char *mode) {
    int lines;
    talk t = {0};
    int64_t begin;
    const char *log;

    record_make("alice", 60);
    text_write(SAY, "never to be shown");
    text_write(MODE, mode);
    begin = clock_ns();
    assert_int_equal(session_open("alice", "deadline=1", 0, &t), PAM_SUCCESS);
    assert_in_range(ms_since(begin), DEADLINE_MS - 10, LIMIT_MS);
    log = log_take(&lines);
    assert_int_equal(lines, 1);
    assert_non_null(strstr(log, "alice: "));
    assert_non_null(strstr(log, "stopped at its deadline"));
    assert_non_null(strstr(log, "otsd-hook sweep"));
    assert_int_equal(t.calls, 0);
    assert_int_equal(helper_runs(), 1);
    assert_false(has_child());
}

static void hanging_helper(void **state) {
    (void)state;
    expect_stopped("hang");
}

static void stubborn_helper(void **state) {
    (void)state;
    expect_stopped("stubborn");
}

static void flooding_helper(void **state) {
    (void)state;
    expect_stopped("flood");
}

static void helper_that_closes_its_output(void **state) {
    (void)state;
    expect_stopped("close");
}

static void helper_that_hangs_with_a_child(void **state) {
    (void)state;
    expect_stopped("leave and hang");
    assert_true(left_is_gone());
}

static void helper_that_leaves_a_child(void **state) {
    talk t = {0};
    int64_t begin;

    (void)state;
    record_make("alice", 60);
    text_write(MODE, "leave");
    text_write(SAY, "done");
    begin = clock_ns();
    assert_int_equal(session_open("alice", "deadline=30", 0, &t), PAM_SUCCESS);
    assert_in_range(ms_since(begin), 0, UNDELAYED_MS);
    assert_string_equal(t.text, "done");
    assert_true(left_is_gone());
}

static void watcher_that_is_killed(void **state) {
    int lines;
    int64_t begin;

    (void)state;
    record_make("alice", 60);
    text_write(MODE, "kill watcher");
    begin = clock_ns();
    assert_int_equal(session_open("alice", "deadline=30", 0, NULL), PAM_SUCCESS);
    assert_in_range(ms_since(begin), 0, UNDELAYED_MS);
    assert_non_null(strstr(log_take(&lines), "alice: "));
    assert_int_equal(lines, 1);
    assert_true(left_is_gone());
    assert_false(has_child());
}

static volatile sig_atomic_t child_signals;

static void reap_all(int sig) {
    int error;

    (void)sig;
    error = errno;
    child_signals++;
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    errno = error;
}

static const char *deadline;

static void open_in_host(report *r) {
    int64_t begin = clock_ns();

    r->before = descriptors_open();
    r->rc = session_open("alice", deadline, 0, &r->t);
    r->after = descriptors_open();
    r->ms = ms_since(begin);
}

static void host_ignores_children(report *r) {
    MUST(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    open_in_host(r);
}

static void host_wants_no_zombies(report *r) {
    struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};

    MUST(sigaction(SIGCHLD, &action, NULL) == 0);
    open_in_host(r);
}

static void host_reaps_children(report *r) {
    struct sigaction action = {.sa_handler = reap_all};

    MUST(sigaction(SIGCHLD, &action, NULL) == 0);
    open_in_host(r);
    r->ms = child_signals == 0 ? r->ms : -1;
}

static void host_blocks_all(report *r) {
    sigset_t all;
    sigset_t pending;

    sigfillset(&all);
    MUST(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
    open_in_host(r);
    MUST(sigpending(&pending) == 0);
    r->ms = sigismember(&pending, SIGCHLD) == 0 ? r->ms : -1;
}

static void (*const hosts[])(report *) = {host_ignores_children, host_wants_no_zombies, host_reaps_children,
                                          host_blocks_all};
enum { HOSTS = sizeof hosts / sizeof hosts[0] };

static void result_reaches_every_host(void **state) {
    (void)state;
    record_make("alice", 60);
    deadline = "deadline=30";
    text_write(SAY, "hello");
    for (int i = 0; i < HOSTS; i++) {
        const report *r;

        text_write(MODE, "say");
        r = in_host(hosts[i]);
        assert_int_equal(r->rc, PAM_SUCCESS);
        assert_string_equal(r->t.text, "hello");
        assert_int_equal(r->before, r->after);
        assert_in_range(r->ms, 0, UNDELAYED_MS);
        assert_string_equal(log_take(NULL), "");
        text_write(MODE, "fail");
        r = in_host(hosts[i]);
        assert_int_equal(r->rc, PAM_SUCCESS);
        assert_int_equal(r->t.calls, 0);
        assert_non_null(strstr(log_take(NULL), "status 75"));
    }
}

static void deadline_holds_in_every_host(void **state) {
    (void)state;
    record_make("alice", 60);
    deadline = "deadline=1";
    text_write(MODE, "stubborn");
    for (int i = 0; i < HOSTS; i++) {
        const report *r = in_host(hosts[i]);

        assert_int_equal(r->rc, PAM_SUCCESS);
        assert_in_range(r->ms, DEADLINE_MS - 10, LIMIT_MS);
        assert_int_equal(r->before, r->after);
        assert_non_null(strstr(log_take(NULL), "stopped at its deadline"));
    }
}

static volatile sig_atomic_t alarms;

static void on_alarm(int sig) {
    (void)sig;
    alarms++;
}

/* A timer every 5 ms interrupts every system call of the host. */
static void host_is_interrupted(report *r) {
    struct sigaction action = {.sa_handler = on_alarm};
    timer_t timer;
    struct itimerspec every = {{0, 5000000}, {0, 5000000}};

    MUST(sigaction(SIGALRM, &action, NULL) == 0);
    MUST(timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0 && timer_settime(timer, 0, &every, NULL) == 0);
    open_in_host(r);
    timer_delete(timer);
    r->ms = alarms > 5 ? r->ms : -1;
}

static void interruptions_change_nothing(void **state) {
    const report *r;

    (void)state;
    record_make("alice", 60);
    deadline = "deadline=1";
    text_write(MODE, "hang");
    r = in_host(host_is_interrupted);
    assert_int_equal(r->rc, PAM_SUCCESS);
    assert_in_range(r->ms, DEADLINE_MS - 10, LIMIT_MS);
    assert_int_equal(r->before, r->after);
}

static void host_has_a_child(report *r) {
    pid_t pid = fork();
    siginfo_t ended;
    int status = 0;

    MUST(pid >= 0);
    if (pid == 0)
        _exit(42);
    MUST(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT) == 0);
    open_in_host(r);
    MUST(waitpid(pid, &status, 0) == pid);
    r->ms = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void other_children_are_left_alone(void **state) {
    const report *r;

    (void)state;
    record_make("alice", 60);
    deadline = "deadline=30";
    r = in_host(host_has_a_child);
    assert_int_equal(r->rc, PAM_SUCCESS);
    assert_int_equal(r->ms, 42);
}

static atomic_bool stop_threads;

/* Holds the allocator's lock most of the time, so that a fork finds it taken. */
static void *allocate(void *unused) {
    (void)unused;
    while (!stop_threads)
        free(malloc(1 << 17));
    return NULL;
}

static void host_has_threads(report *r) {
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        MUST(pthread_create(&threads[i], NULL, allocate, NULL) == 0);
    r->rc = 0;
    for (int i = 0; i < 50; i++)
        r->rc += session_open("alice", "deadline=30", 0, &r->t);
    stop_threads = true;
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    r->after = r->t.calls;
}

static void threads_do_no_harm(void **state) {
    const report *r;

    (void)state;
    record_make("alice", 60);
    text_write(MODE, "say");
    text_write(SAY, "hello");
    r = in_host(host_has_threads);
    assert_int_equal(r->rc, PAM_SUCCESS);
    assert_int_equal(r->after, 50);
    assert_int_equal(helper_runs(), 50);
    assert_string_equal(log_take(NULL), "");
}

static void nothing_is_left_behind(void **state) {
    int before;

    (void)state;
    record_make("alice", 60);
    session_open("alice", "deadline=30", 0, NULL);
    before = descriptors_open();
    for (int i = 0; i < 1000; i++) {
        if (i % 50 == 0)
            unlink(SEEN);
        assert_int_equal(session_open("alice", "deadline=30", 0, NULL), PAM_SUCCESS);
    }
    assert_int_equal(descriptors_open(), before);
    assert_false(has_child());
    assert_int_equal(helper_runs(), 50);
    assert_string_equal(log_take(NULL), "");
}

#define PROMISE(text, function)                                                                                        \
    { text, function, house_tidy, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        PROMISE("a helper that hangs is stopped at the deadline", hanging_helper),
        PROMISE("a helper that ignores all signals is stopped at the deadline", stubborn_helper),
        PROMISE("a helper that never stops printing is stopped at the deadline", flooding_helper),
        PROMISE("a helper that closes its output and lives on is stopped at the deadline",
                helper_that_closes_its_output),
        PROMISE("a helper that hangs is stopped with its children", helper_that_hangs_with_a_child),
        PROMISE("a child that keeps the helper's output delays nothing, and does not outlive it",
                helper_that_leaves_a_child),
        PROMISE("the helper does not outlive the process that watches it", watcher_that_is_killed),
        PROMISE("message and exit status arrive in hosts that ignore, reap or block SIGCHLD, and they see no signal",
                result_reaches_every_host),
        PROMISE("the deadline holds in hosts that ignore, reap or block SIGCHLD", deadline_holds_in_every_host),
        PROMISE("interrupted system calls change nothing", interruptions_change_nothing),
        PROMISE("the host's other children are left alone", other_children_are_left_alone),
        PROMISE("a host with threads does not hang", threads_do_no_harm),
        PROMISE("1000 runs leave no descriptor and no child", nothing_is_left_behind),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    if (!house_enter())
        return 0;
    return cmocka_run_group_tests_name("pam_ots deadline", tests, NULL, NULL);
}
