/* SPDX-License-Identifier: MIT
 *
 * Plays the situations of a recording against any server on this machine and writes what it answers as a recording of
 * its own, one exchange a line: so a release that was never looked at takes minutes. What a server does only where its
 * clock or its database is moved, or after hundreds of calls, is left out with a line that says so; a time to live is
 * waited for as long as --wait allows.
 *
 * The server must be the caller's to spoil: it is on loopback, no redirect is followed, and its account is used up to
 * its limits. No credentials reach the recording: it has the e-mail address and the token of the other recordings.
 *
 * Usage: record [--wait SECONDS] [--name NAME] [--other EMAIL] URL EMAIL RECORDING... <TOKENS >FILE.jsonl
 * Standard input: the API token of EMAIL, and in a second line that of --other. RECORDING: files to take the requests
 * from; of a name that comes twice the first one counts.
 */
#include "peer.h"
#include "play.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <sysexits.h>

#define SHORT_TTL 60

static long wait_seconds;
static const char *server_name = "unknown";
static const char *email, *other_email;
static bool has_short_ttl;
static unsigned long written, left_out;
static struct json_object *seen;

static bool is_loopback_name(const char *host) {
    struct in_addr four;
    struct in6_addr six;
    char bare[64];
    size_t n = strlen(host);

    if (strcmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    if (n < 3 || n >= sizeof bare || host[0] != '[' || host[n - 1] != ']')
        return false;
    snprintf(bare, sizeof bare, "%.*s", (int)(n - 2), host + 1);
    return inet_pton(AF_INET6, bare, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* Without a slash at its end into all houses. False: not on this machine, or no URL. */
static bool use_server(const char *url) {
    CURLU *u = curl_url();
    char *scheme = NULL, *host = NULL, *user = NULL;
    size_t n = strlen(url);
    bool good;

    good = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
           curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
           curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK && is_loopback_name(host) &&
           (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) && n < sizeof houses[0].url &&
           curl_url_get(u, CURLUPART_USER, &user, 0) != CURLUE_OK;
    curl_free(user);
    curl_free(host);
    curl_free(scheme);
    curl_url_cleanup(u);
    while (n > 0 && url[n - 1] == '/')
        n--;
    for (enum house h = FREE_HOUSE; good && h < HOUSE_COUNT; h++)
        snprintf(houses[h].url, sizeof houses[h].url, "%.*s", (int)n, url);
    return good;
}

static bool base64(const char *name, const char *token, char *out, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char plain[700];
    int len = snprintf(plain, sizeof plain, "%s:%s", name, token);
    size_t n = 0;

    if (len < 0 || (size_t)len >= sizeof plain || (size_t)len * 4 / 3 + 8 > size)
        return false;
    for (int i = 0; i < len; i += 3) {
        unsigned long bits = 0;

        for (int j = 0; j < 3; j++)
            bits = bits << 8 | (i + j < len ? (unsigned char)plain[i + j] : 0U);
        for (int j = 0; j < 4; j++)
            out[n++] = j > len - i ? '=' : digits[bits >> (18 - 6 * j) & 63];
    }
    out[n] = '\0';
    return true;
}

static bool read_token(const char *name, const char *prefix, char *out, size_t size) {
    char token[512];
    size_t before = strlen(prefix);

    if (!fgets(token, sizeof token, stdin))
        return false;
    token[strcspn(token, "\r\n")] = '\0';
    snprintf(out, size, "%s", prefix);
    return token[0] != '\0' && base64(name, token, out + before, size - before);
}

/* Why it is left out; NULL: it is not. */
static const char *why_left_out(const struct situation *s, struct json_object *exchange) {
    const char *line = json_object_to_json_string(exchange);
    long needed = 0;

    if (s->house == LIMITED_HOUSE)
        return "it is about limits, which would spoil what follows";
    if (strchr(s->steps, 'd'))
        return "the server would have to lose a value";
    if (strstr(line, OTHER_RECORDED) && !other_email)
        return "it needs a second account, see --other";
    if (s->house == SHORT_HOUSE && !has_short_ttl)
        return "the server grants no ttl of 60 seconds";
    for (const char *p = s->steps; *p != '\0'; p++) {
        const char *ttl = !s->form ? NULL : strstr(s->form, "ttl=");

        if (*p == 'e' || *p == 'E')
            needed += (*p == 'E' ? 2 : 1) * (!ttl ? 0 : strtol(ttl + 4, NULL, 10)) + 1;
    }
    if (needed > wait_seconds)
        return needed > 600 ? "it takes more than ten minutes of waiting, see --wait" : "it takes waiting, see --wait";
    return NULL;
}

/* Malloced: with the recordings' address in the place of the account's. */
static char *anonymous(const char *s) {
    char *first = replace_all(s, email, strlen(email), "ops@example.com");
    char *both =
        !other_email ? strdup(first) : replace_all(first, other_email, strlen(other_email), "other@example.com");

    free(first);
    return both;
}

static struct json_object *request_played(const struct play *p) {
    struct json_object *request = NULL, *headers = NULL;

    if (json_object_deep_copy(p->request, &request, NULL) != 0)
        die("a request could not be copied");
    json_object_object_add(request, "path", json_object_new_string(p->path));
    if (json_object_object_get_ex(request, "headers", &headers))
        json_object_object_add(headers, "Host", json_object_new_string(strstr(houses[p->s->house].url, "//") + 2));
    return request;
}

static void write_exchange(const char *name, const struct play *p, const struct answer *a) {
    struct json_object *o = json_object_new_object(), *response = json_object_new_object();
    char *body = anonymous(a->body);

    json_object_object_add(response, "status", json_object_new_int64(a->status));
    json_object_object_add(response, "headers", json_object_get(a->headers));
    json_object_object_add(response, "body", json_object_new_string(body));
    json_object_object_add(o, "name", json_object_new_string(name));
    json_object_object_add(o, "server", json_object_new_string(server_name));
    json_object_object_add(o, "request", request_played(p));
    json_object_object_add(o, "response", response);
    if (puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)) < 0)
        die("standard output");
    json_object_put(o);
    free(body);
    written++;
}

static void record(struct json_object *exchange) {
    const char *name = text(exchange, "name"), *reason;
    struct play p;

    if (!name)
        die("a recorded line is not JSON");
    if (json_object_object_get_ex(seen, name, NULL))
        return;
    json_object_object_add(seen, name, NULL);
    reason = why_left_out(find_situation(name), exchange);
    if (reason) {
        left_out++;
        fprintf(stderr, "record: %s: left out: %s\n", name, reason);
        return;
    }
    if (play_begin(&p, exchange, 0)) {
        struct answer a = play_send(&p);

        if (a.status == 0)
            die(name);
        write_exchange(name, &p, &a);
        answer_free(&a);
    } else {
        left_out++;
        fprintf(stderr, "record: %s: left out: %s\n", name, why);
    }
    play_free(&p);
}

static void record_all(const char *path) {
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;

    if (!f)
        die(path);
    while (getline(&line, &size, f) > 0) {
        struct json_object *exchange = json_tokener_parse(line);

        record(exchange);
        json_object_put(exchange);
    }
    if (ferror(f) || fclose(f) != 0)
        die(path);
    free(line);
}

/* Is the account good, and what is the shortest ttl? */
static bool look_at_server(void) {
    struct answer a = step(FREE_HOUSE, "POST", ops_header, "secret=x&ttl=60", "/api/v1/share");
    struct json_object *receipt = json_tokener_parse(a.body), *ttl = NULL;
    bool good = a.status == 200 && json_object_object_get_ex(receipt, "ttl", &ttl);

    has_short_ttl = good && json_object_get_int64(ttl) == SHORT_TTL;
    if (!good)
        fprintf(stderr, "record: %s does not share for %s: status %ld, %s\n", houses[FREE_HOUSE].url, email, a.status,
                a.body);
    json_object_put(receipt);
    answer_free(&a);
    return good;
}

static int usage(const char *wrong) {
    fprintf(stderr, "record: %s\n", wrong);
    return EX_USAGE;
}

int main(int argc, char **argv) {
    static const struct option options[] = {{"wait", required_argument, NULL, 'w'},
                                            {"name", required_argument, NULL, 'n'},
                                            {"other", required_argument, NULL, 'o'},
                                            {NULL, 0, NULL, 0}};

    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'w')
            wait_seconds = strtol(optarg, NULL, 10);
        else if (c == 'n')
            server_name = optarg;
        else if (c == 'o')
            other_email = optarg;
        else
            return EX_USAGE;
    }
    if (argc - optind < 3)
        return usage("usage: record [--wait SECONDS] [--name NAME] [--other EMAIL] URL EMAIL RECORDING... <TOKENS");
    if (!use_server(argv[optind]))
        return usage("the server has to be on this machine: http://127.0.0.1:PORT");
    email = argv[optind + 1];
    if (!read_token(email, "Authorization: Basic ", ops_header, sizeof ops_header) ||
        (other_email && !read_token(other_email, "", other_credentials, sizeof other_credentials)))
        return usage("standard input wants one API token a line");
    curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    seen = json_object_new_object();
    if (!curl || !look_at_server())
        return EX_UNAVAILABLE;
    for (int i = optind + 2; i < argc; i++)
        record_all(argv[i]);
    if (fflush(stdout) != 0)
        die("standard output");
    fprintf(stderr, "record: %lu exchanges written, %lu left out\n", written, left_out);
    json_object_put(seen);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return EX_OK;
}
