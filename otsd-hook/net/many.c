/* SPDX-License-Identifier: MIT
 *
 * Many generates at once, all with one child. It never waits to be heard before it listens, so that sending to it
 * comes to an end, whatever it has to say meanwhile. Each generate that was sent is told of exactly once: by its
 * answer, or when the child is found dead, as one whose request may have reached the server.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/line.h"
#include "net/net.h"

typedef struct job {
    uint64_t seq; /* 0: free */
    otsd_pool_fn *fn;
    void *arg;
    int64_t until; /* clock_ms */
} job;

typedef struct net_pool {
    line line;
    job *jobs;
    size_t in_flight;
    int bell; /* an eventfd */
    bool closing;
} net_pool;

static void tell(net_pool *p, job *j, otsd_receipt *receipt, const otsd_error *e) {
    const job over = *j;

    *j = (job){0};
    p->in_flight--;
    over.fn(over.arg, receipt, e);
}

/* The child is gone, and with it whatever it was about. */
static void lose(net_pool *p, const char *how) {
    otsd_error e = OTSD_ERROR_INIT;
    uint64_t last = p->line.seq;

    (void)line_lost(&p->line, WIRE_GENERATE, true, how, &e);
    for (size_t i = 0; i < p->line.jobs; i++)
        if (p->jobs[i].seq != 0 && p->jobs[i].seq <= last) /* fn may have begun a new one in this place */
            tell(p, &p->jobs[i], NULL, &e);
}

/* The job with that number; with 0 a free place. */
static job *job_of(const net_pool *p, uint64_t seq) {
    for (size_t i = 0; i < p->line.jobs; i++)
        if (p->jobs[i].seq == seq)
            return &p->jobs[i];
    return NULL;
}

/* One answer has come. */
static void answered(net_pool *p) {
    static const wire_asked asked = {.call = WIRE_GENERATE};
    uint64_t seq = line_answer(&p->line)->seq;
    job *j = seq != 0 ? job_of(p, seq) : NULL;
    otsd_receipt *t = NULL;
    otsd_error e = OTSD_ERROR_INIT;

    if (!j) {
        lose(p, "answered what nobody had asked");
        return;
    }
    switch (line_take(&p->line, &asked, &t, &e)) {
    case WIRE_ANSWERED:
        tell(p, j, t, NULL);
        return;
    case WIRE_LIE:
        lose(p, "gave an answer that cannot be");
        return;
    default:
        tell(p, j, NULL, &e);
    }
}

/* Takes what is there without waiting, of what was in flight when it began: a function that is told begins others. */
static void take_all(net_pool *p) {
    for (size_t n = p->in_flight; n > 0 && p->line.child.channel >= 0; n--)
        switch (child_receive(&p->line.child, line_answer(&p->line), sizeof(wire_answer), 0)) {
        case CHILD_SAID:
            answered(p);
            break;
        case CHILD_SILENT:
            return;
        case CHILD_DEAD:
            lose(p, "ended without an answer");
        }
}

/* The child was found dead. What it said before is heard; what it was about then is lost. */
static void bury(net_pool *p) {
    pid_t dead = p->line.child.pid;

    take_all(p);
    if (p->line.child.channel >= 0 && p->line.child.pid == dead) /* not one that a told function has started */
        lose(p, "ended without an answer");
}

otsd_err net_pool_new(net_pool **out, const otsd_server *server, size_t jobs, otsd_error *e) {
    net_pool *p = calloc(1, sizeof *p);
    otsd_err rc;

    if (!p)
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    p->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    p->jobs = calloc(jobs, sizeof *p->jobs);
    rc = line_open(&p->line, server, jobs, e);
    if (rc == OTSD_OK && (p->bell < 0 || !p->jobs))
        rc = error_local(e, OTSD_ERR_MEMORY, "out of memory");
    if (rc == OTSD_OK)
        rc = line_ready(&p->line, e); /* what keeps it from starting is said before anything is begun */
    if (rc == OTSD_OK)
        *out = p;
    else
        net_pool_free(&p);
    return rc;
}

void net_pool_free(net_pool **out) {
    net_pool *p = *out;

    if (!p)
        return;
    *out = NULL;
    p->closing = true;
    take_all(p); /* what has been answered is not given up */
    if (p->in_flight > 0)
        lose(p, "was given up before the answer came");
    line_close(&p->line);
    if (p->bell >= 0)
        (void)close(p->bell); /* nothing is lost */
    free(p->jobs);
    free(p);
}

otsd_err net_pool_generate(net_pool *p, const otsd_options *o, otsd_pool_fn *fn, void *arg, otsd_error *e) {
    for (int tries = 0; tries < 2; tries++) {
        job *j = job_of(p, 0);
        otsd_err rc;

        if (!j || p->closing)
            return error_local(e, OTSD_ERR_ARGUMENT, "all %zu places are taken", p->line.jobs);
        rc = line_ready(&p->line, e);
        if (rc == OTSD_OK)
            rc = line_ask(&p->line, WIRE_GENERATE, o, e);
        if (rc != OTSD_OK)
            return rc;
        if (line_send(&p->line)) {
            *j = (job){p->line.seq, fn, arg, clock_ms() + otsd_server_create_timeout_ms(p->line.server) + LINE_GRACE};
            p->in_flight++;
            return OTSD_OK;
        }
        bury(p);
    }
    return line_failed(&p->line, OTSD_REACH_NO, "ended before it was asked", e);
}

const char *net_pool_generation(const net_pool *p) {
    return generation_text(p->line.generation.known);
}

static void look_at_time(net_pool *p) {
    int64_t now = clock_ms();

    for (size_t i = 0; i < p->line.jobs; i++)
        if (p->jobs[i].seq != 0 && p->jobs[i].until < now) {
            lose(p, "was silent for too long");
            return;
        }
}

otsd_err net_pool_run(net_pool *p, long wait_ms, otsd_error *e) {
    struct pollfd both[] = {{.fd = p->bell, .events = POLLIN}, {.fd = p->line.child.channel, .events = POLLIN}};
    eventfd_t rings;

    /* A child that is gone leaves nothing to wait for but the bell. */
    if (poll(both, 2, wait_ms < 0 ? 0 : (int)(wait_ms < 3600000 ? wait_ms : 3600000)) < 0 && errno != EINTR)
        return error_local(e, OTSD_ERR_CONNECTION, "otsd-net cannot be waited for");
    (void)eventfd_read(p->bell, &rings); /* EAGAIN where nobody rang */
    if (p->in_flight > 0) {
        take_all(p);
        look_at_time(p);
    } else if (both[1].revents != 0) {
        lose(p, "ended without being asked"); /* nothing is in flight: it has nothing to say */
    }
    return OTSD_OK;
}

void net_pool_wakeup(net_pool *p) {
    (void)eventfd_write(p->bell, 1); /* EAGAIN where it has rung for ever */
}
