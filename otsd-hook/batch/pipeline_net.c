/* SPDX-License-Identifier: MIT
 *
 * The network thread: as many generates in flight as pace and backlog allow. What an answer means for its account is
 * decided here, and nothing is written: that is the disk thread's.
 */
#include <poll.h>
#include <syslog.h>
#include <time.h>

#include "base/clock.h"
#include "batch/stages.h"
#include "base/stop.h"

/* Answers in a row that are not what was asked for: it is the server or the configuration, not the account. */
#define ODD_ENOUGH 10
/* ms: how often it is looked whether there is something to do, and whether it is our turn. */
#define LOOK_EVERY 100
#define TURN_EVERY 5

static void on_failure(pipeline *p, work *w, const remote_answer *a) {
    verdict_way way = verdict_refused(a->certain, a->trouble);

    w->i.why = a->why;
    w->back = way.back;
    w->back_to = way.end;
    if (a->trouble == REMOTE_HOPELESS)
        stages_cut_short(p, &a->why);
    pthread_mutex_lock(&p->lock);
    if (way.retry && !stages_stopping(p))
        queue_put_first(&p->begun, w);
    else
        queue_put(&p->back, w);
    pthread_cond_signal(&p->for_disk);
    pthread_mutex_unlock(&p->lock);
}

/* What the answer shows of the server, for all processes, and its slot for the next. */
static void note(pipeline *p, work *w, const remote_answer *a) {
    pace_answer noted = {verdict_pace(a->receipt, a->trouble), w->call, a->retry_after};
    pace *s = &p->b->pace;

    if (a->receipt || a->trouble != REMOTE_HOPELESS) {
        slots_learn(&p->slots, &s->width);
        pace_note(s, &noted, clock_scatter(), clock_ms());
        slots_learnt(&p->slots, &s->width);
    }
    slots_give(&p->slots, w->slot);
}

void stages_answered(void *arg, remote_answer *a) {
    work *w = arg;
    pipeline *p = w->p;
    bool good;

    note(p, w, a);
    pthread_mutex_lock(&p->lock);
    p->in_flight--;
    pthread_mutex_unlock(&p->lock);
    if (!a->receipt) {
        on_failure(p, w, a);
        return;
    }
    good = issue_answered(p->b->x, &w->i, a->receipt) == EX_OK;
    otsd_receipt_free(&a->receipt);
    w->back = BACK_UNDO;
    w->back_to = verdict_unfit(&w->i.why);
    /* Each of these mails a link that is dead. */
    p->odd_row = !good && w->i.why.code == EX_PROTOCOL ? p->odd_row + 1 : 0;
    if (!good && (verdict_is_local(&w->i.why) || p->odd_row >= ODD_ENOUGH))
        stages_cut_short(p, &w->i.why);
    pthread_mutex_lock(&p->lock);
    queue_put(good ? &p->generated : &p->back, w);
    pthread_cond_signal(good ? &p->for_hash : &p->for_disk);
    pthread_mutex_unlock(&p->lock);
}

static void send_one(pipeline *p, work *w) {
    problem why;
    int rc;

    /* One that waited is renewed on the disk first. */
    if (time(NULL) - entry_record(w->i.entry)->created > INTENT_FRESH) {
        slots_give(&p->slots, w->slot);
        pthread_mutex_lock(&p->lock);
        queue_put(&p->stale, w);
        pthread_cond_signal(&p->for_disk);
        pthread_mutex_unlock(&p->lock);
        return;
    }
    (void)issue_asks(&w->i);
    pthread_mutex_lock(&p->lock);
    p->in_flight++;
    pthread_mutex_unlock(&p->lock);
    /* The slots below ours are taken, be it by others. */
    w->call = (width_call){.kind = issue_kind(&w->i),
                           .in_flight = w->slot > p->slots.count ? w->slot : p->slots.count,
                           .sent_at = clock_ms()};
    rc = remote_many_generate(p->many, entry_record(w->i.entry), w->i.locale, w, &why);
    if (rc != EX_OK) {
        remote_answer a = {.certain = true, .trouble = rc == EX_USAGE ? REMOTE_REFUSED : REMOTE_HOPELESS, .why = why};

        stages_answered(w, &a);
    }
}

/* The next to be sent, with the slot that it needs; NULL: there is none, or no slot. */
static work *next_to_send(pipeline *p, size_t allowed) {
    work *w = NULL;
    int64_t slot;
    bool may;

    pthread_mutex_lock(&p->lock);
    may = !stages_stopping(p) && p->in_flight < allowed && p->in_flight + p->generated.len < p->backlog &&
          p->begun.len > 0;
    pthread_mutex_unlock(&p->lock);
    /* Who has none at all waits for his turn; who has some gets more of what others leave. */
    slot = may ? slots_take(&p->slots, p->b->pace.width.window, p->in_flight == 0) : 0;
    if (slot == 0) {
        if (!may)
            slots_leave(&p->slots);
        else if (p->in_flight == 0)
            slots_pass_by(&p->slots, SLOTS_STUCK * p->b->pace.timeout_ms);
        return NULL;
    }
    pthread_mutex_lock(&p->lock);
    if (p->begun.len > 0) {
        w = queue_take(&p->begun);
        w->slot = slot;
        if (p->begun.len == INTENTS - 1)
            pthread_cond_signal(&p->for_disk);
    }
    pthread_mutex_unlock(&p->lock);
    if (!w)
        slots_give(&p->slots, slot);
    return w;
}

static void send_some(pipeline *p) {
    size_t allowed;
    work *w;

    slots_look(&p->slots, &p->b->pace.width);
    allowed = pace_allows(&p->b->pace, clock_ms());
    while ((w = next_to_send(p, allowed)))
        send_one(p, w);
    /* More could be in flight if there were something to send, or fewer values waited to be hashed. */
    pthread_mutex_lock(&p->lock);
    p->net_waits = p->in_flight < allowed;
    pthread_mutex_unlock(&p->lock);
}

static void show(pipeline *p) {
    const char *waiting = p->slots.in_door ? "waiting for its turn: other provisions are with the server" : NULL;

    if (stop_wanted())
        waiting = "stopping when what was begun is finished; once more to leave at once";
    if (!batch_show_pause(p->b, &p->b->pace))
        batch_show(p->b, waiting);
}

/* Said once for each pause, where nobody sees a bar. */
static void say_pause(const pipeline *p, const char **said) {
    const char *why = pace_why(&p->b->pace);

    if (why != *said && why)
        say(LOG_WARNING, "%s: the batch waits, and goes on by itself", why);
    else if (why != *said)
        say(LOG_NOTICE, "the batch goes on");
    *said = why;
}

static void check_stop(pipeline *p) {
    problem why;

    if (stop_wanted())
        problem_set(&why, EX_TEMPFAIL, "stopped by a signal");
    else if (pace_exhausted(&p->b->pace, clock_ms()))
        problem_set(&why, EX_TEMPFAIL, "%s, and no request was answered for %lld s (--patience)",
                    pace_why(&p->b->pace) ? pace_why(&p->b->pace) : "the server is away",
                    (long long)(p->b->patience_ms / 1000));
    else
        return;
    stages_cut_short(p, &why);
}

void stages_network(pipeline *p) {
    const char *said = NULL;
    bool finished = false;
    problem why;

    while (!finished) {
        if (p->many)
            send_some(p);
        if (!p->many) {
            (void)poll(NULL, 0, 20);
        } else if (remote_many_run(p->many, p->slots.in_door ? TURN_EVERY : LOOK_EVERY, &why) != EX_OK) {
            remote_many *many = p->many;

            stages_cut_short(p, &why);
            pthread_mutex_lock(&p->lock);
            p->many = NULL;
            pthread_mutex_unlock(&p->lock);
            remote_many_close(&many);
        }
        pthread_mutex_lock(&p->lock);
        finished = p->finished;
        pthread_mutex_unlock(&p->lock);
        check_stop(p);
        say_pause(p, &said);
        show(p);
    }
}
