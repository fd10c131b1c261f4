/* SPDX-License-Identifier: MIT
 *
 * Sends every recorded request to the sandbox, in the flavour that it was recorded from, and holds the answer against
 * the recorded one: status, header names and the values that mean something, and of the JSON the members in their
 * order, their types and their values. What cannot be equal (keys, times, random values) is compared by shape. No
 * exchange is left out.
 *
 * Usage: replay [old|new [NAME]]. The sandbox is $B/otsd-sandbox (B: build).
 */
#include "compare.h"
#include "peer.h"
#include "situations.h"

#include <fnmatch.h>

#define LINE_SIZE 262144

static char *line;

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
        if (!at)
            continue;
        *key = at + strlen(before[i]);
        size_t n = 0;
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

static bool replay(struct json_object *exchange, bool old) {
    struct json_object *request = NULL, *response = NULL, *headers = NULL;
    const char *name = text(exchange, "name"), *key = NULL;
    const struct situation *s = find_situation(name);
    struct curl_slist *list = NULL;
    struct json_object *receipt = NULL;
    bool same = false, travelled = strpbrk(s->steps, "eE");

    json_object_object_get_ex(exchange, "request", &request);
    json_object_object_get_ex(exchange, "response", &response);
    json_object_object_get_ex(request, "headers", &headers);
    const char *recorded_path = text(request, "path"), *recorded_body = text(response, "body");
    size_t key_len = key_in_path(recorded_path, &key);
    char *path = strdup(recorded_path), *want = strdup(!recorded_body ? "" : recorded_body);
    char *body = !text(request, "body") ? NULL : strdup(text(request, "body"));

    if (s->house == LIMITED_HOUSE) {
        struct answer a = step(s->house, "POST", NULL, "", "/sandbox/reset");
        answer_free(&a);
    }
    if (s->call) {
        char *form = !s->form ? readback_form(want) : strdup(s->form);
        struct answer made = step(s->house, "POST", s->owner == OPS ? OPS_HEADER : NULL, form, "/api/v1/%s", s->call);
        receipt = json_tokener_parse(made.body);
        answer_free(&made);
        free(form);
        if (!text(receipt, "secret_key")) {
            differs("the secret that it is about could not be made");
            goto out;
        }
        bool by_secret_key = strstr(path, "/secret/") || strstr(name, "-with-secret-key");
        char fresh[128];
        snprintf(fresh, sizeof fresh, "%s", text(receipt, by_secret_key ? "secret_key" : "metadata_key"));
        for (char *p = fresh; strstr(name, "uppercase") && *p != '\0'; p++)
            *p = (char)toupper((unsigned char)*p);
        char *old_path = path, *old_want = want;
        path = replace_all(old_path, key, key_len, fresh);
        want = replace_all(old_want, key, key_len, fresh);
        free(old_path);
        free(old_want);
    } else if (key_len >= 31 && key[0] != 'k' && key[2] != 'k') {
        differs("the table of situations does not say what it is about");
        goto out;
    }
    long ttl = !receipt ? 0 : strtol(text(receipt, "ttl"), NULL, 10);
    for (const char *p = s->steps; *p != '\0'; p++)
        one_step(s->house, *p, text(receipt, "metadata_key"), text(receipt, "secret_key"), ttl, old);

    json_object_object_foreach(headers, header_name, value) {
        char header[1024];
        if (strcmp(header_name, "Content-Length") == 0 || strcmp(header_name, "Host") == 0)
            continue;
        /* curl leaves out a header with nothing after the colon; a semicolon makes it send one. */
        const char *v = json_object_get_string(value);
        snprintf(header, sizeof header, *v == '\0' ? "%s;" : "%s: %s", header_name, v);
        list = curl_slist_append(list, header);
    }
    if (!text(headers, "Content-Type"))
        list = curl_slist_append(list, "Content-Type:");
    size_t body_len = !body ? 0 : recorded_bytes(body, text(headers, "Content-Length"));
    struct answer a = send_request(s->house, text(request, "method"), path, list, body, body_len);
    bool generated = strstr(path, "/generate") || (s->call && strcmp(s->call, "generate") == 0);
    same = same_answer(response, want, &a, generated, travelled);
    answer_free(&a);
out:
    curl_slist_free_all(list);
    json_object_put(receipt);
    free(path);
    free(want);
    free(body);
    return same;
}

static unsigned long count, failed;

static void replay_file(const char *flavour, const char *only) {
    char path[128];
    unsigned long before = failed, n = 0;
    bool old = strcmp(flavour, "old") == 0;
    snprintf(path, sizeof path, "tests/conformance/recorded/%s.jsonl", flavour);
    FILE *f = fopen(path, "re");
    if (!f)
        die(path);
    for (enum house h = FREE_HOUSE; h < HOUSE_COUNT; h++)
        start_house(h, flavour, old && h == SHORT_HOUSE ? "127.0.0.1:7145" : old ? "127.0.0.1:7143" : "127.0.0.1:7144");
    while (fgets(line, LINE_SIZE, f)) {
        struct json_object *exchange = json_tokener_parse(line);
        const char *name = text(exchange, "name");
        if (!name)
            die("a recorded line is not JSON");
        if (!only || strcmp(only, name) == 0) {
            bool same = replay(exchange, old);
            n++;
            printf("%s %lu - %s: %s is answered as recorded\n", same ? "ok" : "not ok", ++count, flavour, name);
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
    printf("# %s: %lu of %lu recorded exchanges are answered as recorded\n", flavour, n - (failed - before), n);
}

int main(int argc, char **argv) {
    line = malloc(LINE_SIZE);
    curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    if (!line || !curl)
        die("start");
    for (int i = 0; i < 2; i++) {
        const char *flavour = i == 0 ? "old" : "new";
        if (argc < 2 || strcmp(argv[1], flavour) == 0)
            replay_file(flavour, argc > 2 ? argv[2] : NULL);
    }
    printf("1..%lu\n", count);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    free(line);
    return failed == 0 && count > 0 ? 0 : 1;
}
