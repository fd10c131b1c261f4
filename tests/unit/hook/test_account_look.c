/* SPDX-License-Identifier: MIT
 *
 * Whether an account still exists, with a name service that answers as it is told: a real module, which is compiled
 * here and which glibc loads. Files and module are in an /etc and a /var/lib of the test's own.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "name_service.h"
#include "password/account.h"
#include "private_world.h"

#define Y OTSD_YES
#define N OTSD_NO
#define U OTSD_UNKNOWN

/* Its answer is "STATUS ERRNO" in a file; a success is uid 2001. EINTR comes once. */
static const char module[] =
    "#include <errno.h>\n"
    "#include <nss.h>\n"
    "#include <pwd.h>\n"
    "#include <stdio.h>\n"
    "enum nss_status _nss_otsdtold_getpwnam_r(const char *name, struct passwd *pw, char *buf,\n"
    "                                         size_t size, int *why) {\n"
    "    static int calls;\n"
    "    static char none[] = \"\";\n"
    "    int status = NSS_STATUS_UNAVAIL;\n"
    "    FILE *f = fopen(\"/etc/told\", \"re\");\n"
    "    (void)name, (void)buf;\n"
    "    *why = ENOENT;\n"
    "    if (f && fscanf(f, \"%d %d\", &status, why) != 2)\n"
    "        status = NSS_STATUS_UNAVAIL;\n"
    "    if (f)\n"
    "        fclose(f);\n"
    "    if ((*why == EINTR && calls++ > 0) || (*why == ERANGE && size > 100000))\n"
    "        status = NSS_STATUS_SUCCESS;\n"
    "    *pw = (struct passwd){none, none, 2001, 100, none, none, none};\n"
    "    return (enum nss_status)status;\n"
    "}\n";

enum { SUCCESS = 1, NOTFOUND = 0, UNAVAIL = -1, TRYAGAIN = -2 }; /* as in nss.h */

#define ROOT "root:x:0:0::/root:/bin/sh\n"
#define ALICE ROOT "alice:x:1001:1::/:/bin/sh\n"

typedef struct row {
    const char *promise, *passwd; /* NULL: no such file */
    int status, error;
    bool was_local;
    otsd_tri exists;
    bool missed, local;
    int64_t uid;
    int code;
} row;

static const row rows[] = {
    {"it is in the file, whatever the name service says", ALICE, UNAVAIL, EIO, true, Y, false, true, 1001, EX_OK},
    {"it is in the file by now", ALICE, NOTFOUND, 0, false, Y, false, true, 1001, EX_OK},
    {"the name service has it", ROOT, SUCCESS, 0, false, Y, false, false, 2001, EX_OK},
    {"a local one that the name service has now", ROOT, SUCCESS, 0, true, Y, false, false, 2001, EX_OK},
    {"a signal is no answer", ROOT, TRYAGAIN, EINTR, false, Y, false, false, 2001, EX_OK},
    {"a large entry", ROOT, TRYAGAIN, ERANGE, false, Y, false, false, 2001, EX_OK},
    /* An outage looks like that, too. */
    {"missed: not found", ROOT, NOTFOUND, 0, false, U, true, false, 0, EX_OK},
    {"missed: ENOENT", ROOT, UNAVAIL, ENOENT, false, U, true, false, 0, EX_OK},
    {"missed: ESRCH", ROOT, TRYAGAIN, ESRCH, false, U, true, false, 0, EX_OK},
    {"missed: EBADF", ROOT, TRYAGAIN, EBADF, false, U, true, false, 0, EX_OK},
    {"missed: EPERM", ROOT, UNAVAIL, EPERM, false, U, true, false, 0, EX_OK},
    /* The file is certain about those that were in it. */
    {"gone: not found", ROOT, NOTFOUND, 0, true, N, false, false, 0, EX_OK},
    {"gone: ENOENT", ROOT, UNAVAIL, ENOENT, true, N, false, false, 0, EX_OK},
    /* Nobody can say. */
    {"an error", ROOT, TRYAGAIN, EAGAIN, false, U, false, false, 0, EX_OSERR},
    {"no more files", ROOT, TRYAGAIN, EMFILE, false, U, false, false, 0, EX_OSERR},
    {"input/output error", ROOT, UNAVAIL, EIO, false, U, false, false, 0, EX_OSERR},
    {"no file", NULL, NOTFOUND, 0, true, U, false, false, 0, EX_NOINPUT},
    {"an empty file", "", NOTFOUND, 0, true, U, false, false, 0, EX_DATAERR},
    {"a file that was cut", ROOT "ali", UNAVAIL, ENOENT, true, U, false, false, 0, EX_DATAERR},
    {"a file that was cut, of another's", ROOT "ali", NOTFOUND, 0, false, U, false, false, 0, EX_DATAERR},
    {"no file, but the name service has it", NULL, SUCCESS, 0, true, Y, false, false, 2001, EX_OK},
};

static void put_world(const row *t) {
    char text[64];

    snprintf(text, sizeof text, "%d %d\n", t->status, t->error);
    put_file("/etc/told", text, 0644);
    (void)unlink("/etc/passwd");
    if (t->passwd)
        put_file("/etc/passwd", t->passwd, 0644);
}

/* In a process of its own: glibc keeps what it has loaded and read. */
static int in_child(int (*fn)(const void *arg), const void *arg) {
    int status = -1;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(fn(arg));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int as_promised(const void *arg) {
    const row *t = arg;
    account_view v = {.exists = U};
    problem p;
    int rc = account_look("alice", t->was_local, false, &v, &p);

    if (v.exists == t->exists && v.missed == t->missed && v.local == t->local && rc == t->code && p.code == rc &&
        (t->exists != Y || v.uid == t->uid))
        return 0;
    fprintf(stderr, "exists %d, missed %d, local %d, uid %lld, code %d: %s\n", v.exists, v.missed, v.local,
            (long long)v.uid, rc, p.text);
    return 1;
}

static void each_answer(void **state) {
    (void)state;
    put_file("/etc/nsswitch.conf", "passwd: files otsdtold\n", 0644);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put_world(&rows[i]);
        if (in_child(as_promised, &rows[i]) != 0)
            fail_msg("%s", rows[i].promise);
    }
}

static void a_module_that_is_missing(void **state) {
    static const row missing = {.promise = "no module", .passwd = ROOT, .exists = U, .missed = true};

    (void)state;
    put_file("/etc/nsswitch.conf", "passwd: files otsdnone\n", 0644);
    put_world(&missing);
    assert_int_equal(in_child(as_promised, &missing), 0);
}

/* The file was just read: it is not read again. */
static int lacks(const void *arg) {
    account_view v = {.exists = U};
    problem p;

    (void)arg;
    return account_look("alice", true, true, &v, &p) == EX_OK && v.exists == N ? 0 : 1;
}

static void a_file_that_was_just_read(void **state) {
    static const row nobody = {.passwd = NULL, .status = NOTFOUND};

    (void)state;
    put_file("/etc/nsswitch.conf", "passwd: otsdtold\n", 0644);
    put_world(&nobody);
    assert_int_equal(in_child(lacks, NULL), 0);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        {"an account is gone only where that is certain", each_answer, NULL, NULL, NULL},
        {"a module that is missing is a miss, not an end", a_module_that_is_missing, NULL, NULL, NULL},
        {"a file that was just read and lacks it is believed", a_file_that_was_just_read, NULL, NULL, NULL},
    };

    (void)argc;
    if (!name_service_is_here()) {
        if (private_world())
            name_service_make(argv, "otsdtold", module);
        puts("1..1\nok 1 - accounts that are missed # SKIP needs root, namespaces and a compiler");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
