/* SPDX-License-Identifier: MIT */
#include "batch/progress.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/problem.h"

#define REDRAW_MS 200
#define SAMPLE_MS 500 /* times PROGRESS_SAMPLES: how far back the rate looks */
#define RATE_KNOWN_MS 1000
#define BAR_MIN 10
#define BAR_MAX 40
#define WIDTH_UNKNOWN 80
#define WIDTH_MAX 400
#define WAITING_MIN 20 /* columns; less of a reason is of no use */

void progress_rate_note(progress_rate *r, int64_t now, size_t done, bool waiting) {
    const size_t newest = (r->next + PROGRESS_SAMPLES - 1) % PROGRESS_SAMPLES;

    if (r->len > 0 && !r->waiting)
        r->active += now - r->last;
    r->last = now;
    r->waiting = waiting;
    r->done = done;
    if (r->len > 0 && r->active - r->ring[newest].active < SAMPLE_MS)
        return;
    r->ring[r->next].active = r->active;
    r->ring[r->next].done = done;
    r->next = (r->next + 1) % PROGRESS_SAMPLES;
    r->len += r->len < PROGRESS_SAMPLES;
}

double progress_rate_value(const progress_rate *r) {
    const size_t oldest = r->len < PROGRESS_SAMPLES ? 0 : r->next;
    int64_t ms = r->active - r->ring[oldest].active;

    if (r->len == 0 || ms < RATE_KNOWN_MS || r->done <= r->ring[oldest].done)
        return 0;
    return (double)(r->done - r->ring[oldest].done) * 1000 / (double)ms;
}

/* "3,412" */
static const char *number(char out[32], size_t n) {
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%zu", n);
    char *to = out;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}

/* "  212/s", "  3.2/s", "  30/min"; "" where it is not known. */
static void rate_part(char *out, size_t size, double rate) {
    out[0] = '\0';
    if (rate >= 9.95)
        snprintf(out, size, "  %.0f/s", rate);
    else if (rate >= 0.95)
        snprintf(out, size, "  %.1f/s", rate);
    else if (rate * 60 >= 0.5)
        snprintf(out, size, "  %.0f/min", rate * 60);
}

/* "  0:31 left", "  1:02:03 left"; "" where it is not known, or more than 99 hours. */
static void left_part(char *out, size_t size, size_t todo, double rate) {
    double seconds = rate > 0 ? (double)todo / rate : 0;
    unsigned s;

    out[0] = '\0';
    if (rate <= 0 || todo == 0 || seconds >= 356400)
        return;
    s = (unsigned)seconds + ((double)(unsigned)seconds < seconds);
    if (s < 3600)
        snprintf(out, size, "  %u:%02u left", s / 60, s % 60);
    else
        snprintf(out, size, "  %u:%02u:%02u left", s / 3600, s / 60 % 60, s % 60);
}

/* Appends part where it fits into room. */
static bool append(char *out, size_t room, const char *part) {
    size_t len = strlen(out);

    if (len + strlen(part) > room)
        return false;
    memcpy(out + len, part, strlen(part) + 1);
    return true;
}

/* What is waited for, cut to the room that is left. */
static bool append_waiting(char *out, size_t room, const char *waiting) {
    char part[WIDTH_MAX];
    size_t left = room - strlen(out), len;

    snprintf(part, sizeof part, "  waiting: %s", waiting);
    len = strlen(part);
    if (len <= left)
        return append(out, room, part);
    while (left > 0 && ((unsigned char)part[left] & 0xc0) == 0x80) /* no character is cut */
        left--;
    part[left] = '\0';
    if (left >= WAITING_MIN)
        (void)append(out, room, part);
    return false;
}

/* "[===>   ] " before the text, where there is room. */
static void prepend_bar(char *out, size_t room, size_t done, size_t total) {
    size_t len = strlen(out), cells, full;

    if (len + BAR_MIN + 3 > room)
        return;
    cells = room - len - 3 < BAR_MAX ? room - len - 3 : BAR_MAX;
    full = total > 0 && done < total ? (size_t)((double)cells * (double)done / (double)total) : cells;
    memmove(out + cells + 3, out, len + 1);
    out[0] = '[';
    for (size_t i = 0; i < cells; i++)
        out[1 + i] = i < full ? '=' : i == full ? '>' : ' ';
    out[cells + 1] = ']';
    out[cells + 2] = ' ';
}

const char *progress_text(char *out, size_t size, size_t done, size_t failed, size_t total, double rate,
                          const char *waiting, size_t width) {
    size_t room = width > size ? size - 1 : width > 0 ? width - 1 : 0;
    char a[32], b[32], part[80];
    bool fits;

    out[0] = '\0';
    snprintf(part, sizeof part, "%s/%s", number(a, done), number(b, total));
    fits = append(out, room, part);
    if (fits && failed > 0) {
        snprintf(part, sizeof part, "  %s failed", number(a, failed));
        fits = append(out, room, part);
    }
    if (fits && waiting) {
        fits = append_waiting(out, room, waiting);
    } else if (fits) {
        rate_part(part, sizeof part, rate);
        fits = append(out, room, part);
        left_part(part, sizeof part, done < total ? total - done : 0, rate);
        fits = fits && append(out, room, part);
    }
    if (fits)
        prepend_bar(out, room, done, total);
    return out;
}

static int64_t now_ms(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &t); /* of a clock that is always there */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static size_t width_of_terminal(void) {
    struct winsize w = {0};

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : WIDTH_UNKNOWN;
}

/* In one write, so that nothing gets between. A bar that cannot be drawn is no failure, and a terminal that somebody
 * stopped (Ctrl-S) must not stop a batch. */
static void draw(const char *text) {
    struct pollfd terminal = {.fd = STDERR_FILENO, .events = POLLOUT};
    char line[WIDTH_MAX + 8];
    int len = snprintf(line, sizeof line, "\r%s\033[K", text);

    if (poll(&terminal, 1, 0) != 1 || !(terminal.revents & POLLOUT) || write(STDERR_FILENO, line, (size_t)len) < 0)
        return;
}

void progress_start(progress *b, size_t total) {
    const char *term = getenv("TERM");

    memset(b, 0, sizeof *b);
    b->total = total;
    b->shown = term && *term && strcmp(term, "dumb") != 0 && isatty(STDERR_FILENO) == 1;
    if (!b->shown)
        return;
    problem_over_bar(true);
    b->drawn = now_ms() - REDRAW_MS;
    progress_update(b, 0, 0, NULL);
}

void progress_update(progress *b, size_t done, size_t failed, const char *waiting) {
    char text[WIDTH_MAX];
    int64_t now;

    if (!b->shown)
        return;
    now = now_ms();
    progress_rate_note(&b->rate, now, done, waiting);
    if (now - b->drawn < REDRAW_MS)
        return;
    b->drawn = now;
    draw(progress_text(text, sizeof text, done, failed, b->total, progress_rate_value(&b->rate), waiting,
                       width_of_terminal()));
}

void progress_end(progress *b) {
    if (!b->shown)
        return;
    b->shown = false;
    problem_over_bar(false);
    draw("");
}
