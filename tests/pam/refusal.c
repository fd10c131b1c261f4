/* SPDX-License-Identifier: MIT
 *
 * The one case in which the module refuses, in real stacks: what was typed is the overdue generated password, and the
 * helper has said so by the status that says nothing else. And what one phase leaves for the next: whether a password
 * was asked for, whether one was changed.
 */
#include "host.h"

#include <dlfcn.h>
#include <sys/syscall.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

/* Modules of Linux-PAM that ask for a password and take any. */
#define ASK "pam_exec.so expose_authtok quiet /bin/cat"
#define DEBIAN "auth [success=1 default=ignore] " ASK "\nauth requisite pam_deny.so\nauth required pam_permit.so\n"
#define FLAT "auth required " ASK "\n"

/* Stands before libc's, for the module, too: the machine's clock, and what somebody has done to it. */
static time_t clock_set_by;

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *t) {
    long rc = syscall(SYS_clock_gettime, clock, t);

    if (rc == 0 && clock == CLOCK_REALTIME)
        t->tv_sec += clock_set_by;
    return (int)rc;
}

static int authenticate(const char *lines, const char *typed, int flags, talk *t) {
    pam_handle_t *pamh;
    int rc;

    *t = (talk){.typed = typed};
    pamh = host_start(lines, "alice", t);
    (void)log_take(NULL); /* the socket would fill, and whoever logs wait */
    rc = pam_authenticate(pamh, flags);
    pam_end(pamh, rc);
    return rc;
}

static int login(const char *lines, const char *typed) {
    talk t;

    return authenticate(lines, typed, PAM_SILENT, &t);
}

static void overdue_text_is_refused(void **state) {
    char mode[64];
    talk t;

    (void)state;
    record_make("alice", -60);
    snprintf(mode, sizeof mode, "typed exit %d", OTSD_EXIT_OVERDUE);
    text_write(MODE, mode);
    assert_int_equal(authenticate(DEBIAN "auth required pam_ots.so\n", "the text", 0, &t), PAM_AUTH_ERR);
    assert_non_null(strstr(t.text, "Ask your administrator"));
    assert_int_equal(t.style, PAM_ERROR_MSG);
    assert_non_null(strstr(log_take(NULL), "alice: refused: "));
    assert_int_equal(helper_runs(), 2); /* the second one locks */
    assert_string_equal(seen("typed "), "the text");
    assert_string_equal(seen("input "), "0");
    assert_null(strstr(seen("arg "), "the text"));
    assert_null(strstr(seen("env "), "the text"));
    assert_int_equal(login(DEBIAN "auth requisite pam_ots.so\n", "x"), PAM_AUTH_ERR);
    assert_int_equal(login(FLAT "auth required pam_ots.so\n", "x"), PAM_AUTH_ERR);
    assert_int_equal(login("auth required pam_ots.so\n" FLAT, "x"), PAM_SUCCESS); /* nothing was typed yet */
}

/* Each row is the same login with the same overdue record. */
static void nothing_else_is_refused(void **state) {
    static const char *const modes[] = {"quiet", "die",      "typed fail",           "typed die",
                                        "leave", "stubborn", "typed leave and hang", "typed kill watcher"};
    char mode[64];

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        house_tidy(NULL);
        record_make("alice", -60);
        text_write(MODE, modes[i]);
        assert_int_equal(login(DEBIAN "auth required pam_ots.so deadline=1\n", "x"), PAM_SUCCESS);
    }
    for (int status = 0; status < 256; status++) {
        snprintf(mode, sizeof mode, "typed exit %d", status);
        text_write(MODE, mode);
        assert_int_equal(login(DEBIAN "auth required pam_ots.so\n", "x"),
                         status == OTSD_EXIT_OVERDUE ? PAM_AUTH_ERR : PAM_SUCCESS);
    }
}

/* The status of a run that was given no text means nothing. */
static void status_counts_only_for_a_text(void **state) {
    static char longest[514];
    talk t = {0};
    pam_handle_t *pamh;

    (void)state;
    record_make("alice", -60);
    text_write(MODE, "say");
    memset(longest, 'x', sizeof longest - 1);
    assert_int_equal(login(DEBIAN "auth required pam_ots.so\n", longest), PAM_SUCCESS);
    assert_string_equal(seen("typed "), "");
    longest[512] = '\0';
    assert_int_equal(login(DEBIAN "auth required pam_ots.so\n", longest), PAM_SUCCESS);
    assert_string_equal(seen("typed "), longest);
    unlink(SEEN);
    assert_int_equal(login("auth required pam_permit.so\nauth required pam_ots.so\n", "x"), PAM_SUCCESS);
    assert_int_equal(helper_runs(), 1);
    assert_string_equal(seen("typed "), "");
    record_make("alice", 60);
    unlink(SEEN);
    assert_int_equal(login(DEBIAN "auth required pam_ots.so\n", "x"), PAM_SUCCESS);
    pamh = host_start("session required pam_ots.so\n", "alice", &t);
    assert_int_equal(pam_open_session(pamh, 0), PAM_SUCCESS);
    pam_end(pamh, PAM_SUCCESS);
    assert_string_equal(seen("typed "), "");
}

static void clock_set_back_runs_helper(void **state) {
    (void)state;
    record_make("alice", 60);
    assert_int_equal(login(DEBIAN "auth required pam_ots.so\n", "x"), PAM_SUCCESS);
    assert_int_equal(helper_runs(), 0);
    clock_set_by = -86400;
    assert_int_equal(login(DEBIAN "auth required pam_ots.so\n", "x"), PAM_SUCCESS);
    clock_set_by = 0;
    assert_int_equal(helper_runs(), 2);
    assert_string_equal(seen("typed "), "x");
}

/* What the session's helper is told after an authentication; "" where there was none. */
static const char *session_after(const char *auth, const char *auth_info) {
    char lines[1024], variable[256];
    talk t = {.typed = "x"};
    pam_handle_t *pamh;

    unlink(SEEN);
    snprintf(lines, sizeof lines, "%sauth required pam_ots.so\nsession required pam_ots.so\n", auth);
    pamh = host_start(lines, "alice", &t);
    if (*auth != '\0')
        (void)pam_authenticate(pamh, PAM_SILENT);
    snprintf(variable, sizeof variable, "SSH_AUTH_INFO_0=%s", auth_info ? auth_info : "");
    if (auth_info)
        MUST(pam_putenv(pamh, variable) == PAM_SUCCESS);
    assert_int_equal(pam_open_session(pamh, PAM_SILENT), PAM_SUCCESS);
    assert_null(pam_getenv(pamh, "PAM_OTS"));
    pam_end(pamh, PAM_SUCCESS);
    return strstr(seen("arg "), "|--asked|") ? "asked" : "not asked";
}

static void session_knows_whether_a_password_was_asked(void **state) {
    (void)state;
    record_make("alice", 60);
    assert_string_equal(session_after(DEBIAN, NULL), "asked");
    assert_string_equal(session_after(FLAT, NULL), "asked");
    assert_string_equal(session_after("", NULL), "not asked"); /* login -f */
    assert_string_equal(session_after("auth required pam_permit.so\n", NULL), "not asked");
    assert_string_equal(session_after("auth requisite pam_deny.so\n", NULL), "not asked");
    assert_string_equal(session_after("auth sufficient " ASK "\n", NULL), "not asked"); /* our line is not reached */
}

/* sshd asks in a child; of what that leaves only PAM's environment comes back. */
static void environment_counts_where_sshd_speaks(void **state) {
    static const struct {
        const char *info;
        bool asked;
    } rows[] = {{"SSH_AUTH_INFO_0=keyboard-interactive\n", true}, {NULL, false}};
    (void)state;
    record_make("alice", 60);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        talk t = {0};
        pam_handle_t *pamh = host_start("session required pam_ots.so\n", "alice", &t);

        unlink(SEEN);
        MUST(pam_putenv(pamh, "PAM_OTS=asked") == PAM_SUCCESS);
        if (rows[i].info)
            MUST(pam_putenv(pamh, rows[i].info) == PAM_SUCCESS);
        assert_int_equal(pam_open_session(pamh, 0), PAM_SUCCESS);
        assert_null(pam_getenv(pamh, "PAM_OTS"));
        pam_end(pamh, PAM_SUCCESS);
        assert_int_equal(!!strstr(seen("arg "), "|--asked|"), rows[i].asked);
    }
}

/* A host that changes a password in a stack of the given lines, and ends PAM with what libpam said, or with status. */
static const char *change(const char *lines, int status, bool with_session) {
    talk t = {0};
    pam_handle_t *pamh = host_start(lines, "alice", &t);
    int rc = pam_chauthtok(pamh, PAM_SILENT);

    unlink(SEEN);
    if (with_session)
        assert_int_equal(pam_open_session(pamh, PAM_SILENT), PAM_SUCCESS);
    assert_null(with_session ? pam_getenv(pamh, "PAM_OTS") : NULL);
    pam_end(pamh, status < 0 ? rc : status);
    return seen("arg --event=");
}

#define FAILS_LATE "pam_debug.so prechauthtok=success chauthtok=authtok_err"
#define WORKS "pam_debug.so prechauthtok=success chauthtok=success"

/* What libpam does behind a module that fails at the update is why the line's being called says nothing. */
static void failed_change_is_no_success(void **state) {
    static const struct {
        const char *lines, *told;
    } rows[] = {{"password required " FAILS_LATE "\npassword optional pam_ots.so\n", "password"},
                {"password optional " FAILS_LATE "\npassword required pam_deny.so\npassword optional pam_ots.so\n", ""},
                {"password requisite " FAILS_LATE "\npassword optional pam_ots.so\n", ""},
                {"password [success=1 default=ignore] " FAILS_LATE "\npassword requisite pam_deny.so\n"
                 "password required pam_permit.so\npassword optional pam_ots.so\n",
                 ""}};

    (void)state;
    record_make("alice", 60);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        talk t = {0};
        pam_handle_t *pamh = host_start(rows[i].lines, "alice", &t);
        int rc = pam_chauthtok(pamh, PAM_SILENT);

        assert_int_not_equal(rc, PAM_SUCCESS);
        pam_end(pamh, rc);
        assert_string_equal(seen("arg --event="), rows[i].told);
        unlink(SEEN);
    }
}

static void change_that_program_reports_is_told(void **state) {
    static const char lines[] = "password required " WORKS "\npassword optional pam_ots.so\n"
                                "session required pam_ots.so\n";

    (void)state;
    record_make("alice", 60);
    assert_string_equal(change(lines, -1, false), "changed");
    assert_string_equal(change(lines, PAM_ABORT, false), "");
    assert_string_equal(change(lines, PAM_DATA_SILENT, false), ""); /* a forked copy ends */
    /* A session that opens behind it is a report, too; and then the end is about the session. */
    assert_string_equal(change(lines, -1, true), "changed");
    MUST(unlink(PENDING "/alice") == 0);
    assert_string_equal(change(lines, -1, true), "");
}

#define PROMISE(text, function)                                                                                        \
    { text, function, house_tidy, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        PROMISE("auth: the overdue generated password is refused, in Debian's stack and in a flat one",
                overdue_text_is_refused),
        PROMISE("auth: no other status, no failure, no time-out, no signal refuses", nothing_else_is_refused),
        PROMISE("auth: only a text that was typed is compared, whole, and through a pipe",
                status_counts_only_for_a_text),
        PROMISE("auth: a clock that was set back brings the helper", clock_set_back_runs_helper),
        PROMISE("session: the helper is told whether this login asked for a password",
                session_knows_whether_a_password_was_asked),
        PROMISE("session: what sshd's child leaves counts where sshd speaks, and is taken away",
                environment_counts_where_sshd_speaks),
        PROMISE("password: a change that failed is never told as one, wherever the line stands",
                failed_change_is_no_success),
        PROMISE("password: a change that the program reports is told", change_that_program_reports_is_told),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    if (!house_enter())
        return 0;
    return cmocka_run_group_tests_name("pam_ots refusal", tests, NULL, NULL);
}
