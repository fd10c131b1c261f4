/* SPDX-License-Identifier: MIT
 *
 * The whole of otsd.conf, as the hook takes it: every default, every key, and for each kind of mistake one line with
 * file, line and what was expected.
 */
#include "config/config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/otsd-config-hook-XXXXXX";
static char path[64];

static void write_file(const char *text, mode_t mode) {
    int fd;

    (void)unlink(path); /* there may be none */
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    assert_true(fchmod(fd, mode) == 0 && close(fd) == 0);
}

static config *load(const char *text) {
    config *c = NULL;
    problem p = {0};

    write_file(text, 0644);
    if (config_load(&c, path, &p) != EX_OK)
        fail_msg("%s\n%s", text, p.text);
    return c;
}

/* The message begins with "FILE" and contains this. */
static void refused(const char *text, const char *expected) {
    config *c = NULL;
    problem p = {0};

    write_file(text, 0644);
    if (config_load(&c, path, &p) != EX_CONFIG)
        fail_msg("taken: %s", text);
    assert_null(c);
    assert_int_equal(p.code, EX_CONFIG);
    if (strncmp(p.text, path, strlen(path)) != 0 || !strstr(p.text, expected))
        fail_msg("%s\n  said: %s\n  expected: %s", text, p.text, expected);
}

static void a_minimal_file_gets_every_default(void **state) {
    static const char *const services[] = {"sshd", "login", "gdm-password", "lightdm", "sddm", "xdm", "kde", "cockpit"};
    config *c = load("server: { region = \"eu\"; };");

    (void)state;
    assert_string_equal(otsd_server_url(c->server), "https://eu.onetimesecret.com");
    assert_int_equal(otsd_server_timeout_ms(c->server), 20000);
    assert_int_equal(c->handoff.ttl, 259200);
    assert_null(c->handoff.recipient);
    assert_null(c->handoff.locale);
    assert_null(c->handoff.share_domain);
    assert_int_equal(c->handoff.min_length, 10);
    assert_true(c->handoff.must_change);
    assert_int_equal(c->handoff.uid_min, 0);
    assert_int_equal(c->handoff.uid_max, 0);
    assert_null(c->handoff.former);
    assert_int_equal(c->password.backend, BACKEND_SHADOW);
    assert_null(c->password.command);
    assert_null(c->password.lock_command);
    assert_string_equal(c->password.hash, "yescrypt");
    assert_int_equal(c->password.rounds, 0);
    for (size_t i = 0; i < 8; i++)
        assert_string_equal(c->login.services[i], services[i]);
    assert_null(c->login.services[8]);
    assert_false(c->login.key_counts);
    assert_string_equal(c->audit.file, "/var/log/otsd/audit.log");
    assert_true(c->audit.syslog);
    config_free(&c);
    assert_null(c);
    config_free(&c);
}

static void a_full_file_sets_everything(void **state) {
    config *c = load("# all\nserver = { url = \"https://s.example.com:8443/ots//\"; username = \"ops@example.com\";\n"
                     "  token_file = \"/etc/otsd/token\"; ca_file = \"/etc/ca.pem\"; allow_http = true;\n"
                     "  pinned_key = \"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\";\n"
                     "  proxy = \"http://proxy.example.com:3128\"; connect_timeout = 0.25; timeout = 7; }\n"
                     "handoff = { ttl = \"12h\"; recipient = \"%u+100%%@example.com\"; locale = \"pt_BR\";\n"
                     "  share_domain = \"links.example.com\"; min_length = 12; must_change = false;\n"
                     "  uid_min = 1200000000; uid_max = 4294967294L; }\n"
                     "password = { backend = \"command\"; command = \"/bin/a\"; lock_command = \"/bin/b\";\n"
                     "  hash = \"sha512crypt\"; rounds = 100000; }\n"
                     "login = { services = ( \"sshd\", \"@include\" ); key_counts = true; }\n"
                     "audit = { file = \"/var/log/a\"; syslog = false; }\n");

    (void)state;
    assert_string_equal(otsd_server_url(c->server), "https://s.example.com:8443/ots");
    assert_int_equal(otsd_server_timeout_ms(c->server), 7000);
    assert_int_equal(c->handoff.ttl, 43200);
    assert_string_equal(c->handoff.recipient, "%u+100%%@example.com");
    assert_string_equal(c->handoff.locale, "pt_BR");
    assert_int_equal(c->handoff.min_length, 12);
    assert_int_equal(c->handoff.uid_min, 1200000000);
    assert_int_equal(c->handoff.uid_max, 4294967294L);
    assert_false(c->handoff.must_change);
    assert_int_equal(c->password.backend, BACKEND_COMMAND);
    assert_int_equal(c->password.rounds, 100000);
    assert_string_equal(c->login.services[1], "@include");
    assert_null(c->login.services[2]);
    assert_true(c->login.key_counts);
    assert_string_equal(c->audit.file, "/var/log/a");
    assert_false(c->audit.syslog);
    config_free(&c);
}

static void the_sample_file_is_valid_and_shows_the_true_defaults(void **state) {
    static const char *const examples[] = {"url",       "username", "token_file",   "ca_file", "pinned_key",   "proxy",
                                           "recipient", "locale",   "share_domain", "command", "lock_command", NULL};
    FILE *f = fopen("etc/otsd.conf", "re");
    char line[256], text[8192] = "", key[64];
    config *plain, *shown;
    int end;
    size_t i, len = 0;

    (void)state;
    assert_non_null(f); /* the tests run at the top of the tree */
    /* Uncomment each default. */
    while (fgets(line, sizeof line, f)) {
        end = 0;
        if (sscanf(line, " # %63[a-z_] =%n", key, &end) == 1 && end > 0) {
            for (i = 0; examples[i] && strcmp(examples[i], key) != 0; i++)
                ;
            if (!examples[i])
                *strchr(line, '#') = ' ';
        }
        assert_true(len + strlen(line) < sizeof text);
        len += (size_t)snprintf(text + len, sizeof text - len, "%s", line);
    }
    assert_int_equal(fclose(f), 0);
    assert_non_null(strstr(text, "      timeout = 20;"));
    shown = load(text);
    plain = load("server: { region = \"eu\"; };");
    assert_string_equal(otsd_server_url(shown->server), otsd_server_url(plain->server));
    assert_int_equal(otsd_server_timeout_ms(shown->server), otsd_server_timeout_ms(plain->server));
    assert_int_equal(shown->handoff.ttl, plain->handoff.ttl);
    assert_int_equal(shown->handoff.min_length, plain->handoff.min_length);
    assert_int_equal(shown->handoff.must_change, plain->handoff.must_change);
    assert_string_equal(shown->password.hash, plain->password.hash);
    assert_string_equal(shown->audit.file, plain->audit.file);
    assert_int_equal(shown->audit.syslog, plain->audit.syslog);
    for (i = 0; plain->login.services[i]; i++)
        assert_string_equal(shown->login.services[i], plain->login.services[i]);
    assert_null(shown->login.services[i]);
    config_free(&plain);
    config_free(&shown);
}

#define S "server: { region = \"eu\"; };\n"

static void each_mistake_is_told_with_its_line_and_what_was_expected(void **state) {
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"server: { region = \"eu\"; timeout = \"30\"; };",
         ":1: `server.timeout` is a string; a number of seconds was expected"},
        {S "server: { timeout = 1; };", ":2: duplicate setting name"},
        {"server: { region = \"eu\";\n region = \"us\"; };", ":2: duplicate setting name"},
        {S "severs: { };", ":2: `severs` is not known; server, handoff, password, login, audit or memory was expected"},
        {S "handoff = 3;", ":2: `handoff` is not a group; handoff: { ... } was expected"},
        {S "login: {\n service = [ \"sshd\" ]; };",
         ":3: `login.service` is not known; one of these was expected: services"},
        {S "handoff: { ttl = \"3 days\"; };", ":2: `handoff.ttl` is \"3 days\"; a duration like"},
        {S "handoff: { ttl = 59; };", ":2: `handoff.ttl` is 59 seconds; 60 to 2592000 were expected"},
        {S "handoff: { ttl = \"31d\"; };", "60 to 2592000 were expected"},
        {S "handoff: { ttl = 3.5; };", ":2: `handoff.ttl` is a number with a fraction; a duration"},
        {S "handoff: { ttl = 4294967356L; };", "60 to 2592000 were expected"},
        {S "handoff: { min_length = 0; };", ":2: `handoff.min_length` is 0; 1 to 128 was expected"},
        {S "handoff: { uid_min = 0; };", ":2: `handoff.uid_min` is 0; 1 to 4294967294 was expected"},
        {S "handoff: { uid_max = 4294967295L; };", "`handoff.uid_max` is 4294967295; 1 to 4294967294 was expected"},
        {S "handoff: { uid_min = 2000; uid_max = 1999; };",
         ":2: `handoff.uid_max` is 1999; not less than `handoff.uid_min` was expected"},
        {S "handoff: { min_length = \"12\"; };", "is a string; a whole number was expected"},
        {S "handoff: { must_change = 1; };", "`handoff.must_change` is a whole number; true or false was expected"},
        {S "handoff: { recipient = \"%x@example.com\"; };", "an address pattern like"},
        {S "handoff: { recipient = \"\"; };", "leave it out, and give --recipient, or --no-recipient --print-link"},
        {S "handoff: { recipient = \"%u\"; };", "an address pattern like"},
        {S "handoff: { recipient = \"%u@a.b, x@c.d\"; };", "an address pattern like"},
        {S "handoff: { locale = \"e\"; };", "a locale like"},
        {S "handoff: { share_domain = \"https://x\"; };", "a host name was expected"},
        {S "login: { services = \"sshd\"; };", "`login.services` is a string; an array like"},
        {S "login: { services = [ ]; };", "has 0 entries; 1 to 100 were expected"},
        {S "login: { services = [ 1 ]; };", "is a whole number; a string in quotes was expected"},
        {S "login: { services = [ \"../x\" ]; };", "names of PAM services were expected"},
        {S "password: { hash = \"md5\"; };", "`password.hash` is \"md5\"; \"yescrypt\""},
        {S "password: { backend = \"ldap\"; };", "\"shadow\" or \"command\" was expected"},
        {S "password: { backend = \"command\"; };", ":2: `password.backend` is \"command\"; `password.command` and"},
        {S "password: { command = \"/bin/x\"; };", ":2: `password.command` is set; `password.backend`"},
        {S "password: { lock_unseen = true; };", ":2: `password.lock_unseen` is true; `password.backend`"},
        {S "password: { backend = \"command\"; command = \"x\"; };", "an absolute path was expected"},
        {S "password: { rounds = 5000; };", ":2: `password.rounds` is 5000; 0, or with sha512crypt"},
        {S "password: { hash = \"sha512crypt\"; rounds = 999; };", "`password.rounds` is 999"},
        {S "audit: { file = \"audit.log\"; };", "an absolute path was expected"},
        {S "handoff: { former = \"/etc/otsd/x\"; };", "`handoff.former` is a string; an array like"},
        {S "handoff: { former = [ \"former.conf\" ]; };", "an absolute path was expected"},
        {S "handoff: { former = [ ]; };", "`handoff.former` has 0 entries"},
        {"server: { };", "`server.region` or `server.url` was expected"},
        {"", "`server.region` or `server.url` was expected"},
        {"server: { url = \"http://x.example\"; };", ":1: `server.url` is \"http"},
        {"server: { region = \"eu\"; token_file = \"/t\"; };", ":1: `server.token_file` is set; `server.username` was"},
        {"server: { region = \"eu\" \n; timeout = ; };", ":2: syntax error"},
        {"server: { region = \"eu", "syntax error"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refused(rows[i].text, rows[i].expected);
}

static void a_file_that_others_could_have_written_is_refused(void **state) {
    config *c = NULL;
    problem p = {0};

    (void)state;
    write_file(S, 0664);
    assert_int_equal(config_load(&c, path, &p), EX_CONFIG);
    assert_non_null(strstr(p.text, "has mode 0664; at most 0644 was expected"));
    assert_null(c);
}

static int make_folder(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/otsd.conf", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    return unlink(path) | rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minimal_file_gets_every_default),
        cmocka_unit_test(a_full_file_sets_everything),
        cmocka_unit_test(the_sample_file_is_valid_and_shows_the_true_defaults),
        cmocka_unit_test(each_mistake_is_told_with_its_line_and_what_was_expected),
        cmocka_unit_test(a_file_that_others_could_have_written_is_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
