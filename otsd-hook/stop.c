/* SPDX-License-Identifier: MIT */
#include "stop.h"

#include <signal.h>
#include <string.h>
#include <time.h>

static volatile sig_atomic_t wanted;

static void note(int sig) {
    (void)sig;
    wanted = 1;
}

void stop_catch(void) {
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action, now;

    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    action.sa_flags = (int)SA_RESETHAND;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        /* nohup means it. */
        if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            (void)sigaction(signals[i], &action, NULL);
}

bool stop_wanted(void) {
    return wanted != 0;
}

int64_t stop_clock(void) {
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool stop_sleep(int64_t ms) {
    int64_t until = stop_clock() + ms;

    while (!stop_wanted()) {
        int64_t left = until - stop_clock();
        struct timespec t = {.tv_nsec = 100 * 1000000L};

        if (left <= 0)
            return true;
        if (left < 100)
            t.tv_nsec = left * 1000000L;
        (void)nanosleep(&t, NULL);
    }
    return false;
}
