/* SPDX-License-Identifier: MIT
 *
 * Sends every recorded request to the sandbox, in the flavour that it was recorded from, and holds the answer against
 * the recorded one: status, header names and the values that mean something, and of the JSON the members in their
 * order, their types and their values. What cannot be equal (keys, times, random values) is compared by shape. No
 * exchange is left out.
 *
 * Usage: replay [old|new [NAME]]. The sandbox is $B/otsd-sandbox (B: build).
 */
#include "situations.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <fnmatch.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 262144
#define BODY_SIZE 65536
#define ACCOUNT_OPS "ops@example.com:ops-api-token-0123456789abcdef"
#define ACCOUNT_OTHER "other@example.com:other-api-token-0123456789abcdef"
#define TOLERANCE 10

struct answer {
    long status;
    char *body;
    size_t len, room;
    struct json_object *headers; /* names in lower case */
};

struct house_state {
    pid_t pid;
    char url[64];
};

static CURL *curl;
static struct house_state houses[HOUSE_COUNT];
static char why[1024];
static char *line;

static void die(const char *what) {
    printf("Bail out! %s: %s\n", what, strerror(errno));
    exit(1);
}

static bool differs(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool differs(const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    vsnprintf(why, sizeof why, format, ap);
    va_end(ap);
    return false;
}

static const char *text(struct json_object *o, const char *name) {
    struct json_object *v = NULL;
    return json_object_object_get_ex(o, name, &v) && v != NULL ? json_object_get_string(v) : NULL;
}

/* ---- the sandboxes ----------------------------------------------------------------------------------------------- */

static void start_house(enum house h, const char *flavour, const char *host) {
    const char *b = getenv("B");
    char path[512], base[128], first[128] = "";
    const char *argv[20];
    int n = 0, pipe_fd[2];
    snprintf(path, sizeof path, "%s/otsd-sandbox", b == NULL ? "build" : b);
    snprintf(base, sizeof base, "http://%s", host);
    argv[n++] = path;
    argv[n++] = "--flavour", argv[n++] = flavour;
    argv[n++] = "--listen", argv[n++] = "127.0.0.1:0";
    argv[n++] = "--host-name", argv[n++] = base;
    argv[n++] = "--account", argv[n++] = ACCOUNT_OPS;
    argv[n++] = "--account", argv[n++] = ACCOUNT_OTHER;
    argv[n++] = "--control";
    if (h != LIMITED_HOUSE)
        argv[n++] = "--no-limits";
    if (h == SHORT_HOUSE)
        argv[n++] = "--min-ttl", argv[n++] = "60";
    argv[n] = NULL;
    if (pipe(pipe_fd) != 0)
        die("pipe");
    fflush(stdout);
    houses[h].pid = fork();
    if (houses[h].pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(pipe_fd[1], 1);
        close(pipe_fd[0]);
        close(pipe_fd[1]);
        execv(path, (char *const *)(const void *)argv);
        _exit(127);
    }
    close(pipe_fd[1]);
    FILE *f = fdopen(pipe_fd[0], "r");
    if (houses[h].pid < 0 || f == NULL || fgets(first, sizeof first, f) == NULL ||
        sscanf(first, "listening on %63s", houses[h].url) != 1)
        die(path);
    fclose(f);
}

static void stop_house(enum house h) {
    int status = 0;
    if (houses[h].pid <= 0)
        return;
    kill(houses[h].pid, SIGTERM);
    if (waitpid(houses[h].pid, &status, 0) != houses[h].pid || status != 0) {
        printf("Bail out! the sandbox did not end well: status %d\n", status);
        exit(1);
    }
    houses[h] = (struct house_state){0};
}

/* ---- requests ---------------------------------------------------------------------------------------------------- */

static size_t take_body(char *data, size_t size, size_t n, void *to) {
    struct answer *a = to;
    if (a->len + size * n >= a->room)
        return 0;
    memcpy(a->body + a->len, data, size * n);
    a->len += size * n;
    a->body[a->len] = '\0';
    return size * n;
}

static size_t take_header(char *data, size_t size, size_t n, void *to) {
    struct answer *a = to;
    char *s = strndup(data, size * n);
    char *colon = s == NULL ? NULL : strchr(s, ':');
    if (s != NULL && strncmp(s, "HTTP/", 5) == 0) {
        json_object_put(a->headers);
        a->headers = json_object_new_object();
    }
    if (colon != NULL) {
        *colon = '\0';
        for (char *p = s; *p != '\0'; p++)
            *p = (char)tolower((unsigned char)*p);
        char *value = colon + 1 + strspn(colon + 1, " ");
        value[strcspn(value, "\r\n")] = '\0';
        json_object_object_add(a->headers, s, json_object_new_string(value));
    }
    free(s);
    return size * n;
}

static void answer_free(struct answer *a) {
    json_object_put(a->headers);
    free(a->body);
    *a = (struct answer){0};
}

static struct answer send_request(enum house h, const char *method, const char *path, struct curl_slist *headers,
                                  const char *body, size_t body_len) {
    struct answer a = {.body = calloc(1, BODY_SIZE), .room = BODY_SIZE, .headers = json_object_new_object()};
    char url[512];
    snprintf(url, sizeof url, "%s%s", houses[h].url, path);
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &a);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &a);
    if (body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)body_len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    CURLcode rc = curl_easy_perform(curl);
    if (rc != CURLE_OK || a.body == NULL)
        printf("# %s %s: %s\n", method, path, curl_easy_strerror(rc));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a.status);
    return a;
}

/* One step of the way into a situation: by the account, anonymously, or with bad credentials. */
static struct answer step(enum house h, const char *method, const char *credentials, const char *form,
                          const char *format, ...) __attribute__((format(printf, 5, 6)));
static struct answer step(enum house h, const char *method, const char *credentials, const char *form,
                          const char *format, ...) {
    char path[256];
    struct curl_slist *headers = NULL;
    va_list ap;
    va_start(ap, format);
    vsnprintf(path, sizeof path, format, ap);
    va_end(ap);
    if (credentials != NULL)
        headers = curl_slist_append(headers, credentials);
    struct answer a = send_request(h, method, path, headers, form, form == NULL ? 0 : strlen(form));
    curl_slist_free_all(headers);
    return a;
}

#define OPS_HEADER "Authorization: Basic b3BzQGV4YW1wbGUuY29tOm9wcy1hcGktdG9rZW4tMDEyMzQ1Njc4OWFiY2RlZg=="
#define BAD_HEADER "Authorization: Basic b3BzQGV4YW1wbGUuY29tOm5vcGU="

static void repeat(enum house h, int times, const char *credentials, const char *form, const char *path) {
    for (int i = 0; i < times; i++) {
        struct answer a = step(h, "POST", credentials, form, "%s", path);
        answer_free(&a);
    }
}

static void one_step(enum house h, char c, const char *metadata_key, const char *secret_key, long ttl, bool old) {
    struct answer a = {0};
    char form[128], path[128];
    switch (c) {
    case 'g':
        a = step(h, "GET", OPS_HEADER, NULL, "/api/v1/private/%s", metadata_key);
        break;
    case 'r':
        a = step(h, "POST", NULL, "", "/api/v1/secret/%s", secret_key);
        break;
    case 'x':
        a = step(h, "POST", BAD_HEADER, "", "/api/v1/secret/%s", secret_key);
        break;
    case 'b':
    case 'p':
        a = step(h, "POST", OPS_HEADER, c == 'p' ? "passphrase=correct+horse" : "", "/api/v1/private/%s/burn",
                 metadata_key);
        break;
    case 'e':
    case 'E':
        snprintf(form, sizeof form, "advance=%ld", (c == 'E' ? 2 : 1) * ttl + 1);
        a = step(h, "POST", NULL, form, "/sandbox/clock");
        break;
    case 'd':
        snprintf(form, sizeof form, "metadata_key=%s", metadata_key);
        a = step(h, "POST", NULL, form, "/sandbox/drop");
        break;
    case 'h':
        a = step(h, "GET", NULL, NULL, "/secret/%s", secret_key);
        break;
    case 'w':
        snprintf(path, sizeof path, "/api/v1/secret/%s", secret_key);
        repeat(h, old ? 5 : 20, NULL, "passphrase=nope", path);
        break;
    case 'C':
        repeat(h, 1000, NULL, "ttl=300", "/api/v1/generate");
        break;
    case 'A':
        repeat(h, 1000, OPS_HEADER, "ttl=300", "/api/v1/generate");
        break;
    case 'M':
        repeat(h, 50, OPS_HEADER, "secret=x&ttl=3600&recipient=alice%40example.com", "/api/v1/share");
        break;
    default:
        die("a step that nobody knows");
    }
    answer_free(&a);
}

/* ---- comparing --------------------------------------------------------------------------------------------------- */

static bool is_one_of(const char *name, const char *const *list) {
    for (; *list != NULL; list++) {
        if (strcmp(name, *list) == 0)
            return true;
    }
    return false;
}

static bool same_key(const char *name, const char *want, const char *got) {
    size_t a = strlen(want), b = strlen(got);
    /* Real keys differ by a character in length. */
    size_t slack = a > 20 ? 1 : 0;
    if (strcmp(want, got) != 0 &&
        (a == 0 || b + slack < a || b > a + slack || strspn(got, "0123456789abcdefghijklmnopqrstuvwxyz") != b))
        return differs("%s: like %s, got %s", name, want, got);
    return true;
}

static bool same_value(const char *name, struct json_object *want, struct json_object *got, bool generated,
                       bool travelled) {
    static const char *const keys[] = {"metadata_key",      "secret_key",      "identifier",
                                       "secret_identifier", "secret_shortkey", NULL};
    static const char *const urls[] = {"metadata_url", "receipt_url", NULL};
    static const char *const times[] = {"updated", "created", "received", NULL};
    static const char *const lives[] = {"metadata_ttl", "secret_ttl", "receipt_ttl", NULL};
    if (json_object_get_type(want) != json_object_get_type(got))
        return differs("%s: type %s, got %s", name, json_type_to_name(json_object_get_type(want)),
                       json_type_to_name(json_object_get_type(got)));
    if (want == NULL)
        return true;
    const char *w = json_object_get_string(want), *g = json_object_get_string(got);
    if (is_one_of(name, keys))
        return same_key(name, w, g);
    if (is_one_of(name, urls)) {
        size_t prefix = (size_t)(strrchr(w, '/') - w) + 1;
        return strncmp(w, g, prefix) == 0 ? same_key(name, w + prefix, g + prefix)
                                          : differs("%s: %s, got %s", name, w, g);
    }
    if (is_one_of(name, times)) {
        int64_t t = json_object_get_int64(got);
        return t >= time(NULL) - TOLERANCE || travelled || differs("%s: not about now: %s", name, g);
    }
    if (is_one_of(name, lives)) {
        int64_t off = json_object_get_int64(want) - json_object_get_int64(got);
        return (off >= 0 && off <= TOLERANCE) || travelled || differs("%s: %s, got %s", name, w, g);
    }
    if (strcmp(name, "shrimp") == 0)
        return strlen(g) >= 40 || differs("shrimp: got %s", g);
    if (generated && (strcmp(name, "value") == 0 || strcmp(name, "secret_value") == 0)) {
        for (const char *p = g; *p != '\0'; p++) {
            if (!isgraph((unsigned char)*p))
                return differs("%s: not printable", name);
        }
        return strlen(w) == strlen(g) || differs("%s: like %s, got %s", name, w, g);
    }
    return json_object_equal(want, got) || differs("%s: %s, got %s", name, w, g);
}

static bool same_object(struct json_object *want, struct json_object *got, bool generated, bool travelled) {
    struct json_object_iterator i = json_object_iter_begin(got), end = json_object_iter_end(got);
    json_object_object_foreach(want, name, value) {
        if (json_object_iter_equal(&i, &end))
            return differs("no member %s", name);
        if (strcmp(name, json_object_iter_peek_name(&i)) != 0)
            return differs("member %s, got %s", name, json_object_iter_peek_name(&i));
        struct json_object *other = json_object_iter_peek_value(&i);
        if (json_object_is_type(value, json_type_object) && json_object_is_type(other, json_type_object)) {
            if (!same_object(value, other, generated, travelled))
                return false;
        } else if (!same_value(name, value, other, generated, travelled)) {
            return false;
        }
        json_object_iter_next(&i);
    }
    return json_object_iter_equal(&i, &end) || differs("a member too many: %s", json_object_iter_peek_name(&i));
}

/* Names; and values of those that tell a client something. */
static bool same_headers(struct json_object *want, struct json_object *got) {
    static const char *const by_transport[] = {"connection", "content-length", "date", "keep-alive", NULL};
    static const char *const by_value[] = {"content-type", "x-ots-intended-status", "server", "x-content-type-options",
                                           NULL};
    size_t n = 0;
    json_object_object_foreach(want, recorded_name, value) {
        char name[128];
        size_t i = 0;
        for (; i < sizeof name - 1 && recorded_name[i] != '\0'; i++)
            name[i] = (char)tolower((unsigned char)recorded_name[i]);
        name[i] = '\0';
        if (is_one_of(name, by_transport))
            continue;
        const char *other = text(got, name);
        if (other == NULL)
            return differs("no header %s", name);
        if (is_one_of(name, by_value) && strcmp(other, json_object_get_string(value)) != 0)
            return differs("header %s: %s, got %s", name, json_object_get_string(value), other);
        n++;
    }
    json_object_object_foreach(got, name, unused) {
        (void)unused;
        if (!is_one_of(name, by_transport) && n-- == 0)
            return differs("a header too many, perhaps %s", name);
    }
    return true;
}

static bool same_answer(struct json_object *response, const char *body, const struct answer *a, bool generated,
                        bool travelled) {
    struct json_object *status = NULL, *headers = NULL, *want, *got;
    bool same = false;
    json_object_object_get_ex(response, "status", &status);
    json_object_object_get_ex(response, "headers", &headers);
    if (json_object_get_int64(status) != a->status)
        return differs("status %s, got %ld (%s)", json_object_get_string(status), a->status, a->body);
    if (!same_headers(headers, a->headers))
        return false;
    want = json_tokener_parse(body);
    got = json_tokener_parse(a->body);
    if (!json_object_is_type(want, json_type_object))
        same = strcmp(body, a->body) == 0 || differs("body %s, got %s", body, a->body);
    else if (!json_object_is_type(got, json_type_object))
        same = differs("no JSON object: %s", a->body);
    else
        same = same_object(want, got, generated, travelled);
    json_object_put(want);
    json_object_put(got);
    return same;
}

/* ---- one exchange ------------------------------------------------------------------------------------------------ */

static const struct situation *find_situation(const char *name) {
    const struct situation *s = situations;
    while (fnmatch(s->pattern, name, 0) != 0)
        s++;
    return s;
}

/* The recorded key in a path: the part after secret/, private/, metadata/ or receipt/. */
static size_t key_in_path(const char *path, const char **key) {
    static const char *const before[] = {"/secret/", "/private/", "/metadata/", "/receipt/", NULL};
    for (int i = 0; before[i] != NULL; i++) {
        const char *at = strstr(path, before[i]);
        if (at == NULL)
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
    if (out == NULL)
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
    if (content_length == NULL || strtoul(content_length, NULL, 10) == strlen(s))
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
    if (escaped == NULL || asprintf(&form, "secret=%s&ttl=3600", escaped) < 0)
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
    bool same = false, travelled = strpbrk(s->steps, "eE") != NULL;

    json_object_object_get_ex(exchange, "request", &request);
    json_object_object_get_ex(exchange, "response", &response);
    json_object_object_get_ex(request, "headers", &headers);
    const char *recorded_path = text(request, "path"), *recorded_body = text(response, "body");
    size_t key_len = key_in_path(recorded_path, &key);
    char *path = strdup(recorded_path), *want = strdup(recorded_body == NULL ? "" : recorded_body);
    char *body = text(request, "body") == NULL ? NULL : strdup(text(request, "body"));

    if (s->house == LIMITED_HOUSE) {
        struct answer a = step(s->house, "POST", NULL, "", "/sandbox/reset");
        answer_free(&a);
    }
    if (s->call != NULL) {
        char *form = s->form == NULL ? readback_form(want) : strdup(s->form);
        struct answer made = step(s->house, "POST", s->owner == OPS ? OPS_HEADER : NULL, form, "/api/v1/%s", s->call);
        receipt = json_tokener_parse(made.body);
        answer_free(&made);
        free(form);
        if (text(receipt, "secret_key") == NULL) {
            differs("the secret that it is about could not be made");
            goto out;
        }
        bool by_secret_key = strstr(path, "/secret/") != NULL || strstr(name, "-with-secret-key") != NULL;
        char fresh[128];
        snprintf(fresh, sizeof fresh, "%s", text(receipt, by_secret_key ? "secret_key" : "metadata_key"));
        for (char *p = fresh; strstr(name, "uppercase") != NULL && *p != '\0'; p++)
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
    long ttl = receipt == NULL ? 0 : strtol(text(receipt, "ttl"), NULL, 10);
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
    if (text(headers, "Content-Type") == NULL)
        list = curl_slist_append(list, "Content-Type:");
    size_t body_len = body == NULL ? 0 : recorded_bytes(body, text(headers, "Content-Length"));
    struct answer a = send_request(s->house, text(request, "method"), path, list, body, body_len);
    bool generated = strstr(path, "/generate") != NULL || (s->call != NULL && strcmp(s->call, "generate") == 0);
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

/* ---- all of them ------------------------------------------------------------------------------------------------- */

static unsigned long count, failed;

static void replay_file(const char *flavour, const char *only) {
    char path[128];
    unsigned long before = failed, n = 0;
    bool old = strcmp(flavour, "old") == 0;
    snprintf(path, sizeof path, "tests/conformance/recorded/%s.jsonl", flavour);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        die(path);
    for (enum house h = FREE_HOUSE; h < HOUSE_COUNT; h++)
        start_house(h, flavour, old && h == SHORT_HOUSE ? "127.0.0.1:7145" : old ? "127.0.0.1:7143" : "127.0.0.1:7144");
    while (fgets(line, LINE_SIZE, f) != NULL) {
        struct json_object *exchange = json_tokener_parse(line);
        const char *name = text(exchange, "name");
        if (name == NULL)
            die("a recorded line is not JSON");
        if (only == NULL || strcmp(only, name) == 0) {
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
    if (line == NULL || curl == NULL)
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
