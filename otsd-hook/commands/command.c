/* SPDX-License-Identifier: MIT */
#include "commands/commands.h"

#include "base/privs.h"

int command_begin(const option_table *o, int argc, char **argv, void *into, size_t *count) {
    options_result result = options_read(o, argc, argv, into, count);
    problem p;

    if (result != OPTIONS_READ)
        return result == OPTIONS_HELP ? COMMAND_HELPED : EX_USAGE;
    return command_end(privs_start(&p), &p);
}

int command_check_user(const option_table *o, const char *word) {
    const char *fault = user_name_fault(word);

    return fault ? options_refuse(o, "\"%s\" is not a user name: %s", word, fault) : EX_OK;
}

int command_end(int rc, const problem *p) {
    if (rc != EX_OK)
        problem_say(p);
    return rc;
}
