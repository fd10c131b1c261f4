/* SPDX-License-Identifier: MIT
 *
 * The slots that all processes share, and what they know together: with processes that race, die, and hold on.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/files.h"
#include "ledger/slots.h"
#include "ledger_world.h"
#include "private_world.h"

#define URL "https://secrets.example.com/ots"
#define ACCOUNT "ops team@example.com"
#define FILE_NAME OTSD_STATE_DIR "/width"

/* As another process has it: locks are the open file's. */
static slots another(void) {
    slots s;

    slots_open(&s, l, URL, ACCOUNT);
    return s;
}

static void what_one_has_no_other_gets(void **state) {
    slots a = another(), b = another();

    (void)state;
    assert_int_equal(slots_take(&a, 3, false), 1);
    assert_int_equal(slots_take(&a, 3, false), 2);
    assert_int_equal(slots_take(&b, 3, false), 3);
    assert_int_equal(slots_take(&a, 3, false), 0);
    assert_int_equal(slots_take(&b, 3, false), 0);
    assert_int_equal(a.count, 2);
    slots_give(&a, 1);
    assert_int_equal(slots_take(&b, 3, false), 1);
    assert_int_equal(b.count, 2);
    slots_close(&a);
    slots_close(&b);
}

static void who_waits_comes_before_whoever_takes_each_anew(void **state) {
    slots batch = another(), one = another(), behind = another();

    (void)state;
    assert_int_equal(slots_take(&batch, 1, true), 1);
    assert_int_equal(slots_take(&one, 1, true), 0);
    slots_give(&batch, 1);
    assert_int_equal(slots_take(&batch, 1, true), 0);
    assert_int_equal(slots_take(&behind, 1, true), 0);
    assert_int_equal(slots_take(&one, 1, true), 1);
    /* The door is free again, and the slot is not. */
    assert_int_equal(slots_take(&behind, 1, true), 0);
    slots_close(&one);
    assert_int_equal(slots_take(&batch, 1, true), 0);
    slots_leave(&behind);
    assert_int_equal(slots_take(&batch, 1, true), 1);
    slots_close(&batch);
    slots_close(&behind);
}

static void after_narrowing_those_beyond_come_to_their_end_first(void **state) {
    slots a = another(), b = another();

    (void)state;
    for (int64_t n = 1; n <= 4; n++)
        assert_int_equal(slots_take(&a, 4, false), n);
    slots_give(&a, 1);
    slots_give(&a, 2);
    assert_int_equal(slots_take(&b, 2, false), 0);
    slots_give(&a, 3);
    assert_int_equal(slots_take(&b, 2, false), 0);
    slots_give(&a, 4);
    assert_int_equal(slots_take(&b, 2, false), 1);
    slots_close(&a);
    slots_close(&b);
}

static void who_dies_gives_back_what_it_had(void **state) {
    slots mine;
    int ready[2];
    char c;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        slots s = another();

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* with a test that fails, too */
        if (slots_take(&s, 1, true) == 1 && write(ready[1], "1", 1) == 1)
            for (;;)
                (void)pause();
        _exit(1);
    }
    assert_int_equal(file_read(ready[0], &c, 1), 1);
    mine = another();
    assert_int_equal(slots_take(&mine, 1, true), 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(slots_take(&mine, 1, true), 1);
    slots_close(&mine);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void an_answer(void) {
    slots s = another();
    width w;

    width_init(&w);
    slots_learn(&s, &w);
    w.window = 7;
    slots_learnt(&s, &w);
    slots_close(&s);
}

/* Stopped with what it has; a bound that is over at once, or never. */
static void who_is_stopped_is_passed_by(void **state) {
    slots stopped = another(), one = another(), behind = another();
    width w;

    (void)state;
    an_answer();
    assert_int_equal(slots_take(&stopped, 1, true), 1);
    assert_int_equal(slots_take(&one, 1, true), 0);
    assert_int_equal(slots_take(&behind, 1, true), 0);
    slots_pass_by(&one, 200000);
    one.waits_since -= 200000;
    an_answer(); /* so it is none that stands still */
    slots_pass_by(&one, 200000);
    assert_int_equal(slots_take(&one, 1, true), 0);
    one.waits_since -= 200000;
    slots_pass_by(&one, 200000);
    slots_pass_by(&behind, 0); /* it has been done, and is not done again */
    assert_int_equal(slots_take(&one, 1, true), 1);
    assert_int_equal(slots_take(&behind, 1, true), 0);
    width_init(&w);
    slots_look(&behind, &w);
    assert_int_equal(w.window, 7);
    /* Back again: what it has is brought to its end, and it is one of many. */
    slots_give(&one, 1);
    assert_int_equal(slots_take(&stopped, 4, false), 0);
    assert_int_equal(slots_take(&behind, 1, true), 1);
    slots_give(&stopped, 1);
    assert_int_equal(slots_take(&stopped, 1, false), 0);
    slots_give(&behind, 1);
    assert_int_equal(slots_take(&stopped, 1, false), 1);
    slots_close(&stopped);
    slots_close(&one);
    slots_close(&behind);
}

static void nothing_since(time_t seconds) {
    struct timespec then[2] = {{.tv_sec = time(NULL) - seconds}, {.tv_sec = time(NULL) - seconds}};

    assert_int_equal(utimensat(AT_FDCWD, FILE_NAME, then, 0), 0);
}

static void who_is_stopped_in_the_door_is_passed_by(void **state) {
    slots busy = another(), stopped = another(), one = another();

    (void)state;
    assert_int_equal(slots_take(&busy, 1, true), 1);
    assert_int_equal(slots_take(&stopped, 1, true), 0);
    slots_give(&busy, 1);
    assert_int_equal(slots_take(&one, 1, true), 0);
    slots_pass_by(&one, 0);
    assert_int_equal(slots_take(&one, 1, true), 0); /* it was made a moment ago */
    nothing_since(3600);
    slots_pass_by(&one, 0);
    assert_int_equal(slots_take(&one, 1, true), 1);
    slots_close(&busy);
    slots_close(&stopped);
    slots_close(&one);
}

/* A snapshot of the directory by hard links must not hide that there is a new file. */
static void a_second_name_of_the_file_changes_nothing(void **state) {
    slots stopped = another(), one = another(), behind = another();

    (void)state;
    assert_int_equal(link(FILE_NAME, FILE_NAME ".snapshot"), 0);
    assert_int_equal(slots_take(&stopped, 1, true), 1);
    assert_int_equal(slots_take(&one, 1, true), 0);
    assert_int_equal(slots_take(&behind, 1, true), 0);
    nothing_since(3600);
    slots_pass_by(&one, 0);
    slots_pass_by(&behind, 0);
    assert_int_equal(slots_take(&one, 1, true), 1);
    assert_int_equal(slots_take(&behind, 1, true), 0);
    slots_close(&stopped);
    slots_close(&one);
    slots_close(&behind);
}

static void without_room_for_a_new_file_each_goes_on_alone(void **state) {
    slots stopped = another(), one = another();

    (void)state;
    assert_int_equal(slots_take(&stopped, 1, true), 1);
    assert_int_equal(slots_take(&one, 1, true), 0);
    assert_int_equal(mkdir(FILE_NAME ".new", 0700), 0); /* it cannot be made */
    nothing_since(3600);
    slots_pass_by(&one, 0);
    assert_int_equal(slots_take(&one, 1, true), 1);
    slots_close(&stopped);
    slots_close(&one);
}

/* Two that want all, as batches, and ten that want one at a time. */
#define CROWD 12
#define BATCHES 2
#define TURNS 40
#define WINDOW 3

typedef struct crowd {
    atomic_int in_flight, most, turns;
} crowd;

static void asks(crowd *c) {
    int now = atomic_fetch_add(&c->in_flight, 1) + 1, most = atomic_load(&c->most);

    while (now > most && !atomic_compare_exchange_weak(&c->most, &most, now))
        continue;
    (void)usleep(200);
    (void)atomic_fetch_add(&c->turns, 1);
}

static void one_of_the_crowd(crowd *c, bool batch) {
    slots s = another();

    for (int done = 0; done < TURNS;) {
        int64_t had[WINDOW + 1], n = 0;

        while (n < (batch ? WINDOW : 1) && done + n < TURNS && (had[n] = slots_take(&s, WINDOW, s.count == 0)) > 0) {
            asks(c);
            n++;
        }
        done += (int)n;
        while (n > 0) {
            (void)atomic_fetch_sub(&c->in_flight, 1);
            slots_give(&s, had[--n]);
        }
        (void)usleep(50);
    }
    _exit(0);
}

static void never_more_than_the_window(void **state) {
    crowd *c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0;

    (void)state;
    assert_ptr_not_equal(c, MAP_FAILED);
    for (int i = 0; i < CROWD; i++)
        if (fork() == 0)
            one_of_the_crowd(c, i < BATCHES);
    for (int i = 0; i < CROWD; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(atomic_load(&c->turns), CROWD * TURNS);
    assert_in_range(atomic_load(&c->most), 1, WINDOW);
    (void)munmap(c, sizeof *c);
}

static void what_one_learns_all_know(void **state) {
    slots a = another(), b = another(), elsewhere;
    width w, seen;

    (void)state;
    width_init(&seen);
    slots_look(&b, &seen);
    assert_int_equal(seen.window, 1);
    w = seen;
    slots_learn(&a, &w);
    w.window = w.good = 12;
    w.base[WIDTH_MAIL] = 1500;
    w.changed_at = clock_ms();
    w.seen = 5;
    slots_learnt(&a, &w);
    slots_look(&b, &seen);
    assert_memory_equal(&seen, &w, sizeof w);
    /* A shorter line in place of a longer one. */
    slots_learn(&b, &seen);
    seen.window = 2;
    seen.base[WIDTH_MAIL] = 1;
    slots_learnt(&b, &seen);
    slots_look(&a, &w);
    assert_memory_equal(&seen, &w, sizeof w);
    slots_open(&elsewhere, l, "https://other.example.com", ACCOUNT);
    width_init(&w);
    slots_look(&elsewhere, &w);
    assert_int_equal(w.window, 1);
    slots_close(&elsewhere);
    slots_close(&a);
    slots_close(&b);
}

static void what_cannot_be_is_not_believed(void **state) {
    static const struct {
        const char *line;
        int64_t age, window;
    } rows[] = {
        {"40 0 20 0 0 256 40 0 0 0 0 -1 0 0 0 0 %lld " URL " " ACCOUNT "\n", 0, 40},
        {"40 0 20 0 0 256 40 0 0 0 0 -1 0 0 0 0 %lld " URL " " ACCOUNT "\n", SLOTS_MEMORY - 60, 40},
        {"40 0 20 0 0 256 40 0 0 0 0 -1 0 0 0 0 %lld " URL " " ACCOUNT "\n", SLOTS_MEMORY, 1},
        {"40 0 20 0 0 256 40 0 0 0 0 -1 0 0 0 0 %lld " URL " " ACCOUNT "\n", -60, 1},
        {"40 0 20 0 0 256 40 0 0 0 0 -1 0 0 0 0 %lld " URL " " ACCOUNT, 0, 1},
        {"40 0 20 0 0 256 40 0 0 0 0 -1 0 0 0 %lld " URL " " ACCOUNT "\n", 0, 1},
        {"40 0 20 0 0 256 40 0 0 0 0 -1 0 0 0 0 %lld " URL " ops\n", 0, 1},
        {"4000000 0 -20 0 0 0 0 0 0 0 0 -1 9 9 0 0 %lld " URL " " ACCOUNT "\n", 0, WIDTH_MOST},
        {"0 0 0 0 0 0 0 0 0 0 0 -1 0 0 0 0 %lld " URL " " ACCOUNT "\n", 0, 1},
        {"%lld\n", 0, 1},
        {"\n", 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[300];
        slots s;
        width w;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof text, rows[i].line, (long long)(time(NULL) - rows[i].age));
#pragma GCC diagnostic pop
        put_file(FILE_NAME, text, 0600);
        s = another();
        width_init(&w);
        slots_look(&s, &w);
        if (w.window != rows[i].window)
            fail_msg("row %zu: %lld", i, (long long)w.window);
        slots_close(&s);
    }
}

/* Whoever was stopped in the middle of a line. */
static void a_book_that_somebody_keeps_keeps_nobody(void **state) {
    slots a = another(), b = another();
    width w;

    (void)state;
    width_init(&w);
    slots_learn(&a, &w);
    w.window = 7;
    slots_learn(&b, &w);
    slots_learnt(&b, &w);
    assert_int_equal(w.window, 7);
    assert_int_equal(slots_take(&b, 1, true), 1);
    slots_learnt(&a, &w);
    slots_close(&a);
    slots_close(&b);
}

static void without_the_file_each_counts_for_itself(void **state) {
    slots a, b;
    width w;

    (void)state;
    assert_int_equal(mkdir(FILE_NAME, 0700), 0);
    a = another();
    b = another();
    assert_int_equal(a.fd, -1);
    width_init(&w);
    slots_learn(&a, &w);
    w.window = 2;
    slots_learnt(&a, &w);
    slots_look(&a, &w);
    assert_int_equal(w.window, 2);
    assert_int_equal(slots_take(&a, 2, true), 1);
    assert_int_equal(slots_take(&a, 2, true), 2);
    assert_int_equal(slots_take(&a, 2, true), 0);
    assert_int_equal(slots_take(&b, 2, true), 1);
    slots_give(&a, 1);
    assert_int_equal(slots_take(&a, 2, true), 1);
    slots_close(&a);
    slots_close(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"what one has no other gets", what_one_has_no_other_gets, open_ledger, close_ledger, NULL},
        {"who waits comes before whoever takes each slot anew", who_waits_comes_before_whoever_takes_each_anew,
         open_ledger, close_ledger, NULL},
        {"after narrowing those beyond the window come to their end first",
         after_narrowing_those_beyond_come_to_their_end_first, open_ledger, close_ledger, NULL},
        {"who is killed gives back what it had", who_dies_gives_back_what_it_had, open_ledger, close_ledger, NULL},
        {"who is stopped is passed by", who_is_stopped_is_passed_by, open_ledger, close_ledger, NULL},
        {"… in the door, too", who_is_stopped_in_the_door_is_passed_by, open_ledger, close_ledger, NULL},
        {"… though the file has a second name", a_second_name_of_the_file_changes_nothing, open_ledger, close_ledger,
         NULL},
        {"… by each alone where no new file can be made", without_room_for_a_new_file_each_goes_on_alone, open_ledger,
         close_ledger, NULL},
        {"two batches and ten single provisions never have more in flight than the window", never_more_than_the_window,
         open_ledger, close_ledger, NULL},
        {"what one learns of the server all know", what_one_learns_all_know, open_ledger, close_ledger, NULL},
        {"what cannot be, is old, or of another server is not believed", what_cannot_be_is_not_believed, open_ledger,
         close_ledger, NULL},
        {"a book that somebody keeps keeps nobody from going on", a_book_that_somebody_keeps_keeps_nobody, open_ledger,
         close_ledger, NULL},
        {"without the file each counts for itself", without_the_file_each_counts_for_itself, open_ledger, close_ledger,
         NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    if (!private_world()) {
        puts("1..1\nok 1 - slots # SKIP needs root and namespaces");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
