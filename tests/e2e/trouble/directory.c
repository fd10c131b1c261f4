/* SPDX-License-Identifier: MIT
 *
 * A name service that knows the accounts in one file, in the form of /etc/passwd, and fails as soon as the file
 * "down" lies beside it: as libnss_sss does without sssd, it then is "unavailable" with ENOENT, which a program that
 * looks at errno alone takes for "no such user".
 *
 * The lines of a file "odd" beside it are names as directories have them and /etc/passwd cannot: with colons, blanks.
 * With a file "broken" beside it it is unavailable with EIO, which nobody takes for anything else.
 * With a file "ignores" beside it case is ignored, as directories do it: who is found has the name of his line.
 * With a file "full" beside it NAME@ad.example.com is known, too, and who is found has that name, whichever was asked
 * for, as with sssd's default_domain_suffix.
 */
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#ifndef DIRECTORY
#define DIRECTORY "/run/world/trouble/"
#endif

#define FULL 300 /* bytes for a name in full */
#define DOMAIN "@ad.example.com"

typedef struct wanted {
    const char *name; /* NULL: by uid */
    size_t len;       /* of the name without the domain */
    uid_t uid;
    bool ignores; /* case */
} wanted;

enum nss_status _nss_otsdtest_getpwnam_r(const char *name, struct passwd *result, char *buffer, size_t size, int *why);
enum nss_status _nss_otsdtest_getpwuid_r(uid_t uid, struct passwd *result, char *buffer, size_t size, int *why);

static bool is_wanted(const wanted *w, const struct passwd *line) {
    if (!w->name)
        return w->uid == line->pw_uid;
    return strlen(line->pw_name) == w->len && (w->ignores ? strncasecmp : strncmp)(w->name, line->pw_name, w->len) == 0;
}

static bool is_odd(const char *name) {
    FILE *f = fopen(DIRECTORY "odd", "re");
    char line[256] = "";
    bool found = false;

    while (f && !found && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        found = strcmp(line, name) == 0;
    }
    if (f)
        (void)fclose(f);
    return found;
}

static enum nss_status give_odd(const char *name, struct passwd *result, char *buffer, size_t size, int *why) {
    static char none[] = "x", home[] = "/nonexistent", shell[] = "/bin/sh";

    if (strlen(name) >= size) {
        *why = ERANGE;
        return NSS_STATUS_TRYAGAIN;
    }
    memcpy(buffer, name, strlen(name) + 1);
    *result = (struct passwd){.pw_name = buffer,
                              .pw_passwd = none,
                              .pw_uid = 20100,
                              .pw_gid = 20100,
                              .pw_gecos = none,
                              .pw_dir = home,
                              .pw_shell = shell};
    return NSS_STATUS_SUCCESS;
}

static bool is_full(void) {
    return access(DIRECTORY "full", F_OK) == 0;
}

/* The name in full, at the end of the buffer, whose last FULL bytes the line was kept out of. */
static void name_in_full(struct passwd *result, char *at) {
    snprintf(at, FULL, "%s" DOMAIN, result->pw_name);
    result->pw_name = at;
}

static size_t name_len(const char *name) {
    size_t len = strlen(name), domain = strlen(DOMAIN);

    return is_full() && len > domain && strcasecmp(name + len - domain, DOMAIN) == 0 ? len - domain : len;
}

static enum nss_status find(const wanted *w, struct passwd *result, char *buffer, size_t size, int *why) {
    size_t room = is_full() ? FULL : 0;
    struct passwd *line;
    FILE *f;
    int rc;

    *why = ENOENT;
    if (access(DIRECTORY "down", F_OK) == 0)
        return NSS_STATUS_UNAVAIL;
    if (access(DIRECTORY "broken", F_OK) == 0) {
        *why = EIO;
        return NSS_STATUS_UNAVAIL;
    }
    if (w->name && is_odd(w->name))
        return give_odd(w->name, result, buffer, size, why);
    if (size <= room) {
        *why = ERANGE;
        return NSS_STATUS_TRYAGAIN;
    }
    f = fopen(DIRECTORY "directory", "re");
    if (!f)
        return NSS_STATUS_NOTFOUND;
    do
        rc = fgetpwent_r(f, result, buffer, size - room, &line);
    while (rc == 0 && !is_wanted(w, line));
    (void)fclose(f);
    if (rc == 0 && room > 0)
        name_in_full(result, buffer + size - room);
    if (rc == 0)
        return NSS_STATUS_SUCCESS;
    *why = rc;
    return rc == ERANGE ? NSS_STATUS_TRYAGAIN : NSS_STATUS_NOTFOUND;
}

enum nss_status _nss_otsdtest_getpwnam_r(const char *name, struct passwd *result, char *buffer, size_t size, int *why) {
    wanted w = {.name = name, .len = name_len(name), .ignores = access(DIRECTORY "ignores", F_OK) == 0};

    return find(&w, result, buffer, size, why);
}

enum nss_status _nss_otsdtest_getpwuid_r(uid_t uid, struct passwd *result, char *buffer, size_t size, int *why) {
    wanted w = {.uid = uid};

    return find(&w, result, buffer, size, why);
}
