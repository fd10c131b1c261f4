/* SPDX-License-Identifier: MIT
 *
 * libpam's own rules, as its dispatcher has them: a control word stands for a set of actions; a jump counts the lines
 * of its own level, and a whole substack as one; "done" ends the stack, in a substack the substack. So whether a line
 * is reached once another one has succeeded can be told from the text alone.
 */
#include "commands/stack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/names.h"

#define DEPTH_MOST 16 /* libpam's */
#define INCLUDES_MOST 500
#define OURS "pam_ots.so"

static const char *const type_texts[STACK_TYPES] = {
    [STACK_AUTH] = "auth", [STACK_ACCOUNT] = "account", [STACK_PASSWORD] = "password", [STACK_SESSION] = "session"};
static const name_table types = NAMES_OF(type_texts);

const char *stack_type_name(stack_type t) {
    return names_text(&types, (long)t);
}

typedef struct reading {
    stack *s;
    stack_type type;
    stack_reader *read;
    void *arg;
    unsigned included;
} reading;

static void fault(stack *s, const char *what, const char *name) {
    if (!s->fault[0])
        snprintf(s->fault, sizeof s->fault, "%.100s %s", name, what);
}

static int action_of(const char *word) {
    static const char *const texts[] = {"ignore", "ok", "done", "bad", "die", "reset"};
    static const name_table names = NAMES_OF(texts);
    long jump;
    int i;

    if (names_find(&names, word, &i))
        return -i;
    jump = strtol(word, NULL, 10);
    if (jump <= 0)
        return DOES_BAD;
    return jump < STACK_LINES ? (int)jump : STACK_LINES;
}

/* "[success=2 default=ignore]", without its brackets; text is cut up. */
static void read_actions(stack_line *l, char *text) {
    bool success = false, auth_err = false;
    char *rest = text, *word;

    l->on_success = l->on_auth_err = l->on_others = DOES_BAD; /* what libpam takes for not said */
    while ((word = strtok_r(rest, " \t", &rest))) {
        char *value = strchr(word, '=');
        int action;

        if (!value)
            continue;
        *value++ = '\0';
        action = action_of(value);
        if (strcmp(word, "success") == 0) {
            l->on_success = action;
            success = true;
        } else if (strcmp(word, "auth_err") == 0) {
            l->on_auth_err = action;
            auth_err = true;
        } else if (strcmp(word, "default") == 0) {
            l->on_others = action;
        }
    }
    if (!success)
        l->on_success = l->on_others;
    if (!auth_err)
        l->on_auth_err = l->on_others;
}

static void read_control(stack_line *l, char *control) {
    static const struct {
        const char *word;
        int success, others;
    } words[] = {{"required", DOES_OK, DOES_BAD},
                 {"requisite", DOES_OK, DOES_DIE},
                 {"sufficient", DOES_DONE, DOES_IGNORE},
                 {"optional", DOES_OK, DOES_IGNORE}};

    snprintf(l->control, sizeof l->control, control[0] == '[' ? "%s]" : "%s", control);
    l->on_success = l->on_auth_err = l->on_others = DOES_BAD;
    if (control[0] == '[')
        read_actions(l, control + 1);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(control, words[i].word) == 0) {
            l->on_success = words[i].success;
            l->on_auth_err = l->on_others = words[i].others;
        }
    }
}

/* The next word of a line, "[a b]" being one that begins with '[' and has lost its ']'. NULL: no more. */
static char *next_word(char **at) {
    char *word = *at + strspn(*at, " \t");
    size_t len = word[0] == '[' ? strcspn(word, "]") : strcspn(word, " \t");

    if (*word == '\0')
        return NULL;
    *at = word + len;
    if (**at != '\0')
        *(*at)++ = '\0';
    return word;
}

static stack_line *add_line(stack *s, const char *file, unsigned number, int level) {
    stack_line *l;

    if (s->len == STACK_LINES) {
        fault(s, "has more lines than are looked at", file);
        return NULL;
    }
    l = &s->lines[s->len++];
    *l = (stack_line){.number = number, .level = level};
    snprintf(l->file, sizeof l->file, "%s", file);
    return l;
}

static bool read_file(reading *r, const char *name, int depth, int level);

static void include(reading *r, const char *name, int depth, int level) {
    /* Each depth may include twice what is below. */
    if (depth >= DEPTH_MOST || ++r->included > INCLUDES_MOST)
        fault(r->s, "is included too deep, or too often", name);
    else if (!read_file(r, name, depth + 1, level))
        fault(r->s, "is included, and there is no such file", name);
}

static void read_line(reading *r, char *line, const char *file, unsigned number, int depth, int level) {
    char *word = next_word(&line), *control, *module;
    stack_line *l;

    if (!word)
        return;
    control = next_word(&line);
    if (control && strcasecmp(word, "@include") == 0) {
        include(r, control, depth, level);
        return;
    }
    /* '-' before the type: libpam does not mind where the module is missing. */
    if (strcasecmp(word[0] == '-' ? word + 1 : word, stack_type_name(r->type)) != 0)
        return;
    module = control ? next_word(&line) : NULL;
    if (!module) {
        fault(r->s, "has a line that ends too soon", file);
    } else if (strcasecmp(control, "include") == 0) {
        include(r, module, depth, level);
    } else if (strcasecmp(control, "substack") == 0) {
        if (add_line(r->s, file, number, level))
            include(r, module, depth, level + 1);
    } else {
        l = add_line(r->s, file, number, level);
        if (l) {
            const char *slash = strrchr(module, '/');

            read_control(l, control);
            snprintf(l->module, sizeof l->module, "%s", slash ? slash + 1 : module);
        }
    }
}

/* Comments go, and a backslash at the end takes the next line in, as libpam does it. */
static bool read_file(reading *r, const char *name, int depth, int level) {
    char *text = r->read(name, r->arg), *line = text, *next;
    unsigned number = 0;

    for (; line; line = next) {
        unsigned begin = ++number;
        char *end = line + strcspn(line, "\n");

        while (end > line && end[-1] == '\\' && *end == '\n') {
            end[-1] = end[0] = ' ';
            end += strcspn(end, "\n");
            number++;
        }
        next = *end == '\n' ? end + 1 : NULL;
        *end = '\0';
        line[strcspn(line, "#")] = '\0';
        read_line(r, line, name, begin, depth, level);
    }
    free(text);
    return text;
}

bool stack_read(stack *s, const char *service, stack_type type, stack_reader *read, void *arg) {
    reading r = {.s = s, .type = type, .read = read, .arg = arg};

    s->len = 0;
    s->fault[0] = '\0';
    return read_file(&r, service, 0, 0);
}

/* Those that compare a password, or change it. What others do (a key, a finger, root's own rights) hands over no
 * password that could be ours. */
static bool is_password_module(const stack_line *l) {
    static const char *const names[] = {"pam_unix.so",    "pam_sss.so",          "pam_ldap.so",       "pam_krb5.so",
                                        "pam_winbind.so", "pam_systemd_home.so", "pam_extrausers.so", "pam_tcb.so",
                                        "pam_unix2.so",   "pam_pwdb.so",         "pam_himmelblau.so", "pam_aad.so"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(l->module, names[i]) == 0)
            return true;
    return false;
}

/* The line that comes after line i did this. */
static size_t next_of(const stack *s, size_t i, int action) {
    int level = s->lines[i].level;
    size_t at = i;

    if (action == DOES_DONE || action == DOES_DIE) {
        while (at + 1 < s->len && s->lines[at + 1].level >= level)
            at++;
    }
    for (; action > 0 && at + 1 < s->len && s->lines[at + 1].level >= level; action--) {
        do
            at++;
        while (at + 1 < s->len && s->lines[at + 1].level > level);
    }
    return at + 1;
}

static bool jumps_over(const stack *s, size_t i, int action, size_t ours) {
    return (action > 0 || action == DOES_DONE) && next_of(s, i, action) > ours;
}

/* Who keeps our line from being reached, or stands behind it. */
static stack_verdict judge_one(const stack *s, stack_type type, size_t ours) {
    stack_verdict v = {.place = PLACE_GOOD, .ours = &s->lines[ours]};

    if (type == STACK_ACCOUNT) /* it does nothing there */
        return v;
    for (size_t i = 0; i < s->len; i++) {
        const stack_line *l = &s->lines[i];
        bool password = type != STACK_SESSION && is_password_module(l);
        stack_place place = PLACE_GOOD;

        if (i > ours && password)
            place = PLACE_EARLY;
        else if (i < ours && jumps_over(s, i, l->on_success, ours))
            place =
                password || (type == STACK_SESSION && l->on_success == DOES_DONE) ? PLACE_JUMPED : PLACE_MAYBE_JUMPED;
        else if (i < ours && !password && jumps_over(s, i, l->on_others, ours))
            place = PLACE_MAYBE_JUMPED;
        if (place == PLACE_GOOD || (v.place != PLACE_GOOD && (place == PLACE_MAYBE_JUMPED || v.place == PLACE_JUMPED)))
            continue;
        v.place = place;
        v.by = l;
    }
    if (v.place == PLACE_GOOD && type == STACK_AUTH && v.ours->on_auth_err != DOES_BAD &&
        v.ours->on_auth_err != DOES_DIE)
        v.place = PLACE_POWERLESS;
    return v;
}

stack_verdict stack_judge(const stack *s, stack_type type) {
    stack_verdict best = {.place = PLACE_ABSENT};

    for (size_t i = 0; i < s->len; i++) {
        stack_verdict v;

        if (strcmp(s->lines[i].module, OURS) != 0)
            continue;
        v = judge_one(s, type, i);
        if (best.place == PLACE_ABSENT || v.place == PLACE_GOOD ||
            (v.place == PLACE_MAYBE_JUMPED && best.place != PLACE_GOOD))
            best = v;
    }
    return best;
}
