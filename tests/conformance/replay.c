/* SPDX-License-Identifier: MIT
 *
 * Sends every recorded request to the sandbox, as the release that it was recorded from, and holds the answer against
 * the recorded one: status, header names and the values that mean something, and of the JSON the members in their
 * order, their types and their values. What cannot be equal (keys, times, random values) is compared by shape. No
 * exchange is left out.
 *
 * Usage: replay [FILE [NAME]], FILE without its folder and ".jsonl". The sandbox is $B/otsd-sandbox (B: build).
 */
#include "compare.h"
#include "peer.h"
#include "situations.h"

#include <fnmatch.h>

#define LINE_SIZE 262144

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

static const struct situation *find_situation(const char *name) {
    const struct situation *s = situations;

    while (fnmatch(s->pattern, name, 0) != 0)
        s++;
    return s;
}

/* The recorded key in a path: the part after secret/, private/, metadata/ or receipt/. */
static size_t key_in_path(const char *path, const char **key) {
    static const char *const before[] = {"/secret/", "/private/", "/metadata/", "/receipt/", NULL};

    for (int i = 0; before[i]; i++) {
        const char *at = strstr(path, before[i]);
        size_t n;

        if (!at)
            continue;
        *key = at + strlen(before[i]);
        n = 0;
        while (isalnum((unsigned char)(*key)[n]))
            n++;
        return n;
    }
    return 0;
}

/* Malloced: in, with every old replaced. */
static char *replace_all(const char *in, const char *old, size_t old_len, const char *with) {
    size_t room = strlen(in) * (1 + strlen(with)) + 1, n = 0;
    char *out = malloc(room);

    if (!out)
        die("malloc");
    while (*in != '\0') {
        if (old_len > 0 && strncmp(in, old, old_len) == 0) {
            n += (size_t)snprintf(out + n, room - n, "%s", with);
            in += old_len;
        } else {
            out[n++] = *in++;
        }
    }
    out[n] = '\0';
    return out;
}

/* Recorded bodies are text; where their length says so, each character was one byte. */
static size_t recorded_bytes(char *s, const char *content_length) {
    size_t n = 0;

    if (!content_length || strtoul(content_length, NULL, 10) == strlen(s))
        return strlen(s);
    for (const unsigned char *p = (const unsigned char *)s; *p != '\0'; p++) {
        if (*p >= 0xc2 && *p <= 0xc3 && p[1] != '\0') {
            s[n++] = (char)((*p << 6) | (p[1] & 0x3f));
            p++;
        } else {
            s[n++] = (char)*p;
        }
    }
    return n;
}

static char *readback_form(const char *recorded_body) {
    struct json_object *o = json_tokener_parse(recorded_body), *v = NULL;
    char *form = NULL, *escaped = NULL;

    if (json_object_object_get_ex(o, "value", &v))
        escaped = curl_easy_escape(curl, json_object_get_string(v), json_object_get_string_len(v));
    if (!escaped || asprintf(&form, "secret=%s&ttl=3600", escaped) < 0)
        die("the value that was read back");
    curl_free(escaped);
    json_object_put(o);
    return form;
}

static struct curl_slist *header_list(struct json_object *headers) {
    struct curl_slist *list = NULL;

    json_object_object_foreach(headers, name, value) {
        char header[1024];
        const char *v = json_object_get_string(value);

        if (strcmp(name, "Content-Length") == 0 || strcmp(name, "Host") == 0)
            continue;
        /* curl leaves out a header with nothing after the colon; a semicolon makes it send one. */
        snprintf(header, sizeof header, *v == '\0' ? "%s;" : "%s: %s", name, v);
        list = curl_slist_append(list, header);
    }
    return text(headers, "Content-Type") ? list : curl_slist_append(list, "Content-Type:");
}

/* The secret that the exchange is about, made anew; NULL, and said, where it cannot be. */
static struct json_object *make_secret(const struct situation *s, const char *want) {
    char *form = !s->form ? readback_form(want) : strdup(s->form);
    struct answer made = step(s->house, "POST", s->owner == OPS ? OPS_HEADER : NULL, form, "/api/v1/%s", s->call);
    struct json_object *receipt = json_tokener_parse(made.body);

    answer_free(&made);
    free(form);
    if (text(receipt, "secret_key"))
        return receipt;
    differs("the secret that it is about could not be made");
    json_object_put(receipt);
    return NULL;
}

static void replace_key(char **in, const char *key, size_t key_len, const char *fresh) {
    char *old = *in;

    *in = replace_all(old, key, key_len, fresh);
    free(old);
}

/* Puts the receipt's key in the place of the recorded one. */
static void use_fresh_key(struct json_object *exchange, struct json_object *receipt, char **path, char **want) {
    const char *name = text(exchange, "name"), *key = NULL;
    struct json_object *request = NULL;
    char fresh[128];
    bool by_secret_key = strstr(*path, "/secret/") || strstr(name, "-with-secret-key");
    size_t key_len;

    json_object_object_get_ex(exchange, "request", &request);
    key_len = key_in_path(text(request, "path"), &key);
    snprintf(fresh, sizeof fresh, "%s", text(receipt, by_secret_key ? "secret_key" : "metadata_key"));
    for (char *p = fresh; strstr(name, "uppercase") && *p != '\0'; p++)
        *p = (char)toupper((unsigned char)*p);
    replace_key(path, key, key_len, fresh);
    replace_key(want, key, key_len, fresh);
}

static void take_steps(const struct situation *s, struct json_object *receipt, int wrong) {
    long ttl = !receipt ? 0 : strtol(text(receipt, "ttl"), NULL, 10);

    for (const char *p = s->steps; *p != '\0'; p++)
        one_step(s->house, *p, text(receipt, "metadata_key"), text(receipt, "secret_key"), ttl, wrong);
}

static void reset_limits(const struct situation *s) {
    struct answer a;

    if (s->house != LIMITED_HOUSE)
        return;
    a = step(s->house, "POST", NULL, "", "/sandbox/reset");
    answer_free(&a);
}

static bool send_and_compare(const struct situation *s, struct json_object *request, const char *path, const char *want,
                             struct json_object *response) {
    struct json_object *headers = NULL;
    struct curl_slist *list;
    char *body = !text(request, "body") ? NULL : strdup(text(request, "body"));
    bool generated = strstr(path, "/generate") || (s->call && strcmp(s->call, "generate") == 0);
    bool travelled = strpbrk(s->steps, "eE"), same;
    size_t len;
    struct answer a;

    json_object_object_get_ex(request, "headers", &headers);
    list = header_list(headers);
    len = !body ? 0 : recorded_bytes(body, text(headers, "Content-Length"));
    a = send_request(s->house, text(request, "method"), path, list, body, len);
    same = same_answer(response, want, &a, generated, travelled);
    answer_free(&a);
    curl_slist_free_all(list);
    free(body);
    return same;
}

/* Malloced: the recorded body, as if the sandbox had been asked. */
static char *with_own_host(enum house h, struct json_object *request, const char *recorded) {
    struct json_object *headers = NULL;
    const char *host;

    json_object_object_get_ex(request, "headers", &headers);
    host = text(headers, "Host");
    return !host ? strdup(recorded) : replace_all(recorded, host, strlen(host), strstr(houses[h].url, "//") + 2);
}

static bool replay(struct json_object *exchange, int wrong) {
    struct json_object *request = NULL, *response = NULL, *receipt = NULL;
    const struct situation *s = find_situation(text(exchange, "name"));
    const char *key = NULL, *recorded;
    size_t key_len;
    char *path, *want;
    bool same = false;

    json_object_object_get_ex(exchange, "request", &request);
    json_object_object_get_ex(exchange, "response", &response);
    recorded = text(response, "body");
    path = strdup(text(request, "path"));
    want = with_own_host(s->house, request, !recorded ? "" : recorded);
    key_len = key_in_path(path, &key);

    reset_limits(s);
    if (s->call) {
        receipt = make_secret(s, want);
        if (!receipt)
            goto out;
        use_fresh_key(exchange, receipt, &path, &want);
    } else if (key_len >= 31 && key[0] != 'k' && key[2] != 'k') {
        differs("the table of situations does not say what it is about");
        goto out;
    }
    take_steps(s, receipt, wrong);
    same = send_and_compare(s, request, path, want, response);
out:
    json_object_put(receipt);
    free(path);
    free(want);
    return same;
}

static unsigned long count, failed;

static void replay_file(const struct recording *r, const char *only) {
    char path[128];
    unsigned long before = failed, n = 0;
    FILE *f;

    snprintf(path, sizeof path, "tests/conformance/recorded/%s.jsonl", r->file);
    f = fopen(path, "re");
    if (!f)
        die(path);
    for (enum house h = FREE_HOUSE; h < HOUSE_COUNT; h++)
        start_house(h, r->release);
    while (fgets(line, LINE_SIZE, f)) {
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
