/* SPDX-License-Identifier: MIT */
#include "base/stop.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

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

bool stop_sleep(int64_t ms) {
    int64_t until = clock_ms() + ms;

    while (!stop_wanted()) {
        int64_t left = until - clock_ms();
        struct timespec t = {.tv_nsec = 100 * 1000000L};

        if (left <= 0)
            return true;
        if (left < 100)
            t.tv_nsec = left * 1000000L;
        nanosleep(&t, NULL);
    }
    return false;
}
