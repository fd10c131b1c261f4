/* SPDX-License-Identifier: MIT
 *
 * pam_ots asks the file system one question, "is there an open hand-off for this user?", and only where there is one
 * tells "otsd-hook login" what happened. It decides nothing about the login:
 *
 *  - What a phase returns is a constant, whatever is found and whatever fails.
 *  - auth, setcred, account and password return PAM_IGNORE: libpam then treats the line, whether required, optional or
 *    sufficient, as if it were not there. Success would be a grant. In auth that is plain; in password, a stack
 *    whose real module has failed would report a changed password, and let an account in that must change it.
 *    Where pam_ots stands alone there, the phase fails, as it should: nobody has authenticated anybody or changed
 *    anything.
 *  - Session open and close return PAM_SUCCESS: who logs in is decided by then, and a service whose only session line
 *    is this one would otherwise be closed to everybody (libpam refuses where all modules ignore). A failure of
 *    another line still fails the stack. Close answers as open does, because libpam judges it by what open returned.
 *  - Without an open hand-off: one system call, no process, no log line, no memory.
 *  - It never prompts: the user is read from the handle, not asked for.
 *  - Without effective uid 0 (a screen locker run by the user) it does nothing, silently.
 */
#include "spawn.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <syslog.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_modules.h>
#include <security/pam_ext.h>

#define ENTRY __attribute__((visibility("default")))
#define PENDING OTSD_STATE_DIR "/pending/"

enum { DEADLINE_DEFAULT = 3, DEADLINE_MAX = 30, HELPER_MARGIN_MS = 200 };

typedef struct options {
    int deadline; /* seconds */
    bool debug;
    const char *bad; /* the first argument that was not understood */
} options;

typedef struct event {
    const char *name;
    bool only_overdue;
    const char *when_failed; /* what it means that the helper did not do its work */
} event;

static const event EVENT_AUTH = {"auth", true, "the password's deadline has passed, but it may not be locked yet"};
static const event EVENT_PASSWORD = {"password", false, "the password was changed, but the old link may still open"};
static const event EVENT_SESSION = {"session", false, "the login goes on; the link may still open"};

static options parse_options(int argc, const char **argv) {
    static const char deadline[] = "deadline=";
    options o = {.deadline = DEADLINE_DEFAULT};

    for (int i = 0; i < argc; i++) {
        const char *digits = argv[i] + (sizeof deadline - 1);
        int value = 0;

        if (strncmp(argv[i], "debug", sizeof "debug") == 0) {
            o.debug = true;
            continue;
        }
        if (strncmp(argv[i], deadline, sizeof deadline - 1) == 0)
            for (; *digits >= '0' && *digits <= '9' && value <= DEADLINE_MAX; digits++)
                value = value * 10 + (*digits - '0');
        if (value >= 1 && value <= DEADLINE_MAX && *digits == '\0')
            o.deadline = value;
        else if (!o.bad)
            o.bad = argv[i];
    }
    return o;
}

/* 1 where user has an open hand-off, with its deadline, 0 where not, -1 where that cannot be told (said in the log).
 * The name has been checked, its length is len: it cannot lead elsewhere. */
static int find_handoff(pam_handle_t *pamh, const char *user, size_t len, time_t *deadline) {
    char path[sizeof PENDING + USER_MAX] = PENDING;
    struct stat st;

    for (size_t i = 0; i < len; i++)
        path[sizeof PENDING - 1 + i] = user[i];
    if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT || errno == ENOTDIR || geteuid() != 0)
            return 0;
        pam_syslog(pamh, LOG_ERR, "%s: cannot look for an open hand-off (%s: %s); nothing was done", user, path,
                   strerror(errno));
        return -1;
    }
    if (geteuid() != 0)
        return 0;
    if (!S_ISREG(st.st_mode) || st.st_uid != 0) {
        pam_syslog(pamh, LOG_ERR, "%s: %s is not a regular file of root; ignored", user, path);
        return -1;
    }
    *deadline = st.st_mtime;
    return 1;
}

static const char *item(const pam_handle_t *pamh, int type) {
    const void *value = NULL;

    return pam_get_item(pamh, type, &value) == PAM_SUCCESS ? value : NULL;
}

static void run_helper(pam_handle_t *pamh, const event *e, const char *user, int deadline_ms, helper_result *result) {
    enum { OPTION_MAX = sizeof "--service=" + VALUE_MAX };
    char event_option[OPTION_MAX], service[OPTION_MAX], method[OPTION_MAX], tty[OPTION_MAX], rhost[OPTION_MAX];
    char methods[VALUE_MAX + 1], number[DECIMAL_MAX], deadline[sizeof "--deadline-ms=" + DECIMAL_MAX];
    const char *argv[11] = {OTSD_HOOK_PATH, "login"};
    size_t n = 2;

    auth_methods(methods, pam_getenv(pamh, "SSH_AUTH_INFO_0"));
    if (option_text(event_option, sizeof event_option, "--event=", e->name))
        argv[n++] = event_option;
    if (option_text(service, sizeof service, "--service=", item(pamh, PAM_SERVICE)))
        argv[n++] = service;
    if (option_text(method, sizeof method, "--method=", methods))
        argv[n++] = method;
    if (option_text(tty, sizeof tty, "--tty=", item(pamh, PAM_TTY)))
        argv[n++] = tty;
    if (option_text(rhost, sizeof rhost, "--rhost=", item(pamh, PAM_RHOST)))
        argv[n++] = rhost;
    /* Less than the module's own, so that a helper which keeps to it is never killed. */
    if (option_text(deadline, sizeof deadline, "--deadline-ms=", decimal(number, deadline_ms - HELPER_MARGIN_MS)))
        argv[n++] = deadline;
    argv[n++] = "--";
    argv[n++] = user;
    argv[n] = NULL;
    helper_run((char *const *)argv, deadline_ms, result);
}

static void log_failure(pam_handle_t *pamh, const event *e, const char *user, int seconds,
                        const helper_result *result) {
    char number[DECIMAL_MAX];
    const char *what = "was ended together with the process that watches it", *detail = "", *unit = "";

    switch (result->end) {
    case HELPER_EXITED:
        what = "ended with status ";
        detail = decimal(number, result->code);
        break;
    case HELPER_SIGNALLED:
        what = "was ended by signal ";
        detail = decimal(number, result->code);
        break;
    case HELPER_TIMED_OUT:
        what = "was stopped at its deadline of ";
        detail = decimal(number, seconds);
        unit = " s";
        break;
    case HELPER_NOT_STARTED:
        what = "could not be run: ";
        detail = strerror(result->code);
        break;
    case HELPER_UNSAFE:
        what = "was not run, because it is not a file that root owns and nobody else can write";
        break;
    case HELPER_UNKNOWN:
        break;
    }
    pam_syslog(pamh, LOG_ERR, "%s: %s login --event=%s %s%s%s; %s; its record is kept, \"otsd-hook sweep\" finishes it",
               user, OTSD_HOOK_PATH, e->name, what, detail, unit, e->when_failed);
}

static void something_happened(pam_handle_t *pamh, int flags, int argc, const char **argv, const event *e) {
    options o = parse_options(argc, argv);
    const char *user = item(pamh, PAM_USER);
    size_t len = user_name_length(user);
    struct timespec now = {0};
    time_t deadline = 0;
    helper_result result;
    int found;

    if (len == 0) {
        if (o.debug)
            pam_syslog(pamh, LOG_DEBUG, "%s: no user, or a name that no hand-off can have", e->name);
        return;
    }
    found = find_handoff(pamh, user, len, &deadline);
    if (found <= 0) {
        if (found == 0 && o.debug)
            pam_syslog(pamh, LOG_DEBUG, "%s: %s: no open hand-off", e->name, user);
        return;
    }
    if (o.bad)
        pam_syslog(pamh, LOG_ERR, "argument \"%s\" is not understood and ignored; there are debug and deadline=1 to %d",
                   o.bad, DEADLINE_MAX);
    clock_gettime(CLOCK_REALTIME, &now);
    if (e->only_overdue && deadline > now.tv_sec) {
        if (o.debug)
            pam_syslog(pamh, LOG_DEBUG, "%s: %s: open hand-off, its deadline has not passed", e->name, user);
        return;
    }

    run_helper(pamh, e, user, o.deadline * 1000, &result);
    if (result.end != HELPER_EXITED || result.code != 0) {
        log_failure(pamh, e, user, o.deadline, &result);
        return;
    }
    len = message_text(result.text, result.len);
    if (o.debug)
        pam_syslog(pamh, LOG_DEBUG, "%s: %s: open hand-off, helper done, %zu bytes of message", e->name, user, len);
    /* A host that does not show it, or has no conversation, has still logged the user in. */
    if (len > 0 && ((unsigned)flags & PAM_SILENT) == 0)
        pam_info(pamh, "%s", result.text);
}

ENTRY int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    something_happened(pamh, flags, argc, argv, &EVENT_AUTH);
    return PAM_IGNORE;
}

ENTRY int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    (void)pamh;
    (void)flags;
    (void)argc;
    (void)argv;
    return PAM_IGNORE;
}

ENTRY int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    (void)pamh;
    (void)flags;
    (void)argc;
    (void)argv;
    return PAM_IGNORE;
}

/* The line stands behind the module that changes the password. A first call, PAM_PRELIM_CHECK, only asks whether all
 * is ready; other bits come along (0xc020 is what passwd passes there). */
ENTRY int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    if ((flags & PAM_UPDATE_AUTHTOK) != 0)
        something_happened(pamh, flags, argc, argv, &EVENT_PASSWORD);
    return PAM_IGNORE;
}

ENTRY int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    something_happened(pamh, flags, argc, argv, &EVENT_SESSION);
    return PAM_SUCCESS;
}

ENTRY int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    (void)pamh;
    (void)flags;
    (void)argc;
    (void)argv;
    return PAM_SUCCESS;
}
