/* SPDX-License-Identifier: MIT
 *
 * Sends every recorded request to the sandbox, as the release that it was recorded from, and holds the answer against
 * the recorded one: status, header names and the values that mean something, and of the JSON the members in their
 * order, their types and their values. What cannot be equal (keys, times, random values) is compared by shape. No
 * exchange is left out.
 *
 * Usage: replay [RECORDING [NAME]]: one of those in the folder recorded, without ".jsonl"; all where none is given.
 *        replay FILE RELEASE: any file, against the sandbox as that release.
 * The sandbox is $B/otsd-sandbox (B: build).
 */
#include "compare.h"
#include "houses.h"
#include "play.h"

#define LINE_SIZE ((size_t)4 << 20)

static char *line;

struct recording {
    const char *file, *release;
    int wrong; /* passphrases, until the next is refused */
};

static const struct recording recordings[] = {
    {"v0.18.5", "v0.18.5", 5},        {"v0.20.5", "v0.20.5", 5},    {"v0.20.5.extra", "v0.20.5", 5},
    {"v0.21.7", "v0.21.7", 5},        {"v0.22.10", "v0.22.10", 5},  {"v0.23.6", "v0.23.6", 5},
    {"v0.24.7", "v0.24.7", 20},       {"v0.25.11", "v0.25.11", 20}, {"v0.26.6", "v0.26.6", 20},
    {"v0.26.6.extra", "v0.26.6", 20},
};

static int wrong_of(const char *release) {
    for (size_t i = 0; i < sizeof recordings / sizeof recordings[0]; i++) {
        if (strcmp(recordings[i].release, release) == 0)
            return recordings[i].wrong;
    }
    return 20;
}

static void reset_limits(const struct situation *s) {
    struct answer a;

    if (s->house != LIMITED_HOUSE)
        return;
    a = step(s->house, "POST", NULL, "", "/sandbox/reset");
    answer_free(&a);
}

static bool replay(struct json_object *exchange, int wrong) {
    struct play p;
    bool same;

    reset_limits(find_situation(text(exchange, "name")));
    same = play_begin(&p, exchange, wrong);
    if (same) {
        bool generated = strstr(p.path, "/generate") || (p.s->call && strcmp(p.s->call, "generate") == 0);
        struct answer a = play_send(&p);

        same = same_answer(p.response, p.want, &a, generated, strpbrk(p.s->steps, "eE"));
        answer_free(&a);
    }
    play_free(&p);
    return same;
}

static unsigned long count, failed;

static void replay_file(const struct recording *r, const char *only) {
    char path[512];
    unsigned long before = failed, n = 0;
    FILE *f;

    snprintf(path, sizeof path, strchr(r->file, '/') ? "%s" : "tests/conformance/recorded/%s.jsonl", r->file);
    f = fopen(path, "re");
    if (!f)
        die(path);
    for (enum house h = FREE_HOUSE; h < HOUSE_COUNT; h++)
        start_house(h, r->release);
    while (fgets(line, (int)LINE_SIZE, f)) {
        struct json_object *exchange = json_tokener_parse(line);
        const char *name = text(exchange, "name");

        if (!name)
            die("a recorded line is not JSON");
        if (!only || strcmp(only, name) == 0) {
            bool same = replay(exchange, r->wrong);

            n++;
            printf("%s %lu - %s: %s is answered as recorded\n", same ? "ok" : "not ok", ++count, r->file, name);
            if (!same) {
                failed++;
                printf("# %s\n", why);
            }
        }
        json_object_put(exchange);
    }
    if (ferror(f) || fclose(f) != 0)
        die(path);
    for (enum house h = FREE_HOUSE; h < HOUSE_COUNT; h++)
        stop_house(h);
    printf("# %s: %lu of %lu recorded exchanges are answered as recorded\n", r->file, n - (failed - before), n);
}

int main(int argc, char **argv) {
    line = malloc(LINE_SIZE);
    curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    if (!line || !curl)
        die("start");
    if (argc > 2 && strchr(argv[1], '/')) {
        struct recording r = {argv[1], argv[2], wrong_of(argv[2])};

        replay_file(&r, NULL);
    }
    for (size_t i = 0; i < sizeof recordings / sizeof recordings[0]; i++) {
        if (argc < 2 || strcmp(argv[1], recordings[i].file) == 0)
            replay_file(&recordings[i], argc > 2 ? argv[2] : NULL);
    }
    printf("1..%lu\n", count);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    free(line);
    return failed == 0 && count > 0 ? 0 : 1;
}
