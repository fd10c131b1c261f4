/* SPDX-License-Identifier: MIT
 *
 * The PAM module as a whole, in a host, before a file system and with a helper that all do what the input says. The
 * module MUST NOT grant anything, and refuses for one reason only; what it hands to the helper and to a person is fit
 * for them.
 *
 *   auth 1                          the function, and its flags
 *   debug deadline=3                the arguments of its line
 *   alice                           PAM_USER
 *   sshd                            PAM_SERVICE
 *   pts/3                           PAM_TTY
 *   host.example.com                PAM_RHOST
 *   a password                      PAM_AUTHTOK
 *   password                        SSH_AUTH_INFO_0
 *   0 1700000000 1700000000 1 0     fstatat's errno, or the file's mtime and ctime; how the helper ends, and its code
 *   what the helper prints          to the end
 */
#include <errno.h>
#include <limits.h>
#include <security/pam_appl.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "../../pam_ots/spawn.h"
#include "../../pam_ots/text.h"
#include "core/core.h"
#include "fuzz.h"

#define ITEMS 6

/* All that the module can see of the world. */
static struct {
    char *item[ITEMS]; /* NULL: not set */
    const char *arguments;
    long error, mtime, ctime, end, code;
    piece output;
    unsigned runs, shown;
    bool overdue; /* a helper that was given a text has said that it is the overdue password */
    char variable[16];
    void *data[4];
    const char *data_name[4];
    void (*cleanup[4])(pam_handle_t *pamh, void *data, int status);
} scene;

enum { USER, SERVICE, TTY, RHOST, AUTHTOK, INFO };

int pam_get_item(const pam_handle_t *pamh, int type, const void **out) {
    static const int types[] = {
        [USER] = PAM_USER, [SERVICE] = PAM_SERVICE, [TTY] = PAM_TTY, [RHOST] = PAM_RHOST, [AUTHTOK] = PAM_AUTHTOK};

    (void)pamh;
    for (int i = 0; i < INFO; i++)
        if (types[i] == type) {
            *out = scene.item[i];
            return PAM_SUCCESS;
        }
    return PAM_BAD_ITEM;
}

const char *pam_getenv(pam_handle_t *pamh, const char *name) {
    (void)pamh;
    return strcmp(name, "SSH_AUTH_INFO_0") == 0 ? scene.item[INFO] : scene.variable[0] ? scene.variable : NULL;
}

/* The module has one variable. */
int pam_putenv(pam_handle_t *pamh, const char *text) {
    const char *value = strchr(text, '=');

    (void)pamh;
    HOLDS(strncmp(text, "PAM_OTS", 7) == 0);
    snprintf(scene.variable, sizeof scene.variable, "%s", value ? value + 1 : "");
    return PAM_SUCCESS;
}

/* The module only hands it back. */
static pam_handle_t *handle(void) {
    return (pam_handle_t *)(void *)&scene;
}

static void end_data(int i, int status) {
    if (scene.cleanup[i])
        scene.cleanup[i](handle(), scene.data[i], status);
    scene.data_name[i] = NULL;
    scene.data[i] = NULL;
    scene.cleanup[i] = NULL;
}

static int find_data(const char *name) {
    for (int i = 0; i < 4; i++)
        if (name ? scene.data_name[i] && strcmp(scene.data_name[i], name) == 0 : !scene.data_name[i])
            return i;
    return -1;
}

int pam_set_data(pam_handle_t *pamh, const char *name, void *data,
                 void (*cleanup)(pam_handle_t *pamh, void *data, int status)) {
    int i = find_data(name);

    (void)pamh;
    if (i >= 0)
        end_data(i, PAM_DATA_REPLACE);
    else
        i = find_data(NULL);
    HOLDS(i >= 0);
    scene.data_name[i] = name;
    scene.data[i] = data;
    scene.cleanup[i] = cleanup;
    return PAM_SUCCESS;
}

int pam_get_data(const pam_handle_t *pamh, const char *name, const void **out) {
    int i = find_data(name);

    (void)pamh;
    *out = i >= 0 ? scene.data[i] : NULL;
    return i >= 0 ? PAM_SUCCESS : PAM_NO_MODULE_DATA;
}

/* A log has no password in it, save where it is something else as well. */
void pam_syslog(const pam_handle_t *pamh, int priority, const char *format, ...) {
    const char *typed = scene.item[AUTHTOK];
    char line[4096];
    va_list args;

    (void)pamh, (void)priority;
    va_start(args, format);
    HOLDS(vsnprintf(line, sizeof line, format, args) >= 0);
    va_end(args);
    HOLDS(!typed || strlen(typed) < 8 || !strstr(line, typed) || strstr(scene.item[USER], typed) ||
          strstr(scene.arguments, typed) || strstr(format, typed));
}

/* What a person sees. pam_info and pam_error are macros for this one. */
int pam_prompt(pam_handle_t *pamh, int style, char **response, const char *format, ...) {
    char line[4096];
    va_list args;
    int n;

    (void)pamh;
    HOLDS((style == PAM_TEXT_INFO || style == PAM_ERROR_MSG) && !response);
    va_start(args, format);
    n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    HOLDS(n > 0 && (size_t)n < sizeof line && n <= HELPER_TEXT_MAX && utf8_valid(line, (size_t)n));
    HOLDS(line[n - 1] != '\n' && line[n - 1] != ' ');
    for (const char *c = line; *c; c++)
        HOLDS((unsigned char)*c >= ' ' || *c == '\n');
    scene.shown++;
    return PAM_SUCCESS;
}

/* In the place of spawn.c, and of the helper. */
void helper_run(char *const argv[], const char *typed, int deadline_ms, helper_result *result) {
    size_t n = 2;

    HOLDS(strcmp(argv[0], OTSD_HOOK_PATH) == 0 && strcmp(argv[1], "login") == 0);
    HOLDS(deadline_ms > 0 && deadline_ms <= 30000);
    for (; argv[n] && strcmp(argv[n], "--") != 0; n++) {
        HOLDS(strncmp(argv[n], "--", 2) == 0 && strlen(argv[n]) <= sizeof "--service=" + VALUE_MAX);
        for (const char *c = argv[n]; *c; c++)
            HOLDS(*c > ' ' && *c < 0x7f);
    }
    HOLDS(n < 11 && argv[n] && argv[n + 1] && !argv[n + 2]);
    HOLDS(strcmp(argv[n + 1], scene.item[USER]) == 0 && user_name_length(argv[n + 1]) > 0);
    HOLDS(!typed || strlen(typed) <= HELPER_TYPED_MAX);
    scene.runs++;
    memset(result, 0xaa, sizeof *result); /* no NUL behind the text, and nothing that was there before */
    result->end = (helper_end)scene.end;
    result->code = (int)scene.code;
    result->len = scene.output.len < HELPER_TEXT_MAX ? scene.output.len : HELPER_TEXT_MAX;
    if (result->len > 0)
        memcpy(result->text, scene.output.text, result->len);
    if (typed && result->end == HELPER_EXITED && result->code == OTSD_EXIT_OVERDUE)
        scene.overdue = true;
}

/* The one question that is asked of the file system. */
static int on_stat(const char *path, struct stat *st) {
    static const char pending[] = OTSD_STATE_DIR "/pending/";
    const char *name = path + sizeof pending - 1;

    HOLDS(strncmp(path, pending, sizeof pending - 1) == 0 && name[0] && !strchr(name, '/') && name[0] != '.');
    HOLDS(strcasecmp(name, scene.item[USER]) == 0);
    if (scene.error != 0) {
        errno = (int)scene.error;
        return -1;
    }
    memset(st, 0, sizeof *st);
    st->st_mode = S_IFREG | 0600;
    st->st_mtime = scene.mtime;
    st->st_ctime = scene.ctime;
    return 0;
}

static bool is(piece word, const char *name) {
    return word.len >= strlen(name) && memcmp(word.text, name, strlen(name)) == 0;
}

static void run(piece function, int flags, int argc, const char **argv) {
    if (is(function, "auth")) {
        int rc = pam_sm_authenticate(handle(), flags, argc, argv);

        HOLDS(rc == PAM_IGNORE || (rc == PAM_AUTH_ERR && scene.overdue));
    } else if (is(function, "password")) {
        HOLDS(pam_sm_chauthtok(handle(), flags, argc, argv) == PAM_IGNORE);
        HOLDS((flags & PAM_UPDATE_AUTHTOK) != 0 || scene.runs == 0);
    } else if (is(function, "login")) {
        (void)pam_sm_authenticate(handle(), flags, argc, argv);
        (void)pam_sm_chauthtok(handle(), flags | PAM_UPDATE_AUTHTOK, argc, argv);
        HOLDS(pam_sm_open_session(handle(), flags, argc, argv) == PAM_SUCCESS);
    } else {
        HOLDS(pam_sm_open_session(handle(), flags, argc, argv) == PAM_SUCCESS);
    }
    HOLDS(pam_sm_setcred(handle(), flags, argc, argv) == PAM_IGNORE);
    HOLDS(pam_sm_acct_mgmt(handle(), flags, argc, argv) == PAM_IGNORE);
    HOLDS(pam_sm_close_session(handle(), flags, argc, argv) == PAM_SUCCESS);
}

__attribute__((constructor)) static void begin(void) {
    stage_stat = on_stat;
    stage_euid = 0;
}

/* 0 where there is none. */
static long number(char **at, long most) {
    long n = strtol(*at, at, 10);

    return n < 0 ? 0 : n < most ? n : most;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    piece rest = {(const char *)data, len}, function = piece_line(&rest);
    char *arguments = piece_string(piece_line(&rest)), *facts, *all = strdup(arguments), *at = arguments, *word;
    const char *argv[16];
    int argc = 0, flags = 0;

    HOLDS(all);
    memset(&scene, 0, sizeof scene);
    scene.arguments = all;
    while (argc < 16 && (word = strsep(&at, " ")))
        argv[argc++] = word;
    for (int i = 0; i < ITEMS; i++) {
        scene.item[i] = piece_string(piece_line(&rest));
        if (strcmp(scene.item[i], "-") == 0) {
            free(scene.item[i]);
            scene.item[i] = NULL;
        }
        /* An environment's lines stand in one of ours. */
        for (char *c = i == INFO ? scene.item[i] : NULL; c && *c; c++)
            *c = *c == '|' ? '\n' : *c;
    }
    facts = piece_string(piece_line(&rest));
    at = facts;
    scene.error = number(&at, 4095);
    scene.mtime = number(&at, LONG_MAX);
    scene.ctime = number(&at, LONG_MAX);
    scene.end = number(&at, LONG_MAX);
    scene.code = number(&at, 255);
    if (at > facts) {
        scene.end = HELPER_EXITED + (scene.end & 7) % (HELPER_UNKNOWN - HELPER_EXITED + 1);
        scene.output = rest;
        word = memchr(function.text, ' ', function.len);
        flags = word ? (int)strtol((char[6]){word[1]}, NULL, 10) *
                           (is(function, "password") ? PAM_UPDATE_AUTHTOK : (int)PAM_SILENT)
                     : 0;
        run(function, flags, argc, argv);
        for (int i = 0; i < 4; i++)
            end_data(i, PAM_SUCCESS);
    }
    for (int i = 0; i < ITEMS; i++)
        free(scene.item[i]);
    free(arguments);
    free(all);
    free(facts);
    return 0;
}
