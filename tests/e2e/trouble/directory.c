/* SPDX-License-Identifier: MIT
 *
 * A name service that knows the accounts in one file, in the form of /etc/passwd, and fails as soon as the file
 * "down" lies beside it: as libnss_sss does without sssd, it then is "unavailable" with ENOENT, which a program that
 * looks at errno alone takes for "no such user".
 */
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef DIRECTORY
#define DIRECTORY "/run/world/trouble/"
#endif

typedef struct wanted {
    const char *name; /* NULL: by uid */
    uid_t uid;
} wanted;

enum nss_status _nss_otsdtest_getpwnam_r(const char *name, struct passwd *result, char *buffer, size_t size, int *why);
enum nss_status _nss_otsdtest_getpwuid_r(uid_t uid, struct passwd *result, char *buffer, size_t size, int *why);

static bool is_wanted(const wanted *w, const struct passwd *line) {
    return w->name ? strcmp(w->name, line->pw_name) == 0 : w->uid == line->pw_uid;
}

static enum nss_status find(const wanted *w, struct passwd *result, char *buffer, size_t size, int *why) {
    struct passwd *line;
    FILE *f;
    int rc;

    *why = ENOENT;
    if (access(DIRECTORY "down", F_OK) == 0)
        return NSS_STATUS_UNAVAIL;
    f = fopen(DIRECTORY "directory", "re");
    if (!f)
        return NSS_STATUS_NOTFOUND;
    do
        rc = fgetpwent_r(f, result, buffer, size, &line);
    while (rc == 0 && !is_wanted(w, line));
    (void)fclose(f);
    if (rc == 0)
        return NSS_STATUS_SUCCESS;
    *why = rc;
    return rc == ERANGE ? NSS_STATUS_TRYAGAIN : NSS_STATUS_NOTFOUND;
}

enum nss_status _nss_otsdtest_getpwnam_r(const char *name, struct passwd *result, char *buffer, size_t size, int *why) {
    wanted w = {.name = name};

    return find(&w, result, buffer, size, why);
}

enum nss_status _nss_otsdtest_getpwuid_r(uid_t uid, struct passwd *result, char *buffer, size_t size, int *why) {
    wanted w = {.uid = uid};

    return find(&w, result, buffer, size, why);
}
