/* SPDX-License-Identifier: MIT */
#include "handoff_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "private_world.h"

#define TEXTS 32
#define TEXT_MAX 4096

static char *next_text(void) {
    static char texts[TEXTS][TEXT_MAX];
    static unsigned next;

    return texts[next++ % TEXTS];
}

bool world_possible(void) {
    return private_world();
}

/* Over what private_world mounted, which always stays: the machine's own is never to be seen. */
static void empty_folders(void) {
    static bool mounted;

    if (mounted)
        assert_true(umount2("/etc", MNT_DETACH) == 0 && umount2("/var/lib", MNT_DETACH) == 0);
    mounted = mount("tmpfs", "/etc", "tmpfs", 0, NULL) == 0 && mount("tmpfs", "/var/lib", "tmpfs", 0, NULL) == 0;
    assert_true(mounted);
}

static void put_config(int port, const char *more) {
    char text[TEXT_MAX];

    snprintf(text, sizeof text,
             "server: { url = \"http://127.0.0.1:%d\"; timeout = 20.5; username = \"me@example.com\";\n"
             "  token_file = \"/etc/otsd/token\"; };\naudit: { file = \"" WORLD_AUDIT "\"; syslog = false; };\n%s",
             port, more ? more : "password: { hash = \"sha256crypt\"; rounds = 1000; };\n");
    assert_int_equal(mkdir("/etc/otsd", 0755), 0);
    put_file("/etc/otsd/otsd.conf", text, 0600);
    put_file("/etc/otsd/token", "token\n", 0600);
}

void world_open(world *w, const char *more, const struct step *steps, size_t n) {
    static const struct step none = {STEP_CLOSE, ""};
    problem p;

    empty_folders();
    put_file("/etc/passwd",
             "root:x:0:0::/:/bin/sh\nalice:x:1001:1001::/:/bin/sh\nbob:x:1002:1002::/:/bin/sh\n"
             "carol:x:1003:1003::/:/bin/sh\n",
             0644);
    put_file("/etc/shadow", WORLD_SHADOW, 0640);
    memset(w, 0, sizeof *w);
    w->server = n > 0 ? server_start(steps, n) : server_start(&none, 1);
    put_config(w->server.port, more);
    if (context_open(&w->x, &p) != EX_OK || context_remote(&w->x, &p) != EX_OK)
        fail_msg("%s", p.text);
}

void world_close(world *w, unsigned requests) {
    assert_int_equal(w->server.seen->requests, requests);
    context_close(&w->x);
    server_stop(&w->server);
}

void world_assert_asked(const world *w, unsigned request, const char *beginning) {
    assert_true(request < w->server.seen->requests && request < SERVER_KEPT);
    if (strncmp(w->server.seen->request[request], beginning, strlen(beginning)) != 0)
        fail_msg("request %u: %.60s", request, w->server.seen->request[request]);
}

void world_assert_sent(const world *w, unsigned request, const char *part) {
    assert_true(request < w->server.seen->requests && request < SERVER_KEPT);
    if (!strstr(w->server.seen->request[request], part))
        fail_msg("request %u has no %s: %s", request, part, w->server.seen->request[request]);
}

static const char *number(long n, char *out, size_t size) {
    snprintf(out, size, n == -1 ? "null" : "%ld", n == 0 ? 3600 : n);
    return out;
}

const char *world_entry_text(const said *t) {
    char *out = next_text(), ttl[24], left[24];
    int n =
        snprintf(out, TEXT_MAX,
                 "{\"custid\":\"me\",\"metadata_key\":\"%s\",\"secret_key\":\"%s\",\"ttl\":%s,\"metadata_ttl\":7200,"
                 "\"secret_ttl\":%s,\"state\":\"%s\",\"created\":%ld,\"updated\":%ld,\"received\":%ld,"
                 "\"recipient\":[%s%s%s],\"share_domain\":\"\",\"passphrase_required\":%s%s%s%s}",
                 t->key ? t->key : WORLD_KEY, t->secret_key ? t->secret_key : "secretkey",
                 number(t->ttl, ttl, sizeof ttl), number(t->secret_ttl, left, sizeof left), t->state ? t->state : "new",
                 t->created, t->updated, t->received, t->recipient ? "\"" : "", t->recipient ? t->recipient : "",
                 t->recipient ? "\"" : "", t->passphrase ? "true" : "false", t->value ? ",\"value\":\"" : "",
                 t->value ? t->value : "", t->value ? "\"" : "");

    assert_true(n > 0 && n < TEXT_MAX);
    return out;
}

struct step world_answer(int status, const char *json) {
    struct step s = {STEP_ANSWER, NULL};
    char *out = next_text();

    snprintf(out, TEXT_MAX, "%s", server_json(status, "", json));
    s.text = out;
    return s;
}

struct step world_receipt(const said *t) {
    return world_answer(200, world_entry_text(t));
}

struct step world_burned(const said *t) {
    char *json = next_text();

    assert_true(snprintf(json, TEXT_MAX, "{\"state\":%s,\"secret_shortkey\":\"x\"}", world_entry_text(t)) < TEXT_MAX);
    return world_answer(200, json);
}

struct step world_list(const said *t, size_t n) {
    char *json = next_text();
    int len = snprintf(json, TEXT_MAX, "[");

    for (size_t i = 0; i < n; i++)
        len += snprintf(json + len, TEXT_MAX - (size_t)len, "%s%s", i > 0 ? "," : "", world_entry_text(&t[i]));
    assert_true(len + 1 < TEXT_MAX);
    snprintf(json + len, TEXT_MAX - (size_t)len, "]");
    return world_answer(200, json);
}

record world_record(void) {
    record r = {.id = "0123456789abcdef",
                .user = "alice",
                .uid = 1001,
                .created = time(NULL),
                .ttl_asked = 3456,
                .recipient = "alice@example.com",
                .must_change = 1,
                .local = 1,
                .metadata_key = WORLD_KEY,
                .hash = "$5$a$generated"};

    r.deadline = r.created + 3456;
    return r;
}

entry *world_put(world *w, ledger_state s, const record *r) {
    entry *e = NULL;
    problem p;

    if (ledger_create(w->x.ledger, r, &e, &p) != EX_OK || ledger_sync(w->x.ledger, &e, 1, &p) != EX_OK ||
        (s != LEDGER_ISSUING && ledger_move(w->x.ledger, e, s, &p) != EX_OK))
        fail_msg("%s", p.text);
    return e;
}

static int count_one(const char *name, void *arg) {
    (void)name;
    (*(int *)arg)++;
    return 0;
}

int world_count(world *w, ledger_state s) {
    int n = 0;
    problem p;

    assert_int_equal(ledger_each(w->x.ledger, s, count_one, &n, &p), EX_OK);
    return n;
}

char *world_audit(void) {
    return access(WORLD_AUDIT, F_OK) == 0 ? get_file(WORLD_AUDIT) : calloc(1, 1);
}

unsigned world_times(const char *text, const char *part) {
    unsigned n = 0;

    for (; (text = strstr(text, part)); text += strlen(part))
        n++;
    return n;
}

otsd_secret *world_secret(const char *text) {
    otsd_secret *s = NULL;

    assert_int_equal(otsd_secret_new(&s, text, strlen(text), NULL), OTSD_OK);
    return s;
}
