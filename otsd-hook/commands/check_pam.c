/* SPDX-License-Identifier: MIT
 *
 * Is the module there, and do its lines stand where they are reached? A line too few is the usual mistake, a line that
 * another one jumps over the one that nobody sees.
 */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "commands/checks.h"

#define FILE_MOST ((size_t)1 << 20) /* bytes; real ones have a thousand */
#define FOLDERS 2

/* Where libpam looks, as far as distributions differ. */
static const char module_paths[] = "/{usr/,}{lib/*-linux-*,lib64,lib}/security/pam_ots.so";

void check_module(check *c) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT, .forbidden = 022, .follow = true};
    file_verdict verdict;
    file_found found;
    glob_t g;

    if (glob(module_paths, GLOB_BRACE, NULL, &g) != 0) {
        findings_error(&c->f, EX_CONFIG, "install it where libpam looks for modules (make install PAMDIR=...)",
                       "pam_ots.so is not there: no login is noticed");
        return;
    }
    verdict = file_open(AT_FDCWD, g.gl_pathv[0], O_RDONLY, &wanted, &found);
    if (verdict == FILE_GOOD) {
        findings_ok(&c->f, "%s", g.gl_pathv[0]);
        (void)close(found.fd); /* only looked at */
    } else {
        findings_error(&c->f, EX_CONFIG, "chown root, chmod 0644",
                       "%s must be a file of root's that nobody else can write", g.gl_pathv[0]);
    }
    globfree(&g);
}

static char *read_whole(const char *path) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ANYBODY, .follow = true};
    char *text = calloc(1, FILE_MOST + 1);
    size_t len = 0;
    ssize_t n = 1;
    file_found f;

    if (!text || file_open(AT_FDCWD, path, O_RDONLY, &wanted, &f) != FILE_GOOD) {
        free(text);
        return NULL;
    }
    while (n > 0 && len < FILE_MOST) {
        n = file_read(f.fd, text + len, FILE_MOST - len);
        len += n > 0 ? (size_t)n : 0;
    }
    (void)close(f.fd); /* only read from */
    return text;
}

static char *pam_file(const char *name, void *arg) {
    static const char *const folders[FOLDERS] = {"/etc/pam.d", "/usr/lib/pam.d"};
    char path[STACK_NAME * 2], *text = NULL;

    (void)arg;
    if (name[0] == '/')
        return read_whole(name);
    for (size_t i = 0; i < FOLDERS && !text; i++) {
        snprintf(path, sizeof path, "%s/%s", folders[i], name);
        text = read_whole(path);
    }
    return text;
}

/* What follows where our line is not reached. */
static const char *harm(stack_type type, stack_place place) {
    switch (type) {
    case STACK_AUTH: /* which also notes that a password was asked for */
        return place == PLACE_POWERLESS ? "an overdue password may open a login until a sweep has locked it"
                                        : "no arrival is noticed, and an overdue password may open a login";
    case STACK_SESSION:
        return "an arrival is not noticed";
    default:
        return "a changed password is noticed by the next sweep only";
    }
}

static void say_place(char *out, size_t size, stack_type type, const stack_verdict *v) {
    const char *name = stack_type_name(type);
    const stack_line *o = v->ours, *by = v->by;

    switch (v->place) {
    case PLACE_EARLY:
        snprintf(out, size, "the %s line (%s:%u) stands in front of %s (%s:%u)", name, o->file, o->number, by->module,
                 by->file, by->number);
        break;
    case PLACE_JUMPED:
    case PLACE_MAYBE_JUMPED:
        snprintf(out, size, "%s (%s:%u, %s) %s over the %s line (%s:%u)", by->module, by->file, by->number, by->control,
                 v->place == PLACE_JUMPED ? "jumps" : "may jump", name, o->file, o->number);
        break;
    case PLACE_POWERLESS:
        snprintf(out, size, "the %s line (%s:%u) is %s, not required: its refusal does not count", name, o->file,
                 o->number, o->control);
        break;
    default:
        snprintf(out, size, "there is no %s line of pam_ots.so", name);
    }
}

bool judge_place(findings *f, const char *service, bool is_login, stack_type type, const stack_verdict *v) {
    static const char remedy[] = "pam_ots(8) says where each line stands";
    char text[STACK_NAME * 8];

    /* The account line does nothing; of a service that only changes passwords, the password line is what counts. */
    if (v->place == PLACE_GOOD || type == STACK_ACCOUNT || (!is_login && type != STACK_PASSWORD))
        return true;
    say_place(text, sizeof text, type, v);
    if (type == STACK_PASSWORD || v->place == PLACE_MAYBE_JUMPED)
        findings_warning(f, remedy, "%s: %s: %s", service, text, harm(type, v->place));
    else
        findings_error(f, EX_CONFIG, remedy, "%s: %s: %s", service, text, harm(type, v->place));
    return false;
}

/* False: the service has no file. */
static bool look_at_service(findings *f, const char *service, bool is_login, bool *good) {
    *good = true;
    for (stack_type type = STACK_AUTH; type < STACK_TYPES; type++) {
        stack s;
        stack_verdict v;

        if (!stack_read(&s, service, type, pam_file, NULL))
            return false;
        if (s.fault[0] && *good)
            findings_error(f, EX_CONFIG, "libpam refuses such a service", "%s: %s", service, s.fault);
        v = stack_judge(&s, type);
        if (s.fault[0] || !judge_place(f, service, is_login, type, &v))
            *good = false;
    }
    return true;
}

void check_pam(check *c) {
    static char sshd[] = "sshd", login[] = "login";
    static char *const usual[] = {sshd, login, NULL};
    char *const *services = c->x->config ? c->x->config->login.services : usual;
    char names[400] = "";
    size_t seen = 0, len = 0;
    bool good;

    for (size_t i = 0; services[i]; i++) {
        if (!look_at_service(&c->f, services[i], true, &good))
            continue;
        seen++;
        if (good && len < sizeof names)
            len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", len > 0 ? ", " : "", services[i]);
    }
    if (seen == 0)
        findings_error(&c->f, EX_CONFIG, "name those by which people log in in login.services",
                       "none of the services of login.services has a file in /etc/pam.d");
    if (look_at_service(&c->f, "passwd", false, &good) && good && len < sizeof names)
        snprintf(names + len, sizeof names - len, "%spasswd", len > 0 ? ", " : "");
    if (names[0])
        findings_ok(&c->f, "the lines of pam_ots.so stand where they must: %s", names);
}
