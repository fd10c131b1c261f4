/* SPDX-License-Identifier: MIT
 *
 * otsd-hook history: what the audit log knows, its last rotation included.
 */
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handoff/context.h"

static const char help[] = "usage: otsd-hook history [OPTION...] [USER]\n"
                           "\n"
                           "Prints what the audit log says, of all or of USER, oldest first.\n"
                           "\n"
                           "  --json          the log's own lines, one JSON object each\n"
                           "  --config=FILE   default " OTSD_CONFIG_PATH "\n";

typedef struct history {
    const char *user;
    bool json;
    size_t shown, bad;
} history;

static const char *text(json_object *o, const char *key) {
    json_object *v;

    const char *s = json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_string)
                        ? json_object_get_string(v)
                        : "";

    /* Nothing that a terminal would obey. */
    for (const char *c = s; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return "?";
    return s;
}

static void print(const char *line, json_object *o, bool json) {
    const char *event = text(o, "event"), *opened = text(o, "opened_at");

    if (json)
        fputs(line, stdout);
    else if (strcmp(event, "closed") == 0)
        printf("%s  %-16s closed: %s; the link: %s%s%s\n", text(o, "time"), text(o, "user"), text(o, "reason"),
               text(o, "outcome"), opened[0] ? " at " : "", opened);
    else
        printf("%s  %-16s %s%s%s, until %s\n", text(o, "time"), text(o, "user"), event,
               text(o, "recipient")[0] ? " to " : "", text(o, "recipient"), text(o, "deadline"));
}

static int read_log(const char *path, bool optional, history *h, problem *p) {
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;

    if (!f && errno == ENOENT && optional)
        return EX_OK;
    if (!f)
        return problem_set(p, EX_NOINPUT, "the audit log %s cannot be read: %s", path, strerror(errno));
    while (getline(&line, &size, f) > 0) {
        json_object *o = json_tokener_parse(line);

        if (!o || !json_object_is_type(o, json_type_object) || !text(o, "event")[0]) {
            h->bad++;
        } else if (!h->user || strcmp(h->user, text(o, "user")) == 0) {
            print(line, o, h->json);
            h->shown++;
        }
        if (o)
            json_object_put(o);
    }
    free(line);
    (void)fclose(f);
    return EX_OK;
}

int cmd_history(context *x, int argc, char **argv) {
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"config", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    history h = {0};
    char rotated[PATH_MAX];
    problem p;
    int opt, rc;

    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (opt) {
        case 'j':
            h.json = true;
            break;
        case 'c':
            x->config_path = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return EX_OK;
        default:
            return usage_error("history", "\"%s\" is no option, or lacks its value", argv[optind - 1]);
        }
    }
    if (argc - optind > 1)
        return usage_error("history", "it takes one user name or none");
    h.user = argv[optind];
    rc = context_open(x, &p);
    if (rc == EX_OK) {
        snprintf(rotated, sizeof rotated, "%s.1", x->config->audit.file);
        rc = read_log(rotated, true, &h, &p);
    }
    if (rc == EX_OK)
        rc = read_log(x->config->audit.file, true, &h, &p);
    if (rc != EX_OK) {
        problem_say(&p);
        return rc;
    }
    if (h.bad > 0)
        fprintf(stderr, "otsd-hook: %zu line(s) of the audit log are damaged and were passed over\n", h.bad);
    if (h.shown == 0 && h.bad == 0 && !h.json)
        printf(h.user ? "The audit log has nothing on %s.\n" : "The audit log is empty.\n", h.user);
    return EX_OK;
}
