/* SPDX-License-Identifier: MIT
 *
 * The line that the file holds: the numbers of a width in the order of the table below, the time, server and account.
 * It is written in place, under the lock, and never synced: what a power cut leaves of it is read with suspicion.
 */
#include "ledger/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "ledger/notes.h"
#include "ledger/store.h"

#define NAME "width"
#define LINE_MAX_LEN 1500
#define NUMBERS (sizeof places / sizeof places[0])
/* Bytes that are locked; slot n is byte DOOR + n. */
#define BOOK 0
#define DOOR 1
/* The book is open for microseconds; whoever was stopped in the middle keeps nobody. */
#define BOOK_TRIES 200
/* ms: whoever waits may have a shorter time-out than whoever is waited for. */
#define STILL_LEAST 120000

static const size_t places[] = {
    offsetof(width, window),        offsetof(width, base[0]),        offsetof(width, base[1]),
    offsetof(width, base[2]),       offsetof(width, base[3]),        offsetof(width, doubles_to),
    offsetof(width, good),          offsetof(width, pauses),         offsetof(width, paused),
    offsetof(width, narrowed_from), offsetof(width, narrowed_ratio), offsetof(width, changed_at),
    offsetof(width, seen),          offsetof(width, in_time),        offsetof(width, lowest),
    offsetof(width, slowest),
};

static int64_t *number_at(width *w, size_t i) {
    return (int64_t *)(void *)((char *)w + places[i]);
}

/* Once: a file that cannot be used is no reason not to go on. */
static void open_file(slots *s) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT, .forbidden = 077};
    file_found f;

    if (file_open(s->ledger->root, NAME, O_RDWR | O_CREAT, &wanted, &f) != FILE_GOOD) {
        say(LOG_WARNING, "%s/%s cannot be used: %s; other processes' requests to the server are not counted",
            OTSD_STATE_DIR, NAME, f.error != 0 ? strerror(f.error) : "it is no file of root's alone");
        return;
    }
    s->fd = f.fd;
    if (file_lock_byte(s->fd, BOOK) == 0) {
        (void)file_unlock_byte(s->fd, BOOK);
    } else if (errno != EAGAIN && errno != EACCES) {
        say(LOG_WARNING, "%s/%s cannot be locked: %s; other processes' requests to the server are not counted",
            OTSD_STATE_DIR, NAME, strerror(errno));
        slots_close(s);
    }
}

void slots_open(slots *s, const ledger *l, const char *server, const char *account) {
    memset(s, 0, sizeof *s);
    s->ledger = l;
    s->server = server;
    s->account = account;
    s->fd = -1;
    open_file(s);
}

void slots_close(slots *s) {
    if (s->fd >= 0)
        (void)close(s->fd); /* and with it all locks */
    s->fd = -1;
    s->count = 0;
    s->in_door = false;
    s->waits_since = 0;
    memset(s->mine, 0, sizeof s->mine);
}

/* Is it the file that others find? Not when they have put a copy in its place, or removed it. */
static bool is_current(const slots *s) {
    struct stat mine, found;

    return fstat(s->fd, &mine) == 0 && fstatat(s->ledger->root, NAME, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           mine.st_dev == found.st_dev && mine.st_ino == found.st_ino;
}

/* To the file that others have now. Who has slots of the former one brings those to their end first: false. */
static bool follow(slots *s) {
    if (s->fd < 0 || is_current(s))
        return true;
    if (s->count > 0)
        return false;
    slots_close(s);
    open_file(s);
    return true;
}

static bool enter(slots *s) {
    if (s->fd >= 0 && !s->in_door)
        s->in_door = file_lock_byte(s->fd, DOOR) == 0;
    return s->fd < 0 || s->in_door;
}

void slots_leave(slots *s) {
    if (s->in_door)
        (void)file_unlock_byte(s->fd, DOOR);
    s->in_door = false;
}

/* The first that is free; none while others still have some beyond the window, of a time when it was wider. */
static int64_t first_free(const slots *s, int64_t window) {
    int64_t n = 1;

    if (s->fd >= 0 && file_is_locked(s->fd, DOOR + window + 1, WIDTH_MOST - window))
        return 0;
    while (n <= window && (s->mine[n] || (s->fd >= 0 && file_lock_byte(s->fd, DOOR + n) != 0)))
        n++;
    return n <= window ? n : 0;
}

int64_t slots_take(slots *s, int64_t window, bool wait) {
    int64_t n;

    if (!follow(s) || !enter(s))
        return 0;
    n = first_free(s, window < WIDTH_MOST ? window : WIDTH_MOST);
    if (n > 0) {
        s->mine[n] = true;
        s->count++;
        s->waits_since = 0;
        if (s->fd >= 0)
            (void)futimens(s->fd, NULL); /* without it others wait for less long than they should */
    }
    if (n > 0 || !wait)
        slots_leave(s);
    return n;
}

void slots_give(slots *s, int64_t number) {
    if (number < 1 || number > WIDTH_MOST || !s->mine[number])
        return;
    s->mine[number] = false;
    s->count--;
    if (s->fd >= 0)
        (void)file_unlock_byte(s->fd, DOOR + number);
}

static bool open_book(slots *s) {
    for (int i = 0; s->fd >= 0 && !s->book_open && i < BOOK_TRIES; i++) {
        s->book_open = file_lock_byte(s->fd, BOOK) == 0;
        if (!s->book_open)
            (void)poll(NULL, 0, 1);
    }
    return s->book_open;
}

static void close_book(slots *s) {
    if (s->book_open)
        (void)file_unlock_byte(s->fd, BOOK);
    s->book_open = false;
}

/* False: nothing is known, or of another server. */
static bool read_book(const slots *s, width *out) {
    char text[LINE_MAX_LEN], *at = text, *end;
    ssize_t len = file_pread(s->fd, text, sizeof text - 1, 0);
    int64_t now = time(NULL);
    long long written;
    width w = {0};

    if (len <= 0 || text[len - 1] != '\n')
        return false;
    text[len - 1] = '\0';
    for (size_t i = 0; i < NUMBERS; i++) {
        *number_at(&w, i) = strtoll(at, &end, 10);
        if (end == at || *end != ' ')
            return false;
        at = end + 1;
    }
    written = strtoll(at, &end, 10);
    if (end == at || *end != ' ' || !notes_is_of(end + 1, s->server, s->account) || written > now ||
        now - written >= SLOTS_MEMORY)
        return false;
    width_sanitize(&w, clock_ms());
    *out = w;
    return true;
}

static void write_book(const slots *s, const width *w) {
    char text[LINE_MAX_LEN];
    size_t len = 0;
    width copy = *w;
    int n;

    for (size_t i = 0; i < NUMBERS; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%lld ", (long long)*number_at(&copy, i));
    n = snprintf(text + len, sizeof text - len, "%lld %s %s\n", (long long)time(NULL), s->server, s->account);
    if (n < 0 || len + (size_t)n >= sizeof text)
        return;
    len += (size_t)n;
    /* What is half written is nothing that is known. */
    if (!file_write(s->fd, text, len, 0, NULL) || ftruncate(s->fd, (off_t)len) != 0)
        (void)!ftruncate(s->fd, 0);
}

/* What is known goes with it. */
static bool put_copy(const slots *s) {
    char text[LINE_MAX_LEN];
    ssize_t len = file_pread(s->fd, text, sizeof text, 0);

    return notes_put(s->ledger, NAME, text, len > 0 ? (size_t)len : 0);
}

/* By both clocks, of which one can be stepped: since this one waits, and since something was written. */
static bool stands_still(slots *s, int64_t bound_ms) {
    int64_t waited, idle, least = bound_ms > STILL_LEAST ? bound_ms : STILL_LEAST, now = clock_ms();
    struct stat st;

    if (fstat(s->fd, &st) != 0)
        return false;
    if (s->waits_since == 0 || st.st_mtim.tv_sec != s->moved.tv_sec || st.st_mtim.tv_nsec != s->moved.tv_nsec) {
        s->waits_since = now;
        s->moved = st.st_mtim;
    }
    waited = now - s->waits_since;
    idle = ((int64_t)time(NULL) - st.st_mtim.tv_sec) * 1000;
    return waited >= least || (waited >= bound_ms && idle >= least);
}

void slots_pass_by(slots *s, int64_t bound_ms) {
    bool done, current;

    if (s->fd < 0 || !stands_still(s, bound_ms))
        return;
    /* One of those who wait does it, unless the one that is stopped has the book. */
    (void)open_book(s);
    current = is_current(s);
    done = current && put_copy(s);
    close_book(s);
    s->waits_since = 0;
    if (current)
        say(LOG_WARNING,
            "other provisions of this machine have had their turn for %lld s without an answer of the server, as if "
            "they were stopped: they are passed by%s",
            (long long)(bound_ms / 1000), done ? "" : ", and not counted any more");
    if (current && !done)
        slots_close(s);
    (void)follow(s);
}

void slots_learn(slots *s, width *w) {
    if (open_book(s))
        (void)read_book(s, w);
}

void slots_learnt(slots *s, const width *w) {
    if (s->book_open)
        write_book(s, w);
    close_book(s);
}

void slots_look(slots *s, width *w) {
    slots_learn(s, w);
    close_book(s);
}
