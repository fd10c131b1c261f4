/* SPDX-License-Identifier: MIT */
#include "batch/pipeline.h"

#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/privs.h"
#include "batch/limits.h"
#include "batch/stages.h"
#include "password/backend.h"

/* Raises the limit of open files as far as is allowed and of use. */
static size_t window(void) {
    rlim_t wanted = limits_descriptors_wanted();
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return limits_window(0);
    if (files.rlim_cur < wanted && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        (void)setrlimit(RLIMIT_NOFILE, &files); /* what it is then is asked next */
        (void)getrlimit(RLIMIT_NOFILE, &files);
    }
    return limits_window(files.rlim_cur);
}

/* Containers often leave root without the capability, and with 8 MiB. */
static size_t backlog(void) {
    long page = sysconf(_SC_PAGESIZE);
    struct rlimit locked;
    bool unbounded = privs_has(CAP_IPC_LOCK) || getrlimit(RLIMIT_MEMLOCK, &locked) != 0;

    return limits_backlog(unbounded, unbounded ? 0 : locked.rlim_cur, page > 0 ? (size_t)page : 0);
}

static size_t hashers(const batch *b) {
    cpu_set_t cores;

    return limits_hashers(sched_getaffinity(0, sizeof cores, &cores) == 0 ? (size_t)CPU_COUNT(&cores) : 1,
                          b->counts[BATCH_TODO]);
}

/* The lock and the conditions; the disk thread waits by the clock that does not jump. */
static bool make_lock(pipeline *p) {
    pthread_condattr_t monotonic;
    bool ok;

    if (pthread_mutex_init(&p->lock, NULL) != 0)
        return false;
    if (pthread_cond_init(&p->for_hash, NULL) != 0)
        goto no_hash;
    if (pthread_condattr_init(&monotonic) != 0)
        goto no_disk;
    ok =
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&p->for_disk, &monotonic) == 0;
    (void)pthread_condattr_destroy(&monotonic); /* of one that was initialised: cannot fail */
    if (ok)
        return true;
no_disk:
    pthread_cond_destroy(&p->for_hash);
no_hash:
    pthread_mutex_destroy(&p->lock);
    return false;
}

/* All threads have ended. */
static void destroy_lock(pipeline *p) {
    pthread_cond_destroy(&p->for_disk);
    pthread_cond_destroy(&p->for_hash);
    pthread_mutex_destroy(&p->lock);
}

static void no_threads(pipeline *p) {
    problem why;

    problem_set(&why, EX_OSERR, "threads cannot be started");
    batch_cut(p->b, &why);
    pthread_mutex_lock(&p->lock);
    p->finished = true;
    pthread_cond_broadcast(&p->for_hash);
    pthread_mutex_unlock(&p->lock);
}

static void run_threads(pipeline *p) {
    size_t wanted = hashers(p->b), n = 0;
    pthread_t disk, *hash = calloc(wanted, sizeof *hash);
    sigset_t all, before;

    /* Signals are the network thread's. */
    sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before); /* of a valid set: cannot fail */
    while (hash && n < wanted && pthread_create(&hash[n], NULL, stages_hash, p) == 0)
        n++;
    if (n == 0 || pthread_create(&disk, NULL, stages_disk, p) != 0) {
        no_threads(p);
    } else {
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        stages_network(p);
        (void)pthread_join(disk, NULL); /* of a thread of our own: cannot fail */
    }
    while (n > 0)
        (void)pthread_join(hash[--n], NULL);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    free(hash);
}

void pipeline_run(batch *b) {
    size_t most = backend_group_most(b->x->config);
    pipeline p = {.b = b};
    problem why;

    if (b->counts[BATCH_TODO] == 0 || b->is_cut)
        return;
    pace_resume(&b->pace);
    p.window = window();
    p.backlog = backlog();
    p.group = most > 0 ? most : p.window / 2;
    if (!make_lock(&p)) {
        problem_set(&why, EX_OSERR, "threads cannot be started");
        batch_cut(b, &why);
        return;
    }
    slots_open(&p.slots, b->x->ledger, otsd_server_url(b->x->config->server),
               otsd_server_username(b->x->config->server));
    if (remote_many_open(&p.many, b->x->config, b->jobs, stages_answered, &why) == EX_OK)
        run_threads(&p);
    else
        batch_cut(b, &why);
    if (p.many && b->x->remote)
        remote_assume(b->x->remote, remote_many_generation(p.many));
    remote_many_close(&p.many);
    slots_close(&p.slots);
    while (p.unused) {
        work *w = p.unused;

        p.unused = w->next;
        free(w);
    }
    destroy_lock(&p);
}
