/* SPDX-License-Identifier: MIT */
#include "commands/provision_print.h"

#include <stdio.h>

#include "base/json.h"
#include "base/words.h"

static int print_json(const provision_request *q, const issue *i, problem *p) {
    json_out *j = json_new(JSON_LINE);

    json_begin_object(j, NULL);
    json_text(j, "user", i->user);
    json_number(j, "uid", i->uid);
    json_bool(j, "dry_run", q->dry_run);
    json_text(j, "recipient", i->recipient);
    if (!q->dry_run) {
        json_text(j, "id", i->id);
        json_number(j, "deadline", i->deadline);
        json_number(j, "ttl_asked", i->ttl_asked);
        json_number(j, "ttl_granted", i->ttl_granted);
        json_bool(j, "ttl_shortened", i->short_ttl);
        json_bool(j, "ttl_lengthened", i->long_ttl);
    }
    if (i->link)
        json_text(j, "link", i->link);
    json_end(j);
    return json_print(&j, stdout, p);
}

static void print_text(const provision_request *q, const issue *i) {
    char until[WORDS_MAX];

    words_time(i->deadline, until);
    if (q->dry_run && i->recipient)
        say_out("%s: would be provisioned, the link mailed to %s; nothing was changed", i->user, i->recipient);
    else if (q->dry_run)
        say_out("%s: would be provisioned; nothing was changed", i->user);
    else if (i->recipient)
        say_out("%s: password set; the link goes to %s; it opens once, until %s", i->user, i->recipient, until);
    else
        say_out("%s: password set; nobody is mailed; it opens once, until %s", i->user, until);
    if (i->link)
        say_out("%s", i->link);
}

int provision_print(const provision_request *q, const issue *i, problem *p) {
    int rc = problem_none(p);

    if (q->json)
        rc = print_json(q, i, p);
    else
        print_text(q, i);
    if (rc == EX_OSERR && i->link) /* the JSON was never made, and this is the only copy */
        say_out("%s", i->link);
    if (rc == EX_OSERR)
        return problem_set(p, rc,
                           q->dry_run ? "%s: out of memory; nothing was changed"
                           : i->link  ? "%s: provisioned, but there is no memory for what was to be printed; only the "
                                        "link is"
                                      : "%s: provisioned, but there is no memory for what was to be printed",
                           i->user);
    if (ferror(stdout) || fflush(stdout) != 0)
        return problem_set(p, EX_IOERR,
                           q->dry_run ? "%s: standard output cannot be written; nothing was changed"
                                      : "%s: provisioned, but standard output cannot be written",
                           i->user);
    return problem_none(p);
}
