/* SPDX-License-Identifier: MIT
 *
 * See ask.h.
 */
#include "ask.h"

#include <string.h>
#include <syslog.h>
#include <time.h>

#include <security/pam_ext.h>

#include "text.h"

enum { HELPER_MARGIN_MS = 200 };

const char *pam_text(const pam_handle_t *pamh, int type) {
    const void *value = NULL;

    return pam_get_item(pamh, type, &value) == PAM_SUCCESS ? value : NULL;
}

static void run_helper(const visit *v, const event *e, const char *typed, helper_result *result) {
    enum { OPTION_MAX = sizeof "--service=" + VALUE_MAX };
    char event_option[OPTION_MAX], service[OPTION_MAX], method[OPTION_MAX], tty[OPTION_MAX], rhost[OPTION_MAX];
    char methods[VALUE_MAX + 1], number[DECIMAL_MAX], deadline[sizeof "--deadline-ms=" + DECIMAL_MAX];
    const char *argv[12] = {OTSD_HOOK_PATH, "login"};
    size_t n = 2;

    auth_methods(methods, pam_getenv(v->pamh, "SSH_AUTH_INFO_0"));
    if (option_text(event_option, sizeof event_option, "--event=", e->name))
        argv[n++] = event_option;
    if (e->option)
        argv[n++] = e->option;
    if (option_text(service, sizeof service, "--service=", pam_text(v->pamh, PAM_SERVICE)))
        argv[n++] = service;
    if (option_text(method, sizeof method, "--method=", methods))
        argv[n++] = method;
    if (option_text(tty, sizeof tty, "--tty=", pam_text(v->pamh, PAM_TTY)))
        argv[n++] = tty;
    if (option_text(rhost, sizeof rhost, "--rhost=", pam_text(v->pamh, PAM_RHOST)))
        argv[n++] = rhost;
    /* Less than the module's own, so that a helper which keeps to it is never killed. */
    if (option_text(deadline, sizeof deadline, "--deadline-ms=", decimal(number, v->left_ms - HELPER_MARGIN_MS)))
        argv[n++] = deadline;
    argv[n++] = "--";
    argv[n++] = v->user;
    argv[n] = NULL;
    helper_run((char *const *)argv, typed, v->left_ms, result);
}

static void log_failure(const visit *v, const event *e, const helper_result *result) {
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
        detail = decimal(number, v->seconds);
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
    pam_syslog(v->pamh, LOG_ERR,
               "%s: %s login --event=%s %s%s%s; %s; its record is kept, \"otsd-hook sweep\" finishes it", v->user,
               OTSD_HOOK_PATH, e->name, what, detail, unit, e->when_failed);
}

static int ms_between(const struct timespec *from, const struct timespec *to) {
    return (int)((to->tv_sec - from->tv_sec) * 1000 + (to->tv_nsec - from->tv_nsec) / 1000000);
}

bool helper_ask(visit *v, const event *e, const char *typed, int also, helper_result *result) {
    struct timespec begin = {0}, end = {0};

    if (v->left_ms <= HELPER_MARGIN_MS)
        return false;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    run_helper(v, e, typed, result);
    clock_gettime(CLOCK_MONOTONIC, &end);
    v->left_ms -= ms_between(&begin, &end);
    if (result->end == HELPER_EXITED && (result->code == 0 || result->code == also))
        return true;
    log_failure(v, e, result);
    return false;
}
