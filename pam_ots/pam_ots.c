/* SPDX-License-Identifier: MIT
 *
 * pam_ots asks the file system one question, "is there an open hand-off for this user?", and only where there is one
 * tells "otsd-hook login" what happened. It MUST NOT grant anything, and MUST NOT refuse anything but one text:
 *
 *  - auth, setcred, account and password return PAM_IGNORE: libpam then treats the line, whether required, optional or
 *    sufficient, as if it were not there. Success would be a grant. In auth that is plain; in password, a stack
 *    whose real module has failed would report a changed password, and let an account in that must change it.
 *    Where pam_ots stands alone there, the phase fails, as it should: nobody has authenticated anybody or changed
 *    anything.
 *  - Session open and close return PAM_SUCCESS: who logs in is decided by then, and a service whose only session line
 *    is this one would otherwise be closed to everybody (libpam refuses where all modules ignore). A failure of
 *    another line still fails the stack. Close answers as open does, because libpam judges it by what open returned.
 *
 * The one text. A generated password whose time is over MUST open no login. Locking it is not enough: until the lock is
 * in the shadow file the password module says yes, and whoever starts passwd and stops it holds the lock as long as he
 * likes. So auth returns PAM_AUTH_ERR where the helper ends, by itself, with the status that says "this very text is
 * the generated password of this user's hand-off, and its time is over". Why that can refuse nobody whose password is
 * their own:
 *
 *  - It is about the text that was typed, not about the account. A Kerberos user, or somebody who has chosen a password
 *    meanwhile, types another text, while the old hash may well stand in the file.
 *  - It rests on positive knowledge only. No text, no record, a record that is not due, a helper that is missing,
 *    fails, crashes, is late, is killed, or says anything else: PAM_IGNORE.
 *  - The status MUST be one that no program ends with by accident, and no other run of the helper is asked for it.
 *  - The helper compares, and does nothing else: no lock, no wait, no network. Locking is a second run, behind it.
 *
 * For that the line MUST stand behind the modules that ask for the password (it never prompts, it looks at what they
 * were given), be reached when one of them has succeeded, and be required: an optional refusal counts for nothing.
 *
 *  - Without an open hand-off: one system call, no process, no log line, no memory. A second one for a name with
 *    capitals: where the name service ignores case, the hand-off is filed under the lowered form. Whether a record
 *    found so is this account's the helper finds out; the name service is not asked from here.
 *  - It never prompts: user and text are read from the handle, not asked for.
 *  - Without effective uid 0 (a screen locker run by the user) it does nothing, silently.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "ask.h"
#include "mark.h"
#include "text.h"

#define ENTRY __attribute__((visibility("default")))
#define PENDING OTSD_STATE_DIR "/pending/"

enum { DEADLINE_DEFAULT = 3, DEADLINE_MAX = 30 };

typedef struct options {
    int deadline; /* seconds */
    bool debug;
    const char *bad; /* the first argument that was not understood */
} options;

static const event COMPARE = {"auth", "--typed", "if the overdue password was typed, it may have opened this login"};
static const event AUTH = {"auth", NULL, "the password's deadline has passed, but it may not be locked yet"};
static const event PASSWORD = {"password", NULL, "the password was changed, but the old link may still open"};
static const event CHANGED = {"changed", NULL, "the password was changed, but the old link may still open"};
static const event SESSION = {"session", NULL, "the login goes on; the link may still open"};
static const event SESSION_ASKED = {"session", "--asked", "the login goes on; the link may still open"};

static const char OVER[] = "This password was for the first login, and its time is over. Ask your administrator for a "
                           "new one.";

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

/* 1 where user has an open hand-off, 0 where not, -1 where that cannot be told (said in the log). The name has been
 * checked: it cannot lead elsewhere. *due: the file's time is the deadline, and it has passed; or
 * the file was changed in the future, so that the clock was set back and nobody knows without looking closer. */
static int find_handoff(pam_handle_t *pamh, const char *user, bool *due) {
    char path[sizeof PENDING + USER_MAX] = PENDING, *name = path + (sizeof PENDING - 1);
    struct timespec now = {0};
    struct stat st;
    int rc;

    user_name_copy(name, user);
    rc = fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW);
    if (rc != 0 && errno == ENOENT && user_name_lower(name, user))
        rc = fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW);
    if (rc != 0) {
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
    clock_gettime(CLOCK_REALTIME, &now);
    *due = st.st_mtime <= now.tv_sec || st.st_ctime > now.tv_sec;
    return 1;
}

/* False: there is nothing to do. */
static bool visit_begin(visit *v, pam_handle_t *pamh, const char *phase, int flags, options o) {
    const char *user = pam_text(pamh, PAM_USER);
    int found;

    *v = (visit){.pamh = pamh,
                 .user = user,
                 .seconds = o.deadline,
                 .left_ms = o.deadline * 1000,
                 .debug = o.debug,
                 .silent = ((unsigned)flags & PAM_SILENT) != 0};
    if (user_name_length(user) == 0) {
        if (o.debug)
            pam_syslog(pamh, LOG_DEBUG, "%s: no user, or a name that no hand-off can have", phase);
        return false;
    }
    found = find_handoff(pamh, user, &v->due);
    if (found == 0 && o.debug)
        pam_syslog(pamh, LOG_DEBUG, "%s: %s: no open hand-off", phase, user);
    if (found == 1 && o.bad)
        pam_syslog(pamh, LOG_ERR, "argument \"%s\" is not understood and ignored; there are debug and deadline=1 to %d",
                   o.bad, DEADLINE_MAX);
    return found == 1;
}

static void tell_helper(visit *v, const event *e) {
    helper_result result;
    size_t len;

    if (!helper_ask(v, e, NULL, 0, &result))
        return;
    len = message_text(result.text, result.len);
    if (v->debug)
        pam_syslog(v->pamh, LOG_DEBUG, "%s: %s: open hand-off, helper done, %zu bytes of message", e->name, v->user,
                   len);
    /* A host that does not show it, or has no conversation, has still logged the user in. */
    if (len > 0 && !v->silent)
        pam_info(v->pamh, "%s", result.text);
}

/* Only a plain yes of the helper is one. */
static bool is_overdue_password(visit *v, const char *typed) {
    helper_result result;

    return bounded_length(typed, HELPER_TYPED_MAX) <= HELPER_TYPED_MAX &&
           helper_ask(v, &COMPARE, typed, OTSD_EXIT_OVERDUE, &result) && result.end == HELPER_EXITED &&
           result.code == OTSD_EXIT_OVERDUE;
}

ENTRY int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    visit v;
    const char *typed;
    bool refuse;

    if (!visit_begin(&v, pamh, AUTH.name, flags, parse_options(argc, argv)))
        return PAM_IGNORE;
    typed = pam_text(pamh, PAM_AUTHTOK);
    mark_authentication(pamh, v.user, typed && *typed != '\0');
    if (!v.due) {
        if (v.debug)
            pam_syslog(pamh, LOG_DEBUG, "%s: %s: open hand-off, its deadline has not passed", AUTH.name, v.user);
        return PAM_IGNORE;
    }
    refuse = typed && is_overdue_password(&v, typed);
    tell_helper(&v, &AUTH);
    if (!refuse)
        return PAM_IGNORE;
    pam_syslog(pamh, LOG_NOTICE, "%s: refused: what was typed is the generated password, and its time is over", v.user);
    if (!v.silent)
        pam_error(pamh, "%s", OVER);
    return PAM_AUTH_ERR;
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

/* The program says that the change went well, which the helper can use where nobody can look at the password itself. */
static void change_ended(pam_handle_t *pamh, const change *c) {
    options o = {.deadline = c->seconds, .debug = c->debug};
    visit v;

    if (visit_begin(&v, pamh, CHANGED.name, c->silent ? PAM_SILENT : 0, o) && strcmp(v.user, c->user) == 0)
        tell_helper(&v, &CHANGED);
}

/* The line stands behind the module that changes the password. A first call, PAM_PRELIM_CHECK, only asks whether all is
 * ready; other bits come along (0xc020 is what passwd passes there). That the second one comes here does not say that
 * the change went well (see mark.c): the helper looks for itself. */
ENTRY int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    change c = {0};
    visit v;

    if ((flags & PAM_UPDATE_AUTHTOK) == 0 || !visit_begin(&v, pamh, PASSWORD.name, flags, parse_options(argc, argv)))
        return PAM_IGNORE;
    user_name_copy(c.user, v.user);
    c.seconds = v.seconds;
    c.debug = v.debug;
    c.silent = v.silent;
    mark_change(pamh, &c, change_ended);
    tell_helper(&v, &PASSWORD);
    return PAM_IGNORE;
}

ENTRY int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    const char *user = pam_text(pamh, PAM_USER);
    mark m = mark_take(pamh, user ? user : "");
    visit v;

    if (visit_begin(&v, pamh, SESSION.name, flags, parse_options(argc, argv)))
        tell_helper(&v, m == MARK_CHANGED ? &CHANGED : m == MARK_ASKED ? &SESSION_ASKED : &SESSION);
    return PAM_SUCCESS;
}

ENTRY int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    (void)pamh;
    (void)flags;
    (void)argc;
    (void)argv;
    return PAM_SUCCESS;
}
