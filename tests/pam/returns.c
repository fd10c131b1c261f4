/* SPDX-License-Identifier: MIT
 *
 * What each phase answers, in real stacks, whatever is found on disk and whatever fails; and when the helper runs at
 * all.
 */
#include "host.h"

#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <security/pam_modules.h>

static const char *const controls[] = {"optional", "required", "requisite", "sufficient"};
enum { CONTROLS = sizeof controls / sizeof controls[0] };

/* One phase of a service whose lines, all of type, are before, then pam_ots, then after. */
static int phase_result(int (*phase)(pam_handle_t *, int), const char *type, const char *before, const char *control,
                        const char *after) {
    char lines[512];
    talk t = {0};
    pam_handle_t *pamh;
    int rc;

    snprintf(lines, sizeof lines, "%s %s\n%s %s pam_ots.so\n%s %s\n", *before ? type : "#", before, type, control,
             *after ? type : "#", after);
    pamh = host_start(lines, "alice", &t);
    rc = phase(pamh, 0);
    pam_end(pamh, rc);
    return rc;
}

/* Nothing on disk; a record; an overdue one; an overdue one and a helper that fails. */
static void situation(int n) {
    house_tidy(NULL);
    if (n > 0)
        record_make("alice", n > 1 ? -60 : 3600);
    if (n > 2)
        text_write(MODE, "fail");
}
enum { SITUATIONS = 4 };

static void never_decides(int (*phase)(pam_handle_t *, int), const char *type) {
    for (int s = 0; s < SITUATIONS; s++)
        for (int c = 0; c < CONTROLS; c++) {
            situation(s);
            assert_int_equal(phase_result(phase, type, "", controls[c], ""), PAM_PERM_DENIED);
            assert_int_equal(phase_result(phase, type, "required pam_permit.so", controls[c], ""), PAM_SUCCESS);
            assert_int_equal(phase_result(phase, type, "", controls[c], "required pam_permit.so"), PAM_SUCCESS);
            assert_int_not_equal(phase_result(phase, type, "required pam_deny.so", controls[c], ""), PAM_SUCCESS);
            assert_int_not_equal(phase_result(phase, type, "", controls[c], "required pam_deny.so"), PAM_SUCCESS);
            assert_int_not_equal(phase_result(phase, type, "[default=ignore] pam_deny.so", controls[c], ""),
                                 PAM_SUCCESS);
        }
}

static void auth_never_decides(void **state) {
    (void)state;
    never_decides(pam_authenticate, "auth");
}

static void setcred_never_decides(void **state) {
    (void)state;
    never_decides(pam_setcred, "auth");
}

static void account_never_decides(void **state) {
    (void)state;
    never_decides(pam_acct_mgmt, "account");
}

static void password_never_decides(void **state) {
    (void)state;
    never_decides(pam_chauthtok, "password");
}

static int open_and_close(pam_handle_t *pamh, int flags) {
    int opened = pam_open_session(pamh, flags), closed = pam_close_session(pamh, flags);

    return opened != PAM_SUCCESS ? opened : closed;
}

static void session_never_blocks(void **state) {
    (void)state;
    for (int s = 0; s < SITUATIONS; s++)
        for (int c = 0; c < CONTROLS; c++) {
            situation(s);
            assert_int_equal(phase_result(open_and_close, "session", "", controls[c], ""), PAM_SUCCESS);
            assert_int_equal(phase_result(open_and_close, "session", "required pam_permit.so", controls[c], ""),
                             PAM_SUCCESS);
            assert_int_equal(phase_result(open_and_close, "session", "", controls[c], "optional pam_permit.so"),
                             PAM_SUCCESS);
        }
}

static void session_opens_none_that_is_refused(void **state) {
    (void)state;
    for (int s = 0; s < SITUATIONS; s++)
        for (int c = 0; c < 3; c++) {
            situation(s);
            assert_int_not_equal(phase_result(open_and_close, "session", "required pam_deny.so", controls[c], ""),
                                 PAM_SUCCESS);
            assert_int_not_equal(phase_result(open_and_close, "session", "", controls[c], "required pam_deny.so"),
                                 PAM_SUCCESS);
        }
}

/* Calls one entry point of the module itself, so that all flags can be given. */
static int entry(const char *name, const char *user, int flags) {
    pam_handle_t *pamh;
    int rc;

    int (*function)(pam_handle_t *, int, int, const char **);
    talk t = {0};
    void *module = dlopen(module_path, RTLD_NOW);
    MUST(module);
    *(void **)&function = dlsym(module, name);
    MUST(function);
    pamh = host_start("", user, &t);
    rc = function(pamh, flags, 0, NULL);
    pam_end(pamh, rc);
    dlclose(module);
    return rc;
}

static void auth_runs_helper_when_overdue(void **state) {
    (void)state;
    record_make("alice", 3600);
    assert_int_equal(entry("pam_sm_authenticate", "alice", 0), PAM_IGNORE);
    assert_int_equal(helper_runs(), 0);
    record_make("alice", 0);
    assert_int_equal(entry("pam_sm_authenticate", "alice", 0), PAM_IGNORE);
    assert_int_equal(helper_runs(), 1);
    assert_non_null(strstr(text_read(SEEN), "arg --event=auth\n"));
}

static void password_runs_helper_at_update(void **state) {
    static const struct {
        int flags, runs;
    } rows[] = {{0, 0},      {PAM_PRELIM_CHECK, 0}, {0xc020, 0}, {0x4000, 0}, {PAM_CHANGE_EXPIRED_AUTHTOK, 0},
                {0x2000, 1}, {0xa000, 1},           {0x2020, 1}, {0xa020, 1}, {0x2000 | PAM_SILENT, 1}};
    (void)state;
    record_make("alice", 3600);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unlink(SEEN);
        assert_int_equal(entry("pam_sm_chauthtok", "alice", rows[i].flags), PAM_IGNORE);
        assert_int_equal(helper_runs(), rows[i].runs);
    }
    assert_non_null(strstr(text_read(SEEN), "arg --event=password\n"));
}

static void session_runs_helper_once(void **state) {
    (void)state;
    record_make("alice", 3600);
    assert_int_equal(entry("pam_sm_open_session", "alice", 0), PAM_SUCCESS);
    assert_int_equal(helper_runs(), 1);
    assert_non_null(strstr(text_read(SEEN), "arg --event=session\n"));
}

static void other_phases_never_run_helper(void **state) {
    (void)state;
    record_make("alice", -60);
    assert_int_equal(entry("pam_sm_setcred", "alice", PAM_ESTABLISH_CRED), PAM_IGNORE);
    assert_int_equal(entry("pam_sm_acct_mgmt", "alice", 0), PAM_IGNORE);
    assert_int_equal(entry("pam_sm_close_session", "alice", 0), PAM_SUCCESS);
    assert_int_equal(helper_runs(), 0);
    assert_string_equal(log_take(NULL), "");
}

/* Each of these would lead to a file in the folder, were it looked up. */
static void bad_names_are_not_looked_up(void **state) {
    static const char *const names[] = {"../pending/alice", "./alice", ".", "..", ".hidden",     "-rf", "a\nb", "a\x7f",
                                        "a\x1b[31m",        "sub/x",   "/", "",   "sub/../alice"};
    char longest[257];

    (void)state;
    record_make("alice", -60);
    record_make(".hidden", -60);
    record_make("-rf", -60);
    record_make("a\nb", -60);
    record_make("a\x7f", -60);
    record_make("a\x1b[31m", -60);
    MUST(mkdir(PENDING "/sub", 0700) == 0);
    record_make("sub/x", -60);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(entry("pam_sm_authenticate", names[i], 0), PAM_IGNORE);
        assert_int_equal(entry("pam_sm_chauthtok", names[i], PAM_UPDATE_AUTHTOK), PAM_IGNORE);
        assert_int_equal(entry("pam_sm_open_session", names[i], 0), PAM_SUCCESS);
    }
    memset(longest, 'a', 256);
    longest[256] = '\0';
    assert_int_equal(entry("pam_sm_open_session", longest, 0), PAM_SUCCESS);
    assert_int_equal(helper_runs(), 0);
    assert_string_equal(log_take(NULL), "");
    longest[255] = '\0';
    record_make(longest, 60);
    assert_int_equal(entry("pam_sm_open_session", longest, 0), PAM_SUCCESS);
    assert_int_equal(helper_runs(), 1);
}

static void no_user_is_not_asked_for(void **state) {
    talk t = {0};

    (void)state;
    record_make("alice", -60);
    assert_int_equal(entry("pam_sm_authenticate", NULL, 0), PAM_IGNORE);
    assert_int_equal(entry("pam_sm_chauthtok", NULL, PAM_UPDATE_AUTHTOK), PAM_IGNORE);
    assert_int_equal(session_open(NULL, "", 0, &t), PAM_SUCCESS);
    assert_int_equal(t.calls, 0);
    assert_int_equal(helper_runs(), 0);
    assert_string_equal(log_take(NULL), "");
}

static void no_record_no_trace(void **state) {
    talk t = {0};

    (void)state;
    record_make("bob", -60);
    assert_int_equal(entry("pam_sm_authenticate", "alice", 0), PAM_IGNORE);
    assert_int_equal(session_open("alice", "deadline=x nonsense", 0, &t), PAM_SUCCESS);
    MUST(rename(PENDING, OTSD_STATE_DIR "/elsewhere") == 0);
    assert_int_equal(session_open("bob", "", 0, &t), PAM_SUCCESS);
    text_write(PENDING, "a file where the folder should be");
    assert_int_equal(session_open("bob", "", 0, &t), PAM_SUCCESS);
    MUST(unlink(PENDING) == 0 && rename(OTSD_STATE_DIR "/elsewhere", PENDING) == 0);
    assert_int_equal(helper_runs() + t.calls, 0);
    assert_string_equal(log_take(NULL), "");
}

static void only_roots_regular_file_is_a_record(void **state) {
    int lines;

    (void)state;
    record_make("bob", -60);
    MUST(symlink(PENDING "/bob", PENDING "/alice") == 0 && symlink("nowhere", PENDING "/carol") == 0);
    MUST(mkdir(PENDING "/dora", 0700) == 0 && mkfifo(PENDING "/erik", 0600) == 0);
    record_make("fred", -60);
    MUST(chown(PENDING "/fred", 1000, 0) == 0);
    for (const char *const *user = (const char *const[]){"alice", "carol", "dora", "erik", "fred", NULL}; *user;
         user++) {
        assert_int_equal(session_open(*user, "", 0, NULL), PAM_SUCCESS);
        assert_non_null(strstr(log_take(&lines), *user));
        assert_int_equal(lines, 1);
    }
    assert_int_equal(helper_runs(), 0);
}

/* Whose record that is the helper finds out: it is told what was typed. */
static void capitals_are_looked_for_lowered(void **state) {
    (void)state;
    record_make("alice", 60);
    assert_int_equal(session_open("AlICE", "", 0, NULL), PAM_SUCCESS);
    assert_int_equal(helper_runs(), 1);
    assert_non_null(strstr(text_read(SEEN), "arg --\narg AlICE\n"));
    unlink(SEEN);
    record_make("BOB", 60);
    assert_int_equal(session_open("bob", "", 0, NULL), PAM_SUCCESS);
    assert_int_equal(session_open("Bob", "", 0, NULL), PAM_SUCCESS);
    assert_int_equal(helper_runs(), 0);
    /* What was typed comes first. */
    record_make("bob", -60);
    assert_int_equal(entry("pam_sm_authenticate", "BOB", 0), PAM_IGNORE);
    assert_int_equal(helper_runs(), 0);
    assert_int_equal(entry("pam_sm_authenticate", "bOB", 0), PAM_IGNORE);
    assert_int_equal(helper_runs(), 1);
    assert_string_equal(log_take(NULL), "");
}

static void as_other_user(report *r) {
    MUST(setresuid(1000, 1000, 0) == 0);
    r->rc = session_open("alice", "debug nonsense", 0, &r->t);
}

static void without_root_nothing_happens(void **state) {
    const report *r;

    (void)state;
    record_make("alice", 60);
    MUST(chmod(PENDING, 0755) == 0 && chmod(HOUSE "/pam.d", 0777) == 0);
    MUST(unlink(HOUSE "/pam.d/host") == 0);
    r = in_host(as_other_user);
    assert_int_equal(r->rc, PAM_SUCCESS);
    MUST(chmod(PENDING, 0700) == 0 && unlink(HOUSE "/pam.d/host") == 0);
    r = in_host(as_other_user);
    assert_int_equal(r->rc, PAM_SUCCESS);
    assert_int_equal(helper_runs() + r->t.calls, 0);
    assert_null(strstr(log_take(NULL), "nonsense"));
    MUST(chmod(HOUSE "/pam.d", 0755) == 0 && unlink(HOUSE "/pam.d/host") == 0);
}

/* A session goes through; one log line names the user, the trouble and the way out. */
static void expect_fault(const char *trouble) {
    int lines;
    talk t = {0};
    const char *log;

    assert_int_equal(session_open("alice", "", 0, &t), PAM_SUCCESS);
    log = log_take(&lines);
    assert_int_equal(lines, 1);
    assert_non_null(strstr(log, "alice: "));
    assert_non_null(strstr(log, trouble));
    assert_non_null(strstr(log, "otsd-hook sweep"));
    assert_int_equal(t.calls, 0);
}

static void helper_faults_are_said_once(void **state) {
    (void)state;
    record_make("alice", 60);
    MUST(unlink(OTSD_HOOK_PATH) == 0);
    expect_fault("No such file");
    MUST(mkdir(OTSD_HOOK_PATH, 0755) == 0);
    expect_fault("not a file that root owns");
    MUST(rmdir(OTSD_HOOK_PATH) == 0);
    helper_install();
    MUST(chmod(OTSD_HOOK_PATH, 0644) == 0);
    expect_fault("Permission denied");
    MUST(chmod(OTSD_HOOK_PATH, 0775) == 0);
    expect_fault("not a file that root owns");
    MUST(chmod(OTSD_HOOK_PATH, 0757) == 0);
    expect_fault("not a file that root owns");
    MUST(chmod(OTSD_HOOK_PATH, 0755) == 0 && chown(OTSD_HOOK_PATH, 1000, 0) == 0);
    expect_fault("not a file that root owns");
    MUST(chown(OTSD_HOOK_PATH, 0, 0) == 0);
    text_write(OTSD_HOOK_PATH, "neither a binary nor a script");
    expect_fault("Exec format error");
    assert_int_equal(helper_runs(), 0);
    helper_install();
    text_write(SAY, "a message that is not to be shown");
    text_write(MODE, "fail");
    expect_fault("ended with status 75");
    text_write(MODE, "die");
    expect_fault("ended by signal 9");
    assert_int_equal(helper_runs(), 2);
}

/* From now on this process's clone fails: the one without flags, or all others. */
static void refuse_clone(bool without_flags) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, without_flags ? 0 : 1, without_flags ? 1 : 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};

    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void count_processes_and_open(report *r, bool without_flags) {
    refuse_clone(without_flags);
    r->before = descriptors_open();
    r->rc = session_open("alice", "", 0, &r->t);
    r->after = descriptors_open();
}

static void first_fork_fails(report *r) {
    count_processes_and_open(r, true);
}

static void second_fork_fails(report *r) {
    count_processes_and_open(r, false);
}

static void failed_fork_blocks_nothing(void **state) {
    void (*const hosts[])(report *) = {first_fork_fails, second_fork_fails};
    (void)state;
    record_make("alice", 60);
    for (int i = 0; i < 2; i++) {
        int lines;
        const report *r = in_host(hosts[i]);

        assert_int_equal(r->rc, PAM_SUCCESS);
        assert_int_equal(r->before, r->after);
        assert_non_null(strstr(log_take(&lines), "Resource temporarily unavailable"));
        assert_int_equal(lines, 1);
    }
    assert_int_equal(helper_runs(), 0);
}

static void bad_arguments_are_said_and_passed_over(void **state) {
    static const char *const bad[] = {"deadline=0",  "deadline=31", "deadline=", "deadline=1s", "deadline=-1",
                                      "deadline= 1", "deadline",    "timeout=3", "DEBUG",       "deadline=4294967297"};
    int lines;

    (void)state;
    record_make("alice", 60);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char bracketed[64];

        unlink(SEEN);
        snprintf(bracketed, sizeof bracketed, "[%s]", bad[i]);
        assert_int_equal(session_open("alice", bracketed, 0, NULL), PAM_SUCCESS);
        assert_non_null(strstr(log_take(&lines), bad[i]));
        assert_int_equal(lines, 1);
        assert_non_null(strstr(text_read(SEEN), "arg --deadline-ms=2800\n"));
    }
}

static void good_arguments_are_followed(void **state) {
    (void)state;
    record_make("alice", 60);
    assert_int_equal(session_open("alice", "deadline=30", 0, NULL), PAM_SUCCESS);
    assert_non_null(strstr(text_read(SEEN), "arg --deadline-ms=29800\n"));
    assert_string_equal(log_take(NULL), "");
    assert_int_equal(session_open("alice", "debug deadline=1", 0, NULL), PAM_SUCCESS);
    assert_non_null(strstr(text_read(SEEN), "arg --deadline-ms=800\n"));
    assert_non_null(strstr(log_take(NULL), "alice: open hand-off, helper done"));
    assert_int_equal(session_open("bob", "debug", 0, NULL), PAM_SUCCESS);
    assert_non_null(strstr(log_take(NULL), "bob: no open hand-off"));
}

#define PROMISE(text, function)                                                                                        \
    { text, function, house_tidy, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        PROMISE("auth: never grants, never refuses, in any stack and whatever fails", auth_never_decides),
        PROMISE("setcred: never grants, never refuses", setcred_never_decides),
        PROMISE("account: never grants, never refuses", account_never_decides),
        PROMISE("password: never reports a change that did not happen, never hides one", password_never_decides),
        PROMISE("session: blocks nothing, alone or beside others, whatever fails", session_never_blocks),
        PROMISE("session: a refusal of another module stands", session_opens_none_that_is_refused),
        PROMISE("auth: the helper runs only when the deadline has passed", auth_runs_helper_when_overdue),
        PROMISE("password: the helper runs at the update, by bits, not at the preliminary check",
                password_runs_helper_at_update),
        PROMISE("session: the helper runs once", session_runs_helper_once),
        PROMISE("setcred, account and close: the helper never runs", other_phases_never_run_helper),
        PROMISE("a name that is not one plain path component is not looked up", bad_names_are_not_looked_up),
        PROMISE("without a user nothing is asked and nothing is done", no_user_is_not_asked_for),
        PROMISE("where no hand-off is open: no helper, no log line, no message", no_record_no_trace),
        PROMISE("a name with capitals is looked for as typed, then lowered", capitals_are_looked_for_lowered),
        PROMISE("a link, folder, fifo or another user's file is no record, and the log says so",
                only_roots_regular_file_is_a_record),
        PROMISE("without effective uid 0 nothing happens", without_root_nothing_happens),
        PROMISE("a helper that is missing, unsafe or failing: one log line, no message, the session opens",
                helper_faults_are_said_once),
        PROMISE("a fork that fails: one log line, the session opens, no descriptor is left",
                failed_fork_blocks_nothing),
        PROMISE("an argument that is not understood is said once and passed over",
                bad_arguments_are_said_and_passed_over),
        PROMISE("debug and deadline are followed", good_arguments_are_followed),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    if (!house_enter())
        return 0;
    return cmocka_run_group_tests_name("pam_ots returns", tests, NULL, NULL);
}
