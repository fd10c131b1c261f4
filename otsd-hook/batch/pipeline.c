/* SPDX-License-Identifier: MIT */
#include "batch/pipeline.h"

#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "batch/pipeline_parts.h"
#include "password/backend.h"

#define WINDOW 6144       /* hand-offs between intent and arming; each has its record open */
#define OTHER_FILES 384   /* descriptors for all else, connections included */
#define OTHER_PAGES 128   /* locked ones for all else */
#define HASHERS_MOST 256
#define NICE 3 /* of the threads that hash */

void put(queue *q, work *w) {
    w->next = NULL;
    if (q->last)
        q->last->next = w;
    else
        q->first = w;
    q->last = w;
    q->len++;
}

void put_first(queue *q, work *w) {
    w->next = q->first;
    q->first = w;
    if (!q->last)
        q->last = w;
    q->len++;
}

work *get(queue *q) {
    work *w = q->first;

    if (w) {
        q->first = w->next;
        if (!q->first)
            q->last = NULL;
        q->len--;
    }
    return w;
}

void wake_network(pipeline *p) {
    if (p->net_waits && p->many) {
        p->net_waits = false;
        remote_many_wake(p->many);
    }
}

void cut_short(pipeline *p, const problem *why) {
    batch_cut(p->b, why);
    pthread_mutex_lock(&p->lock);
    pthread_cond_signal(&p->for_disk);
    pthread_mutex_unlock(&p->lock);
}

bool is_stopping(const pipeline *p) {
    return p->b->is_cut;
}

bool is_local(const problem *why) {
    return !why->remote && (why->code == EX_IOERR || why->code == EX_OSERR || why->code == EX_CONFIG);
}

static void *hash_thread(void *arg) {
    pipeline *p = arg;

    /* They take every core for as long as it lasts: logins, and this program's own other threads, go first. On Linux
     * the priority is the thread's. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), getpriority(PRIO_PROCESS, 0) + NICE);
    pthread_mutex_lock(&p->lock);
    while (!p->finished) {
        work *w = get(&p->generated);
        bool good;

        if (!w) {
            pthread_cond_wait(&p->for_hash, &p->lock);
            continue;
        }
        wake_network(p);
        pthread_mutex_unlock(&p->lock);
        good = issue_hash(p->b->x, &w->i) == EX_OK;
        w->ready_at = clock_ms();
        w->back = UNDO;
        w->back_to = BATCH_LEFT;
        pthread_mutex_lock(&p->lock);
        put(good ? &p->hashed : &p->back, w);
        if (!good || p->hashed.len >= p->group || p->hashed.len == p->active)
            pthread_cond_signal(&p->for_disk);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

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

static bool may_lock_any_amount(void) {
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

    return syscall(SYS_capget, &head, sets) == 0 &&
           (sets[CAP_TO_INDEX(CAP_IPC_LOCK)].effective & CAP_TO_MASK(CAP_IPC_LOCK)) != 0;
}

/* A generated value has a locked page of its own. Containers often leave root without the capability, and with 8 MiB.
 * */
static size_t backlog(void) {
    long page = sysconf(_SC_PAGESIZE);
    struct rlimit locked;
    size_t pages;

    if (may_lock_any_amount() || getrlimit(RLIMIT_MEMLOCK, &locked) != 0 || page <= 0)
        return BACKLOG;
    pages = (size_t)(locked.rlim_cur / (rlim_t)page);
    pages = pages > OTHER_PAGES + 16 ? pages - OTHER_PAGES : 16;
    return pages < BACKLOG ? pages : BACKLOG;
}

static size_t hashers(const batch *b) {
    cpu_set_t cores;
    size_t n = sched_getaffinity(0, sizeof cores, &cores) == 0 ? (size_t)CPU_COUNT(&cores) : 1;

    if (n > b->counts[BATCH_TODO])
        n = b->counts[BATCH_TODO];
    return n < HASHERS_MOST ? n : HASHERS_MOST;
}

static int start(pipeline *p, problem *why) {
    pthread_condattr_t monotonic;
    bool ok = pthread_mutex_init(&p->lock, NULL) == 0 && pthread_cond_init(&p->for_hash, NULL) == 0 &&
              pthread_condattr_init(&monotonic) == 0;

    if (!ok || pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) != 0 ||
        pthread_cond_init(&p->for_disk, &monotonic) != 0)
        return problem_set(why, EX_OSERR, "threads cannot be started");
    (void)pthread_condattr_destroy(&monotonic);
    return remote_many_open(&p->many, p->b->x->config, p->b->jobs, on_answer, why);
}

static void run_threads(pipeline *p) {
    pthread_t disk, hash[HASHERS_MOST];
    size_t wanted = hashers(p->b), n = 0;
    sigset_t all, before, during;
    problem why;

    /* Signals are the network thread's. */
    sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    while (n < wanted && pthread_create(&hash[n], NULL, hash_thread, p) == 0)
        n++;
    if (n == 0 || pthread_create(&disk, NULL, disk_thread, p) != 0) {
        problem_set(&why, EX_OSERR, "threads cannot be started");
        batch_cut(p->b, &why);
        pthread_mutex_lock(&p->lock);
        p->finished = true;
        pthread_cond_broadcast(&p->for_hash);
        pthread_mutex_unlock(&p->lock);
    } else {
        /* But for SIGALRM, with which glibc's lckpwdf ends its wait: it has to reach the disk thread, which unblocks it
         * there. */
        during = before;
        sigaddset(&during, SIGALRM);
        (void)pthread_sigmask(SIG_SETMASK, &during, NULL);
        network(p);
        (void)pthread_join(disk, NULL);
    }
    while (n > 0)
        (void)pthread_join(hash[--n], NULL);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void pipeline_run(batch *b) {
    pipeline p = {.b = b};
    problem why;
    size_t most;

    if (b->counts[BATCH_TODO] == 0 || b->is_cut)
        return;

    pace_resume(&b->pace);
    p.window = window();
    p.backlog = backlog();
    most = backend_of((int64_t)b->x->config->password.backend)->group_most;
    p.group = most > 0 ? most : p.window / 2;
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
