/* SPDX-License-Identifier: MIT */
#include "pipeline.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "issue.h"
#include "pace.h"
#include "stop.h"

#define WINDOW 4096         /* hand-offs between intent and arming; each has its record open */
#define OTHER_FILES 384     /* descriptors for all else, connections included */
#define INTENTS 512         /* made and synced at once */
#define BACKLOG 1024        /* asked for or generated, and not hashed */
#define GROUP_COMMAND 100   /* passwords for one run of an administrator's command, which has a minute */
#define GROUP_WAIT 1000     /* ms that a hashed password waits for others, at least */
#define GROUP_SHARE 10      /* and as many times as long as the last transaction took: so it takes a tenth of the time */
#define FRESH 60            /* s: an intent that waited longer is renewed on the disk before it is used */
#define STORE_TRIES 4       /* while another program holds the shadow file's lock; glibc waits 15 s each time */
#define LOSSES_MOST 3
#define HASHERS_MOST 256
#define NICE 5              /* of the threads that hash */

typedef enum direction { UNDO, DROP, LOSE } direction;

typedef struct work {
    issue i;
    batch_account *a;
    struct pipeline *p;
    struct work *next;
    int64_t sent_at;  /* stop_clock */
    int64_t ready_at; /* stop_clock; since when the password waits to be stored */
    direction back;
    batch_status back_to;
} work;

typedef struct queue {
    work *first, *last;
    size_t len;
} queue;

typedef struct pipeline {
    batch *b;
    size_t window, group;
    pace pace;           /* the network thread's */
    remote_many *many;   /* likewise */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t for_disk, for_hash;
    queue begun, stale, generated, hashed, back;
    size_t active;        /* in a queue or with a thread */
    size_t next;          /* account to begin with */
    size_t in_flight;
    bool net_waits;       /* for a queue to change */
    bool stop, finished;
    int64_t stored_in;    /* ms that the last transaction took */
    work *unused;
} pipeline;

/* ---- queues; the caller holds the lock ---- */

static void put(queue *q, work *w) {
    w->next = NULL;
    if (q->last)
        q->last->next = w;
    else
        q->first = w;
    q->last = w;
    q->len++;
}

static void put_first(queue *q, work *w) {
    w->next = q->first;
    q->first = w;
    if (!q->last)
        q->last = w;
    q->len++;
}

static work *get(queue *q) {
    work *w = q->first;

    if (w) {
        q->first = w->next;
        if (!q->first)
            q->last = NULL;
        q->len--;
    }
    return w;
}

static void wake_net(pipeline *p) {
    if (p->net_waits && p->many) {
        p->net_waits = false;
        remote_many_wake(p->many);
    }
}

static bool more_to_begin(const pipeline *p) {
    return !p->stop && p->next < p->b->len;
}

/* ---- the disk thread ---- */

static work *work_new(pipeline *p) {
    work *w = p->unused;

    if (w)
        p->unused = w->next;
    else
        w = malloc(sizeof *w);
    if (w) {
        memset(w, 0, sizeof *w);
        w->i.e.fd = -1;
    }
    return w;
}

/* The account is through. */
static void finish(pipeline *p, work *w, batch_status to) {
    batch_account *a = w->a;

    if (w->i.stored) {
        memcpy(a->id, w->i.id, sizeof a->id);
        a->deadline = w->i.deadline;
        a->link = w->i.link;
        w->i.link = NULL;
    }
    batch_result(p->b, a, to, to == BATCH_PROVISIONED ? "" : w->i.why.text);
    if (to == BATCH_PROVISIONED && w->i.short_ttl)
        say(LOG_WARNING, "%s: warning: the server grants %lld seconds instead of %lld; link and password end then", w->i.user,
            (long long)w->i.ttl_granted, (long long)w->i.ttl_asked);
    issue_end(&w->i);
    (void)pthread_mutex_lock(&p->lock);
    w->next = p->unused;
    p->unused = w;
    p->active--;
    (void)pthread_mutex_unlock(&p->lock);
}

/* Trouble of this machine's own: it would meet the next hand-off as well. */
static bool is_local(const problem *why) {
    return !why->remote && (why->code == EX_IOERR || why->code == EX_OSERR || why->code == EX_CONFIG);
}

static void cut(pipeline *p, const problem *why) {
    (void)pthread_mutex_lock(&p->lock);
    batch_cut(p->b, why);
    p->stop = true;
    (void)pthread_cond_signal(&p->for_disk);
    (void)pthread_mutex_unlock(&p->lock);
}

static void begin_group(pipeline *p, size_t room) {
    batch *b = p->b;
    work *group[INTENTS];
    issue *issues[INTENTS];
    size_t n = 0;

    while (n < room && n < INTENTS && p->next < b->len) {
        batch_account *a = &b->accounts[p->next++];
        work *w;

        if (a->status != BATCH_TODO)
            continue;
        (void)pthread_mutex_lock(&p->lock);
        w = work_new(p);
        p->active += w ? 1 : 0;
        (void)pthread_mutex_unlock(&p->lock);
        if (!w) {
            problem why;

            p->next--;
            (void)problem_set(&why, EX_OSERR, "out of memory");
            cut(p, &why);
            break;
        }
        w->a = a;
        w->p = p;
        w->i.user = a->line->user;
        w->i.uid = a->uid;
        w->i.ttl = a->line->ttl ? a->line->ttl : b->ttl ? b->ttl : b->x->config->handoff.ttl;
        w->i.recipient = a->recipient;
        w->i.passphrase = a->line->passphrase;
        w->i.locale = a->line->locale ? a->line->locale : b->locale;
        w->i.want_link = w->i.keep_link = b->links;
        group[n] = w;
        issues[n++] = &w->i;
    }
    issue_begin(b->x, issues, n);
    for (size_t i = 0; i < n; i++) {
        work *w = group[i];

        if (w->i.why.code != EX_OK) {
            if (is_local(&w->i.why))
                cut(p, &w->i.why);
            finish(p, w, BATCH_LEFT);
            continue;
        }
        (void)pthread_mutex_lock(&p->lock);
        put(&p->begun, w);
        wake_net(p);
        (void)pthread_mutex_unlock(&p->lock);
    }
}

/* A batch that waited for a limit has old intents, and their times are what recovery goes by. */
static void renew(pipeline *p, work *list) {
    while (list) {
        issue *issues[INTENTS];
        work *group[INTENTS];
        size_t n = 0;

        for (; list && n < INTENTS; list = list->next) {
            group[n] = list;
            issues[n++] = &list->i;
        }
        issue_renew(p->b->x, issues, n);
        (void)pthread_mutex_lock(&p->lock);
        for (size_t i = 0; i < n; i++) {
            bool good = group[i]->i.why.code == EX_OK;

            group[i]->back = DROP;
            group[i]->back_to = BATCH_LEFT;
            put(good ? &p->begun : &p->back, group[i]);
        }
        wake_net(p);
        (void)pthread_mutex_unlock(&p->lock);
    }
}

static void store_patiently(pipeline *p, issue *const *issues, size_t n) {
    for (int tries = 1;; tries++) {
        issue_store(p->b->x, issues, n);
        /* All of them then, and none is stored. */
        if (issues[0]->why.code != EX_TEMPFAIL || issues[0]->unsure || tries == STORE_TRIES)
            return;
        say(LOG_WARNING, "%s; trying again", issues[0]->why.text);
    }
}

static void store_group(pipeline *p, work **group, size_t n) {
    issue **issues = calloc(n * 2, sizeof(issue *)), **good = issues + n;
    int64_t begin = stop_clock();
    size_t count = 0;
    problem first = {.code = EX_OK};

    for (size_t i = 0; issues && i < n; i++)
        issues[i] = &group[i]->i;
    if (issues)
        store_patiently(p, issues, n);
    for (size_t i = 0; i < n; i++) {
        if (!issues)
            (void)problem_set(&group[i]->i.why, EX_OSERR, "out of memory");
        if (group[i]->i.stored)
            good[count++] = &group[i]->i;
        else if (first.code == EX_OK && (is_local(&group[i]->i.why) || group[i]->i.why.code == EX_TEMPFAIL))
            first = group[i]->i.why;
    }
    if (count > 0)
        issue_arm(p->b->x, good, count);
    for (size_t i = 0; i < n; i++) {
        issue *s = &group[i]->i;

        if (s->stored && first.code == EX_OK && s->why.code != EX_OK)
            first = s->why;
        if (!s->stored && !s->unsure)
            issue_undo(p->b->x, s);
        finish(p, group[i],
               s->stored && s->why.code == EX_OK ? BATCH_PROVISIONED
               : s->stored || s->unsure || is_local(&s->why) || s->why.code == EX_TEMPFAIL ? BATCH_LEFT : BATCH_FAILED);
    }
    if (first.code != EX_OK)
        cut(p, &first);
    free(issues);
    p->stored_in = stop_clock() - begin;
}

static void go_back(pipeline *p, work *w) {
    batch_account *a = w->a;

    if (w->back == UNDO)
        issue_undo(p->b->x, &w->i);
    else if (w->back == DROP)
        issue_drop(p->b->x, &w->i);
    if (w->back != LOSE || ++a->losses >= LOSSES_MOST) {
        if (w->back == LOSE)
            problem_add(&w->i.why, "; the account is untouched, and otsd-hook sweep will burn what the server may have made");
        finish(p, w, w->back_to);
        return;
    }
    /* Whether the server made something is found out when all else is done. */
    issue_end(&w->i);
    (void)pthread_mutex_lock(&p->lock);
    batch_move(p->b, a, BATCH_INTERRUPTED);
    w->next = p->unused;
    p->unused = w;
    p->active--;
    (void)pthread_mutex_unlock(&p->lock);
}

static bool group_is_due(const pipeline *p) {
    int64_t wait = p->stored_in * GROUP_SHARE > GROUP_WAIT ? p->stored_in * GROUP_SHARE : GROUP_WAIT;

    if (p->hashed.len == 0)
        return false;
    return p->hashed.len >= p->group || p->hashed.len == p->active || stop_clock() - p->hashed.first->ready_at >= wait;
}

/* Takes the whole queue. */
static work *take_all(queue *q) {
    work *first = q->first;

    memset(q, 0, sizeof *q);
    return first;
}

static void take_group(pipeline *p) {
    size_t n = p->hashed.len < p->group ? p->hashed.len : p->group;
    work **group = calloc(n, sizeof(work *));

    if (!group) { /* little by little, then */
        work *one = get(&p->hashed);

        (void)pthread_mutex_unlock(&p->lock);
        store_group(p, &one, 1);
        (void)pthread_mutex_lock(&p->lock);
        return;
    }
    for (size_t i = 0; i < n; i++)
        group[i] = get(&p->hashed);
    (void)pthread_mutex_unlock(&p->lock);
    store_group(p, group, n);
    (void)pthread_mutex_lock(&p->lock);
    free(group);
}

static void wait_for_work(pipeline *p) {
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 50 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    (void)pthread_cond_timedwait(&p->for_disk, &p->lock, &until);
}

/* What comes first keeps the others busy. */
static bool disk_step(pipeline *p) {
    if (p->back.len > 0) {
        work *list = take_all(&p->back);

        (void)pthread_mutex_unlock(&p->lock);
        while (list) {
            work *w = list;

            list = w->next;
            go_back(p, w);
        }
        (void)pthread_mutex_lock(&p->lock);
    } else if (p->stop && (p->begun.len > 0 || p->stale.len > 0)) {
        work *w = get(p->begun.len > 0 ? &p->begun : &p->stale);

        w->back = DROP;
        w->back_to = BATCH_LEFT;
        (void)problem_set(&w->i.why, EX_TEMPFAIL, "not begun");
        put(&p->back, w);
    } else if (p->stale.len > 0) {
        work *list = take_all(&p->stale);

        (void)pthread_mutex_unlock(&p->lock);
        renew(p, list);
        (void)pthread_mutex_lock(&p->lock);
    } else if (more_to_begin(p) && p->begun.len < INTENTS && p->active < p->window) {
        size_t room = p->window - p->active;

        (void)pthread_mutex_unlock(&p->lock);
        begin_group(p, room);
        (void)pthread_mutex_lock(&p->lock);
    } else if (group_is_due(p)) {
        take_group(p);
    } else if (p->active == 0 && !more_to_begin(p)) {
        return false;
    } else {
        wait_for_work(p);
    }
    return true;
}

static void *disk_thread(void *arg) {
    pipeline *p = arg;

    (void)pthread_mutex_lock(&p->lock);
    while (disk_step(p))
        continue;
    p->finished = true;
    (void)pthread_cond_broadcast(&p->for_hash);
    p->net_waits = true;
    wake_net(p);
    (void)pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* ---- hash threads ---- */

static void *hash_thread(void *arg) {
    pipeline *p = arg;

    /* It takes every core for as long as it lasts: logins, and this program's own other threads, go first. (On Linux the priority
     * is the thread's.) */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    (void)pthread_mutex_lock(&p->lock);
    while (!p->finished) {
        work *w = get(&p->generated);
        bool good;

        if (!w) {
            (void)pthread_cond_wait(&p->for_hash, &p->lock);
            continue;
        }
        wake_net(p);
        (void)pthread_mutex_unlock(&p->lock);
        good = issue_hash(p->b->x, &w->i) == EX_OK;
        w->ready_at = stop_clock();
        w->back = UNDO;
        w->back_to = BATCH_LEFT;
        (void)pthread_mutex_lock(&p->lock);
        put(good ? &p->hashed : &p->back, w);
        if (!good || p->hashed.len >= p->group || p->hashed.len == p->active)
            (void)pthread_cond_signal(&p->for_disk);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* ---- the network ---- */

static unsigned random_number(void) {
    unsigned n = 0;

    (void)!getrandom(&n, sizeof n, GRND_NONBLOCK);
    return n;
}

static void on_failure(pipeline *p, work *w, const remote_answer *a) {
    bool again = a->certain && a->trouble != REMOTE_REFUSED;

    w->i.why = a->why;
    w->back = a->certain ? DROP : LOSE;
    w->back_to = a->trouble == REMOTE_REFUSED ? BATCH_FAILED : BATCH_LEFT;
    if (a->trouble == REMOTE_HOPELESS)
        cut(p, &a->why);
    (void)pthread_mutex_lock(&p->lock);
    if (again && !p->stop)
        put_first(&p->begun, w);
    else
        put(&p->back, w);
    (void)pthread_cond_signal(&p->for_disk);
    (void)pthread_mutex_unlock(&p->lock);
}

static void on_answer(void *arg, remote_answer *a) {
    work *w = arg;
    pipeline *p = w->p;
    bool good;

    pace_note(&p->pace, a->receipt || a->trouble == REMOTE_REFUSED ? PACE_GOOD : a->trouble == REMOTE_LIMITED ? PACE_LIMITED : PACE_TROUBLE,
              w->sent_at, a->retry_after, random_number(), stop_clock());
    (void)pthread_mutex_lock(&p->lock);
    p->in_flight--;
    (void)pthread_mutex_unlock(&p->lock);
    if (!a->receipt) {
        on_failure(p, w, a);
        return;
    }
    good = issue_answered(p->b->x, &w->i, a->receipt) == EX_OK;
    otsd_receipt_free(&a->receipt);
    w->back = UNDO;
    w->back_to = is_local(&w->i.why) ? BATCH_LEFT : BATCH_FAILED;
    if (!good && is_local(&w->i.why))
        cut(p, &w->i.why);
    (void)pthread_mutex_lock(&p->lock);
    put(good ? &p->generated : &p->back, w);
    (void)pthread_cond_signal(good ? &p->for_hash : &p->for_disk);
    (void)pthread_mutex_unlock(&p->lock);
}

static void send_one(pipeline *p, work *w) {
    problem why;
    int rc;

    if (time(NULL) - w->i.e.r.created > FRESH) {
        (void)pthread_mutex_lock(&p->lock);
        put(&p->stale, w);
        (void)pthread_cond_signal(&p->for_disk);
        (void)pthread_mutex_unlock(&p->lock);
        return;
    }
    (void)issue_asks(&w->i);
    w->sent_at = stop_clock();
    (void)pthread_mutex_lock(&p->lock);
    p->in_flight++;
    (void)pthread_mutex_unlock(&p->lock);
    rc = remote_many_generate(p->many, &w->i.e.r, w->i.locale, w, &why);
    if (rc != EX_OK) {
        remote_answer a = {.certain = true, .trouble = rc == EX_USAGE ? REMOTE_REFUSED : REMOTE_HOPELESS, .why = why};

        on_answer(w, &a);
    }
}

static void send_some(pipeline *p) {
    size_t allowed = pace_allows(&p->pace, stop_clock());

    (void)pthread_mutex_lock(&p->lock);
    while (!p->stop && p->in_flight < allowed && p->in_flight + p->generated.len < BACKLOG && p->begun.len > 0) {
        work *w = get(&p->begun);

        if (p->begun.len == INTENTS - 1)
            (void)pthread_cond_signal(&p->for_disk);
        (void)pthread_mutex_unlock(&p->lock);
        send_one(p, w);
        (void)pthread_mutex_lock(&p->lock);
    }
    p->net_waits = true;
    (void)pthread_mutex_unlock(&p->lock);
}

static void show(pipeline *p) {
    int64_t now = stop_clock(), next = pace_next(&p->pace, now);
    const char *why = pace_why(&p->pace);
    char text[160];

    if (why && next > 0) {
        (void)snprintf(text, sizeof text, "%s; next try in %lld s", why, (long long)(next + 999) / 1000);
        batch_show(p->b, text);
    } else {
        batch_show(p->b, stop_wanted() ? "stopping: what was begun is finished; again to leave at once" : NULL);
    }
}

/* Said once a pause, where nobody looks at a bar. */
static void say_pause(const pipeline *p, const char **said) {
    const char *why = pace_why(&p->pace);

    if (why != *said && why)
        say(LOG_WARNING, "%s: the batch waits, and goes on by itself", why);
    else if (why != *said)
        say(LOG_NOTICE, "the batch goes on");
    *said = why;
}

static void check_stop(pipeline *p) {
    problem why;

    if (stop_wanted())
        (void)problem_set(&why, EX_TEMPFAIL, "stopped by a signal");
    else if (pace_exhausted(&p->pace, stop_clock()))
        (void)problem_set(&why, EX_TEMPFAIL, "%s, and no request was answered for %lld minutes (--patience)",
                          pace_why(&p->pace) ? pace_why(&p->pace) : "the server is away", (long long)(p->b->patience_ms / 60000));
    else
        return;
    cut(p, &why);
}

static void network(pipeline *p) {
    const char *said = NULL;
    bool finished = false;
    problem why;

    while (!finished) {
        if (p->many)
            send_some(p);
        if (!p->many) {
            (void)stop_sleep(20);
        } else if (remote_many_run(p->many, 100, &why) != EX_OK) {
            remote_many *many = p->many;

            cut(p, &why);
            (void)pthread_mutex_lock(&p->lock);
            p->many = NULL;
            (void)pthread_mutex_unlock(&p->lock);
            remote_many_close(&many);
        }
        (void)pthread_mutex_lock(&p->lock);
        finished = p->finished;
        (void)pthread_mutex_unlock(&p->lock);
        check_stop(p);
        say_pause(p, &said);
        show(p);
    }
}

/* ---- all together ---- */

/* Each hand-off under way has its record open. */
static size_t window(void) {
    struct rlimit files;
    size_t most = WINDOW;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return 256;
    if (files.rlim_cur < WINDOW + OTHER_FILES && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max < WINDOW + OTHER_FILES ? files.rlim_max : WINDOW + OTHER_FILES;
        (void)setrlimit(RLIMIT_NOFILE, &files);
        (void)getrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur < most + OTHER_FILES)
        most = files.rlim_cur > OTHER_FILES + 64 ? (size_t)files.rlim_cur - OTHER_FILES : 64;
    return most;
}

static size_t hashers(const batch *b) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = cores > 0 ? (size_t)cores : 1;

    if (n > b->counts[BATCH_TODO])
        n = b->counts[BATCH_TODO];
    return n < HASHERS_MOST ? n : HASHERS_MOST;
}

static int start(pipeline *p, problem *why) {
    pthread_condattr_t monotonic;
    bool ok = pthread_mutex_init(&p->lock, NULL) == 0 && pthread_cond_init(&p->for_hash, NULL) == 0 && pthread_condattr_init(&monotonic) == 0;

    if (!ok || pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) != 0 || pthread_cond_init(&p->for_disk, &monotonic) != 0)
        return problem_set(why, EX_OSERR, "threads cannot be started");
    (void)pthread_condattr_destroy(&monotonic);
    return remote_many_open(&p->many, p->b->x->config, p->b->jobs, on_answer, why);
}

static void run_threads(pipeline *p) {
    pthread_t disk, hash[HASHERS_MOST];
    size_t wanted = hashers(p->b), n = 0;
    sigset_t all, before;
    problem why;

    /* Signals are the network thread's. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    while (n < wanted && pthread_create(&hash[n], NULL, hash_thread, p) == 0)
        n++;
    if (n == 0 || pthread_create(&disk, NULL, disk_thread, p) != 0) {
        (void)problem_set(&why, EX_OSERR, "threads cannot be started");
        batch_cut(p->b, &why);
        (void)pthread_mutex_lock(&p->lock);
        p->finished = true;
        (void)pthread_cond_broadcast(&p->for_hash);
        (void)pthread_mutex_unlock(&p->lock);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    } else {
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        network(p);
        (void)pthread_join(disk, NULL);
    }
    while (n > 0)
        (void)pthread_join(hash[--n], NULL);
}

void pipeline_run(batch *b) {
    pipeline p = {.b = b};
    problem why;

    if (b->counts[BATCH_TODO] == 0 || b->is_cut)
        return;
    p.window = window();
    p.group = b->x->config->password.backend == OTSD_BACKEND_COMMAND ? GROUP_COMMAND : p.window / 2;
    pace_init(&p.pace, b->jobs, b->patience_ms);
    if (start(&p, &why) == EX_OK)
        run_threads(&p);
    else
        batch_cut(b, &why);
    remote_many_close(&p.many);
    while (p.unused) {
        work *w = p.unused;

        p.unused = w->next;
        free(w);
    }
}
