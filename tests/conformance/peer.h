/* SPDX-License-Identifier: MIT
 *
 * For replay.c and record.c: requests, and the steps that bring a secret into a situation.
 */
#ifndef CONFORMANCE_PEER_H
#define CONFORMANCE_PEER_H

#include "situations.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define BODY_SIZE ((size_t)1 << 20)

struct answer {
    long status;
    char *body;
    size_t len, room;
    struct json_object *headers; /* names in lower case */
};

struct house_state {
    pid_t pid; /* 0: not ours */
    char url[256];
};

static CURL *curl;
static struct house_state houses[HOUSE_COUNT];

static void die(const char *what) {
    printf("Bail out! %s: %s\n", what, strerror(errno));
    exit(1);
}

/* The first difference that was found. */
static char why[1024];

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

    return json_object_object_get_ex(o, name, &v) && v ? json_object_get_string(v) : NULL;
}

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
    char *colon = !s ? NULL : strchr(s, ':');

    if (s && strncmp(s, "HTTP/", 5) == 0) {
        json_object_put(a->headers);
        a->headers = json_object_new_object();
    }
    if (colon) {
        char *value;

        *colon = '\0';
        for (char *p = s; *p != '\0'; p++)
            *p = (char)tolower((unsigned char)*p);
        value = colon + 1 + strspn(colon + 1, " ");
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
    char url[1024];
    CURLcode rc;

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
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)body_len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    rc = curl_easy_perform(curl);
    if (rc != CURLE_OK || !a.body)
        fprintf(stderr, "# %s %s: %s\n", method, path, curl_easy_strerror(rc));
    if (rc == CURLE_OK)
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
    struct answer a;

    va_start(ap, format);
    vsnprintf(path, sizeof path, format, ap);
    va_end(ap);
    if (credentials)
        headers = curl_slist_append(headers, credentials);
    a = send_request(h, method, path, headers, form, !form ? 0 : strlen(form));
    curl_slist_free_all(headers);
    return a;
}

/* The account's credentials in the recordings, and where another server is asked, the ones to use there. */
#define OPS_RECORDED "b3BzQGV4YW1wbGUuY29tOm9wcy1hcGktdG9rZW4tMDEyMzQ1Njc4OWFiY2RlZg=="
#define OTHER_RECORDED "b3RoZXJAZXhhbXBsZS5jb206b3RoZXItYXBpLXRva2VuLTAxMjM0NTY3ODlhYmNkZWY="
static char ops_header[1024] = "Authorization: Basic " OPS_RECORDED;
static char other_credentials[1024] = OTHER_RECORDED;
#define BAD_HEADER "Authorization: Basic b3BzQGV4YW1wbGUuY29tOm5vcGU="

static void repeat(enum house h, int times, const char *credentials, const char *form, const char *path) {
    for (int i = 0; i < times; i++) {
        struct answer a = step(h, "POST", credentials, form, "%s", path);

        answer_free(&a);
    }
}

static void one_step(enum house h, char c, const char *metadata_key, const char *secret_key, long ttl, int wrong);

/* On the sandbox's clock, or truly. */
static void let_pass(enum house h, long seconds) {
    char form[64];
    struct answer a;

    if (houses[h].pid == 0) {
        sleep((unsigned)seconds);
        return;
    }
    snprintf(form, sizeof form, "advance=%ld", seconds);
    a = step(h, "POST", NULL, form, "/sandbox/clock");
    answer_free(&a);
}

/* A new one, and one that was looked at, read, burned. */
static void fill_list(enum house h) {
    static const char *const ways[] = {"", "g", "r", "b"};

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct answer made = step(h, "POST", ops_header, "secret=x&ttl=3600", "/api/v1/share");
        struct json_object *receipt = json_tokener_parse(made.body), *metadata_key = NULL, *secret_key = NULL;

        json_object_object_get_ex(receipt, "metadata_key", &metadata_key);
        json_object_object_get_ex(receipt, "secret_key", &secret_key);
        if (*ways[i] != '\0')
            one_step(h, *ways[i], json_object_get_string(metadata_key), json_object_get_string(secret_key), 3600, 0);
        json_object_put(receipt);
        answer_free(&made);
    }
}

static void one_step(enum house h, char c, const char *metadata_key, const char *secret_key, long ttl, int wrong) {
    struct answer a = {0};
    char form[128], path[128];

    switch (c) {
    case 'g':
        a = step(h, "GET", ops_header, NULL, "/api/v1/private/%s", metadata_key);
        break;
    case 'r':
        a = step(h, "POST", NULL, "", "/api/v1/secret/%s", secret_key);
        break;
    case 'x':
        a = step(h, "POST", BAD_HEADER, "", "/api/v1/secret/%s", secret_key);
        break;
    case 'b':
    case 'p':
        a = step(h, "POST", ops_header, c == 'p' ? "passphrase=correct+horse" : "", "/api/v1/private/%s/burn",
                 metadata_key);
        break;
    case 'e':
    case 'E':
        let_pass(h, (c == 'E' ? 2 : 1) * ttl + 1);
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
        repeat(h, wrong, NULL, "passphrase=nope", path);
        break;
    case 'C':
        repeat(h, 1000, NULL, "ttl=300", "/api/v1/generate");
        break;
    case 'A':
        repeat(h, 1000, ops_header, "ttl=300", "/api/v1/generate");
        break;
    case 'M':
        repeat(h, 50, ops_header, "secret=x&ttl=3600&recipient=alice%40example.com", "/api/v1/share");
        break;
    case 'L':
        fill_list(h);
        break;
    default:
        die("a step that nobody knows");
    }
    answer_free(&a);
}

#endif
