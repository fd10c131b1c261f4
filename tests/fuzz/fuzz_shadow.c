/* SPDX-License-Identifier: MIT
 *
 * Shadow lines: what is read of them, and what a file becomes in which passwords are set and die.
 *
 *   alice                        a user
 *   $y$j9T$salt$hash             a hash
 *   root:*:19000:0:99999:7:::    the file
 */
#include <fcntl.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/core.h"
#include "fuzz.h"
#include "password/shadow_look.h"
#include "password/shadow_read.h"
#include "password/shadow_rewrite.h"

static char folder[] = "/dev/shm/otsd-fuzz-XXXXXX";
static shadow_place place = {.dir = -1, .name = "shadow", .fresh = "shadow.otsd"};

static void remove_folder(void) {
    (void)unlinkat(place.dir, "shadow", 0);
    (void)unlinkat(place.dir, "shadow.otsd", 0);
    (void)rmdir(folder);
}

__attribute__((constructor)) static void begin(void) {
    HOLDS(mkdtemp(folder));
    place.dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    HOLDS(place.dir >= 0);
    snprintf(place.path, sizeof place.path, "%s/shadow", folder);
    HOLDS(atexit(remove_folder) == 0);
}

/* Both the file that is rewritten and the one that is read by name. */
static void put_file(const char *text, size_t len) {
    int fd = openat(place.dir, "shadow", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    HOLDS(fd >= 0 && write(fd, text, len) == (ssize_t)len && close(fd) == 0);
    stage_file(SHADOW_PATH, text, len);
}

static char *take_file(size_t *len) {
    int fd = openat(place.dir, "shadow", O_RDONLY | O_CLOEXEC);
    struct stat st;
    char *text;

    HOLDS(fd >= 0 && fstat(fd, &st) == 0);
    *len = (size_t)st.st_size;
    text = malloc(*len + 1);
    HOLDS(text && read(fd, text, *len) == (ssize_t)*len && close(fd) == 0);
    text[*len] = '\0';
    stage_file(SHADOW_PATH, text, *len);
    return text;
}

/* A line of which nothing is said to be wrong means the same to the C library. */
static void line_holds(piece line) {
    char *text = piece_string(line), *room = malloc(2 * line.len + 64);
    struct spwd sp, *out = NULL;
    char *hash, *date;

    HOLDS(room);
    if (strlen(text) == line.len && !shadow_line_wrong(text, line.len) && text[0] != '#' && text[0] != '+' &&
        text[0] != '-' && text[0] != ':' && strspn(text, " \t\r\n\v\f") == 0) {
        HOLDS(sgetspent_r(text, &sp, room, 2 * line.len + 64, &out) == 0 && out);
        hash = strchr(text, ':') + 1;
        date = strchr(hash, ':') + 1;
        HOLDS(strlen(sp.sp_namp) == (size_t)(hash - 1 - text) && strncmp(sp.sp_namp, text, strlen(sp.sp_namp)) == 0);
        HOLDS(strlen(sp.sp_pwdp) == (size_t)(date - 1 - hash) && strncmp(sp.sp_pwdp, hash, strlen(sp.sp_pwdp)) == 0);
        HOLDS(shadow_date(date) == (sp.sp_lstchg < 0 ? SHADOW_DATE_NONE : sp.sp_lstchg));
    }
    free(text);
    free(room);
}

typedef struct sum {
    size_t lines;
} sum;

static bool see(const shadow_seen *line, void *arg) {
    sum *s = arg;

    HOLDS(line->user[0] && !strchr(line->user, ':') && !strchr(line->hash, ':'));
    HOLDS(line->changed >= SHADOW_DATE_ODD && line->expires >= SHADOW_DATE_ODD);
    HOLDS(!line->wrong || strncmp(line->wrong, "has ", 4) == 0);
    s->lines++;
    return true;
}

static int look(const char *user, const char *hash, otsd_tri *in_place, bool *elsewhere, problem *p) {
    backend_view view = {.user = user, .hash = hash}, *views[] = {&view};
    int rc = shadow_look(views, 1, p);

    *in_place = view.in_place;
    *elsewhere = view.elsewhere;
    HOLDS(!view.elsewhere || strcmp(view.elsewhere, user) != 0);
    HOLDS(rc == EX_OK || (view.in_place == OTSD_UNKNOWN && !view.elsewhere && is_printable(p->text)));
    free(view.elsewhere);
    return rc;
}

/* The next line of a text, with its end. */
static piece whole_line(piece *rest) {
    const char *at = rest->text;
    size_t len = piece_line(rest).len;

    return (piece){at, (size_t)(rest->text - at) > len ? len + 1 : len};
}

static bool is_of(piece line, const char *user) {
    size_t len = strlen(user);

    return line.len > len && memcmp(line.text, user, len) == 0 && line.text[len] == ':';
}

static bool has_hash(piece line, const char *hash) {
    const char *colon = memchr(line.text, ':', line.len), *end;
    piece field;

    if (!colon)
        return false;
    field = (piece){colon + 1, line.len - (size_t)(colon + 1 - line.text)};
    end = field.len > 0 ? memchr(field.text, ':', field.len) : NULL;
    field.len = end ? (size_t)(end - field.text) : field.len;
    while (!end && field.len > 0 && field.text[field.len - 1] == '\n')
        field.len--;
    field.len = strnlen(field.text, field.len);
    while (field.len > 0 && *field.text == '!')
        field = (piece){field.text + 1, field.len - 1};
    return field.len == strlen(hash) && memcmp(field.text, hash, field.len) == 0;
}

/* The lines that may differ are that user's first one, where a password was set, or those with the hash that died. All
 * others are as before, byte by byte. */
static void compare(piece before, piece after, const shadow_change *c) {
    bool met = false;

    while (before.len > 0) {
        piece one = whole_line(&before), other = whole_line(&after);
        bool mine = c->op == SHADOW_SET ? !met && is_of(one, c->user) : has_hash(one, c->hash);

        met = met || (mine && c->op == SHADOW_SET);
        if (mine && c->op == SHADOW_KILL)
            HOLDS(!has_hash(other, c->hash));
        if (mine && c->op == SHADOW_SET && c->result == SHADOW_DONE)
            HOLDS(is_of(other, c->user) && has_hash(other, c->hash));
        if (!mine || c->result != SHADOW_DONE)
            HOLDS(one.len == other.len && memcmp(one.text, other.text, one.len) == 0);
    }
    HOLDS(after.len == 0);
}

static void apply(piece before, shadow_change *c) {
    char *text;
    piece after;
    problem p;

    HOLDS(shadow_rewrite_apply(&place, c, 1, &p) == EX_OK);
    text = take_file(&after.len);
    after.text = text;
    compare(before, after, c);
    HOLDS(c->result != SHADOW_BROKEN || c->wrong);
    free(text);
}

static bool may_be_name(const char *s) {
    return s[0] && !strchr(s, ':') && !strchr(s, '\n');
}

/* Set, found, dead, and not found any more; each on the file as it is then. */
static void live(piece text, const char *user, const char *hash) {
    shadow_change set = {.user = user, .hash = hash, .op = SHADOW_SET, .must_change = true, .force = true};
    shadow_change kill = {.hash = hash, .op = SHADOW_KILL, .changed_before = 19000, .created = 1800000000};
    otsd_tri in_place;
    bool elsewhere;
    char *now;
    size_t len;
    problem p;

    apply(text, &set);
    HOLDS(set.result == SHADOW_DONE || set.result == SHADOW_ABSENT || set.result == SHADOW_BROKEN);
    if (look(user, hash, &in_place, &elsewhere, &p) == EX_OK)
        HOLDS(set.result != SHADOW_DONE || in_place == OTSD_YES);
    now = take_file(&len);
    apply((piece){now, len}, &kill);
    HOLDS(set.result != SHADOW_DONE || kill.result == SHADOW_DONE);
    if (look(user, hash, &in_place, &elsewhere, &p) == EX_OK)
        HOLDS(in_place != OTSD_YES && !elsewhere);
    free(now);
    now = take_file(&len);
    apply((piece){now, len}, &kill);
    HOLDS(kill.result == SHADOW_ABSENT);
    free(now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    piece rest = {(const char *)data, len}, line;
    char *user = piece_string(piece_line(&rest)), *hash = piece_string(piece_line(&rest));
    sum s = {0};
    problem p;
    int rc;

    put_file(rest.text, rest.len);
    rc = shadow_each(see, &s, &p);
    HOLDS(p.code == rc && (rc == EX_OK || (p.text[0] && is_printable(p.text))));
    if (may_be_name(user) && may_be_name(hash) && hash[0] != '!' && strcmp(hash, "*") != 0 &&
        strlen(hash) < SHADOW_HASH_MAX)
        live(rest, user, hash);
    while (rest.len > 0) {
        line = piece_line(&rest);
        line_holds(line);
    }
    free(user);
    free(hash);
    return 0;
}
