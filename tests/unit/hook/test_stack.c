/* SPDX-License-Identifier: MIT
 *
 * PAM stacks as distributions write them, and as administrators break them: is our line reached where it must be?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "commands/stack.h"

typedef struct pam_file {
    const char *name, *text;
} pam_file;

static char *text_of(const char *name, void *arg) {
    for (const pam_file *f = arg; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return strdup(f->text);
    return NULL;
}

static stack read_of(const char *text, stack_type type) {
    pam_file files[] = {{"service", text}, {NULL, NULL}};
    stack s;

    assert_true(stack_read(&s, "service", type, text_of, files));
    return s;
}

#define UNIX "auth [success=2 default=ignore] pam_unix.so nullok\n"
#define SSS "auth [success=1 default=ignore] pam_sss.so use_first_pass\n"
#define DENY "auth requisite pam_deny.so\n"
#define PERMIT "auth required pam_permit.so\n"
#define OTS "auth required pam_ots.so\n"

static void where_the_auth_line_stands(void **state) {
    static const struct {
        const char *promise, *text;
        stack_place place;
        const char *by;
    } rows[] = {
        {"Debian: behind the password modules", UNIX SSS DENY PERMIT OTS, PLACE_GOOD, NULL},
        {"Debian: in front of them", OTS UNIX SSS DENY PERMIT, PLACE_EARLY, "pam_sss.so"},
        {"between two of them", UNIX OTS SSS DENY PERMIT, PLACE_JUMPED, "pam_unix.so"},
        {"not at all", UNIX SSS DENY PERMIT, PLACE_ABSENT, NULL},
        {"a jump that counts one too many", "auth [success=4 default=ignore] pam_unix.so\n" SSS DENY PERMIT OTS,
         PLACE_JUMPED, "pam_unix.so"},
        {"a jump that just reaches it", "auth [success=3 default=ignore] pam_unix.so\n" SSS DENY PERMIT OTS, PLACE_GOOD,
         NULL},
        {"a jump over the end", "auth [success=9 default=ignore] pam_unix.so\n" DENY OTS, PLACE_JUMPED, "pam_unix.so"},
        {"Fedora: sufficient", "auth sufficient pam_unix.so\n" DENY OTS, PLACE_JUMPED, "pam_unix.so"},
        {"Fedora: the second is sufficient",
         "auth [success=2 default=ignore] pam_unix.so\nauth sufficient pam_sss.so\n" DENY OTS, PLACE_JUMPED,
         "pam_sss.so"},
        {"[success=done] is sufficient, too", "auth [success=done default=ignore] pam_unix.so\n" OTS, PLACE_JUMPED,
         "pam_unix.so"},
        {"[default=done], as well", "auth [default=done] pam_unix.so\n" OTS, PLACE_JUMPED, "pam_unix.so"},
        {"Fedora, mended",
         "auth required pam_env.so\nauth [default=1 ignore=ignore success=ok] pam_localuser.so\n"
         "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\n" OTS,
         PLACE_GOOD, NULL},
        {"root's own rights and a finger are no password",
         "auth sufficient pam_rootok.so\nauth sufficient pam_fprintd.so\nauth required pam_unix.so\n" OTS,
         PLACE_MAYBE_JUMPED, "pam_rootok.so"},
        {"a password module counts for more than they",
         "auth sufficient pam_rootok.so\nauth sufficient pam_unix.so\n" OTS, PLACE_JUMPED, "pam_unix.so"},
        {"one that jumps for everybody else",
         "auth required pam_unix.so\nauth [success=ok default=1] pam_succeed_if.so uid >= 1000\n" OTS,
         PLACE_MAYBE_JUMPED, "pam_succeed_if.so"},
        {"optional: its refusal is no refusal", "auth required pam_unix.so\nauth optional pam_ots.so\n",
         PLACE_POWERLESS, NULL},
        {"sufficient, likewise", "auth required pam_unix.so\nauth sufficient pam_ots.so\n", PLACE_POWERLESS, NULL},
        {"requisite refuses", "auth required pam_unix.so\nauth requisite pam_ots.so\n", PLACE_GOOD, NULL},
        {"so does [auth_err=die]", "auth required pam_unix.so\nauth [auth_err=die default=ignore] pam_ots.so\n",
         PLACE_GOOD, NULL},
        {"[success=ok default=ignore] does not", "auth required pam_unix.so\nauth [default=ignore] pam_ots.so\n",
         PLACE_POWERLESS, NULL},
        {"the better of two lines counts", "auth optional pam_ots.so\nauth required pam_unix.so\n" OTS, PLACE_GOOD,
         NULL},
        {"a full path, a dash and odd letters are the same",
         "Auth  Required\tpam_unix.so\n-AUTH REQUIRED /lib/security/pam_ots.so debug\n", PLACE_GOOD, NULL},
        {"a comment is no line", "auth required pam_unix.so\n#auth required pam_ots.so\n", PLACE_ABSENT, NULL},
        {"what stands behind the end of a line is", "auth required pam_unix.so\nauth \\\n required \\\n pam_ots.so\n",
         PLACE_GOOD, NULL},
        {"lines of other types are not counted",
         "auth [success=1 default=ignore] pam_unix.so\naccount required pam_unix.so\n" DENY
         "session required pam_unix.so\n" OTS,
         PLACE_GOOD, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        stack s = read_of(rows[i].text, STACK_AUTH);
        stack_verdict v = stack_judge(&s, STACK_AUTH);

        if (v.place != rows[i].place || !v.by != !rows[i].by || (v.by && strcmp(v.by->module, rows[i].by) != 0))
            fail_msg("%s: %d, %s", rows[i].promise, (int)v.place, v.by ? v.by->module : "nobody");
        assert_string_equal(s.fault, "");
    }
}

static void where_the_others_stand(void **state) {
    static const struct {
        const char *promise, *text;
        stack_type type;
        stack_place place;
    } rows[] = {
        {"password: Debian",
         "password [success=1 default=ignore] pam_unix.so\npassword requisite pam_deny.so\n"
         "password required pam_permit.so\npassword optional pam_ots.so\n",
         STACK_PASSWORD, PLACE_GOOD},
        {"password: Fedora's sufficient",
         "password requisite pam_pwquality.so\npassword sufficient pam_unix.so\npassword required pam_deny.so\n"
         "password optional pam_ots.so\n",
         STACK_PASSWORD, PLACE_JUMPED},
        {"password: in front", "password optional pam_ots.so\npassword required pam_unix.so\n", STACK_PASSWORD,
         PLACE_EARLY},
        {"session: anywhere", "session optional pam_ots.so\nsession required pam_unix.so\n", STACK_SESSION, PLACE_GOOD},
        {"session: a sufficient one in front", "session sufficient pam_any.so\nsession optional pam_ots.so\n",
         STACK_SESSION, PLACE_JUMPED},
        {"session: Fedora's jump over the next line",
         "session [success=1 default=ignore] pam_succeed_if.so service in crond quiet use_uid\n"
         "session required pam_unix.so\nsession optional pam_ots.so\n",
         STACK_SESSION, PLACE_GOOD},
        {"session: the same over ours",
         "session [success=1 default=ignore] pam_succeed_if.so service in crond quiet use_uid\n"
         "session optional pam_ots.so\nsession required pam_unix.so\n",
         STACK_SESSION, PLACE_MAYBE_JUMPED},
        {"account: anywhere", "account sufficient pam_unix.so\naccount required pam_ots.so\n", STACK_ACCOUNT,
         PLACE_GOOD},
        {"none of that type", "auth required pam_ots.so\n", STACK_SESSION, PLACE_ABSENT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        stack s = read_of(rows[i].text, rows[i].type);
        stack_verdict v = stack_judge(&s, rows[i].type);

        if (v.place != rows[i].place)
            fail_msg("%s: %d", rows[i].promise, (int)v.place);
    }
}

static stack_verdict judge_files(stack *s, pam_file *files) {
    assert_true(stack_read(s, "sshd", STACK_AUTH, text_of, files));
    return stack_judge(s, STACK_AUTH);
}

static void what_is_included_counts(void **state) {
    static pam_file debian[] = {{"sshd", "@include common-auth\naccount required pam_nologin.so\n"},
                                {"common-auth", UNIX SSS DENY PERMIT OTS "session required pam_unix.so\n"},
                                {NULL, NULL}},
                    fedora[] = {{"sshd", "auth substack password-auth\nauth include postlogin\n"},
                                {"password-auth", "auth sufficient pam_unix.so\nauth required pam_deny.so\n" OTS},
                                {"postlogin", "auth optional pam_lastlog.so\n"},
                                {NULL, NULL}},
                    behind[] = {{"sshd", "auth substack password-auth\n" OTS},
                                {"password-auth", "auth sufficient pam_unix.so\nauth required pam_deny.so\n"},
                                {NULL, NULL}},
                    jumped[] = {{"sshd", "auth [success=1 default=ignore] pam_unix.so\nauth substack more\n" PERMIT},
                                {"more", "auth required pam_env.so\n" OTS "auth required pam_env.so\n"},
                                {NULL, NULL}},
                    typed[] = {{"sshd", "auth include both\n"},
                               {"both", "@include deeper\nsession required pam_ots.so\n"},
                               {"deeper", "auth required pam_unix.so\n" OTS},
                               {NULL, NULL}};
    stack s;
    stack_verdict v;

    (void)state;
    v = judge_files(&s, debian);
    assert_int_equal(v.place, PLACE_GOOD);
    assert_string_equal(v.ours->file, "common-auth");
    assert_int_equal(v.ours->number, 5);
    v = judge_files(&s, fedora);
    assert_int_equal(v.place, PLACE_JUMPED);
    assert_string_equal(v.by->module, "pam_unix.so");
    assert_string_equal(v.by->control, "sufficient");
    /* "done" ends a substack, and no more. */
    assert_int_equal(judge_files(&s, behind).place, PLACE_GOOD);
    /* A substack is one line to a jump. */
    assert_int_equal(judge_files(&s, jumped).place, PLACE_JUMPED);
    assert_int_equal(judge_files(&s, typed).place, PLACE_GOOD);
}

static void what_cannot_be_read_is_told(void **state) {
    static pam_file lost[] = {{"sshd", "@include nowhere\n" OTS}, {NULL, NULL}},
                    loop[] = {{"sshd", "auth include sshd\nauth include sshd\n"}, {NULL, NULL}},
                    torn[] = {{"sshd", "auth required\n" OTS}, {NULL, NULL}};
    char *many = calloc(STACK_LINES + 2, sizeof OTS);
    pam_file files[] = {{"sshd", many}, {NULL, NULL}};
    stack s;

    (void)state;
    assert_non_null(many);
    assert_false(stack_read(&s, "none", STACK_AUTH, text_of, lost));
    (void)judge_files(&s, lost);
    assert_string_equal(s.fault, "nowhere is included, and there is no such file");
    (void)judge_files(&s, loop);
    assert_string_equal(s.fault, "sshd is included too deep, or too often");
    (void)judge_files(&s, torn);
    assert_string_equal(s.fault, "sshd has a line that ends too soon");
    for (size_t i = 0; i <= STACK_LINES; i++)
        memcpy(many + i * strlen(OTS), OTS, sizeof OTS);
    (void)judge_files(&s, files);
    assert_int_equal(s.len, STACK_LINES);
    assert_string_equal(s.fault, "sshd has more lines than are looked at");
    free(many);
}

/* Junk is read to its end without harm: the sanitizers look on. */
static void junk_does_no_harm(void **state) {
    static const char *const texts[] = {"",
                                        "\n",
                                        "\\",
                                        "\\\n",
                                        "auth",
                                        "auth [",
                                        "auth [success",
                                        "auth [success=] x\n",
                                        "auth [=1 =] pam_ots.so",
                                        "auth [success=99999999999] pam_ots.so\n\\\n\\",
                                        "@include",
                                        "@include \n",
                                        "auth include",
                                        "- - -",
                                        "auth [] pam_ots.so # \\\n"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        stack s = read_of(texts[i], STACK_AUTH);

        (void)stack_judge(&s, STACK_AUTH);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"where the auth line stands", where_the_auth_line_stands, NULL, NULL, NULL},
        {"where the other lines stand", where_the_others_stand, NULL, NULL, NULL},
        {"what is included counts, as libpam counts it", what_is_included_counts, NULL, NULL, NULL},
        {"what cannot be read is told", what_cannot_be_read_is_told, NULL, NULL, NULL},
        {"junk does no harm", junk_does_no_harm, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
