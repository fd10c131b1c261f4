/* SPDX-License-Identifier: MIT */
#include "ledger/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"
#include "base/json.h"

/* What is not known is not in the line. */
static void add_text(json_out *j, const char *name, const char *value) {
    if (value && *value)
        json_text(j, name, value);
}

static void add_time(json_out *j, const char *name, int64_t when) {
    if (when > 0)
        json_time(j, name, when);
}

static json_out *line_of(const char *event, const record *r, int64_t now) {
    json_out *j = json_new(JSON_LINE);

    json_begin_object(j, NULL);
    add_time(j, "time", now);
    add_text(j, "event", event);
    add_text(j, "user", r->user);
    json_number(j, "uid", r->uid);
    add_text(j, "id", r->id);
    add_text(j, "recipient", r->recipient);
    if (strcmp(event, "closed") == 0) {
        add_text(j, "reason", reason_word((reason)r->reason));
        add_text(j, "outcome", outcome_word((outcome)r->outcome));
        add_time(j, "opened_at", r->opened_at);
        add_time(j, "issued_at", r->created);
    } else {
        add_time(j, "deadline", r->deadline);
    }
    json_end(j);
    return j;
}

static int open_log(const char *path, problem *p) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT, .forbidden = 022};
    char dir[PATH_MAX];
    file_found f;

    snprintf(dir, sizeof dir, "%s", path);
    if (mkdir(dirname(dir), 0700) != 0 && errno != EEXIST) {
        problem_set(p, EX_CANTCREAT, "the audit log's folder %s cannot be made: %s", dir, strerror(errno));
        return -1;
    }
    if (file_open(AT_FDCWD, path, O_RDWR | O_APPEND | O_CREAT, &wanted, &f) == FILE_GOOD)
        return f.fd;
    if (f.error != 0)
        problem_set(p, EX_CANTCREAT, "the audit log %s cannot be opened: %s", path, strerror(f.error));
    else
        problem_set(p, EX_CONFIG, "the audit log %s must be a regular file of root's that nobody else can write", path);
    return -1;
}

/* A line that a crash or a full disk cut must not swallow the next one. */
static bool torn(int fd) {
    struct stat st;
    char last = '\n';

    if (fstat(fd, &st) != 0 || st.st_size == 0)
        return false;
    return file_pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

/* All lines in one piece of memory, each with its newline; NULL: out of memory. */
static char *lines_of(const char *event, const record *const *r, size_t n, int64_t now, size_t *len) {
    char *text = NULL;
    FILE *f = open_memstream(&text, len);
    bool ok = f;

    for (size_t i = 0; ok && i < n; i++) {
        json_out *j = line_of(event, r[i], now);
        problem ignored; /* the caller says it */

        ok = json_print(&j, f, &ignored) == EX_OK;
    }
    if (f && fclose(f) != 0)
        ok = false;
    if (!ok) {
        free(text);
        text = NULL;
    }
    return text;
}

int audit_write_all(const config *c, const char *event, const record *const *r, size_t n, int64_t now, problem *p) {
    size_t len = 0;
    char *text = lines_of(event, r, n, now, &len);
    int fd = -1, rc = problem_none(p);
    struct stat st;

    if (!text)
        return problem_set(p, EX_OSERR, "out of memory for the audit log");
    fd = open_log(c->audit.file, p);
    if (fd < 0) {
        rc = p->code;
        goto out;
    }
    if (file_flock(fd, LOCK_EX) != 0 || fstat(fd, &st) != 0) {
        rc = problem_set(p, EX_IOERR, "the audit log %s cannot be locked: %s", c->audit.file, strerror(errno));
        goto out;
    }
    if ((torn(fd) && !file_write(fd, "\n", 1, FILE_HERE, NULL)) || !file_write(fd, text, len, FILE_HERE, NULL) ||
        file_fsync(fd) != 0) {
        rc = problem_set(p, EX_IOERR, "the audit log %s cannot be written: %s", c->audit.file, strerror(errno));
        (void)!ftruncate(fd, st.st_size);
        goto out;
    }
    for (char *rest = text, *line; c->audit.syslog && (line = strsep(&rest, "\n")) && *line;)
        say(LOG_INFO, "%s", line);
out:
    if (fd >= 0)
        (void)close(fd);
    free(text);
    return rc;
}

int audit_write(const config *c, const char *event, const record *r, int64_t now, problem *p) {
    return audit_write_all(c, event, &r, 1, now, p);
}

int audit_ready(const config *c, problem *p) {
    int fd = open_log(c->audit.file, p);

    if (fd < 0)
        return p->code;
    (void)close(fd); /* nothing was written */
    return problem_none(p);
}

typedef struct search {
    const char *event; /* as it stands in a line */
    audit_look **sorted;
    size_t n;
} search;

static int by_id(const void *a, const void *b) {
    return strcmp((*(audit_look *const *)a)->id, (*(audit_look *const *)b)->id);
}

static int id_is(const void *id, const void *look) {
    return strcmp(id, (*(audit_look *const *)look)->id);
}

/* A line without its end was not written. */
static void look_in_line(const search *s, char *line) {
    char *id = strstr(line, "\"id\":\""), *end = id ? strchr(id + 6, '"') : NULL;
    audit_look **found;

    if (!end || !strchr(line, '\n') || !strstr(line, s->event))
        return;
    *end = '\0';
    found = bsearch(id + 6, s->sorted, s->n, sizeof(audit_look *), id_is);
    if (found)
        (*found)->found = true;
}

static void look_in_file(const search *s, const char *path) {
    char *line = NULL;
    size_t size = 0;
    FILE *f = fopen(path, "re");

    if (!f)
        return;
    while (getline(&line, &size, f) > 0)
        look_in_line(s, line);
    free(line);
    (void)fclose(f);
}

void audit_find(const config *c, const char *event, audit_look *looks, size_t n) {
    char rotated[PATH_MAX], wanted[40];
    search s = {wanted, calloc(n + 1, sizeof(audit_look *)), n};

    snprintf(rotated, sizeof rotated, "%s.1", c->audit.file);
    snprintf(wanted, sizeof wanted, "\"event\":\"%s\"", event);
    for (size_t i = 0; i < n; i++) {
        looks[i].found = false;
        if (s.sorted)
            s.sorted[i] = &looks[i];
    }
    if (s.sorted) {
        qsort(s.sorted, n, sizeof(audit_look *), by_id);
        look_in_file(&s, c->audit.file);
        look_in_file(&s, rotated);
    }
    free(s.sorted);
}
