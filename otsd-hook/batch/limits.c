/* SPDX-License-Identifier: MIT */
#include "batch/limits.h"

#define WINDOW 6144
#define WINDOW_LEAST 64
#define OTHER_FILES 384 /* descriptors for all else, connections included */
#define BACKLOG 2048
#define BACKLOG_LEAST 16
#define OTHER_PAGES 128 /* locked ones for all else */
#define HASHERS_MOST 256

rlim_t limits_descriptors_wanted(void) {
    return WINDOW + OTHER_FILES;
}

size_t limits_window(rlim_t descriptors) {
    if (descriptors >= WINDOW + OTHER_FILES)
        return WINDOW;
    return descriptors > OTHER_FILES + WINDOW_LEAST ? (size_t)descriptors - OTHER_FILES : WINDOW_LEAST;
}

size_t limits_backlog(bool unbounded, rlim_t locked, size_t page) {
    size_t pages;

    if (unbounded || page == 0 || locked / page >= BACKLOG + OTHER_PAGES)
        return BACKLOG;
    pages = (size_t)(locked / page);
    return pages > OTHER_PAGES + BACKLOG_LEAST ? pages - OTHER_PAGES : BACKLOG_LEAST;
}

size_t limits_hashers(size_t cores, size_t todo) {
    size_t n = cores < todo ? cores : todo;

    return n < HASHERS_MOST ? n : HASHERS_MOST;
}
