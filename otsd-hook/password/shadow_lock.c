/* SPDX-License-Identifier: MIT
 *
 * All who change the account files hold glibc's lckpwdf: pam_unix, systemd, and the programs of shadow, which take it
 * before their own /etc/shadow.lock and let go of it after that. So this one lock suffices. It is a write lock on the
 * whole of /etc/.pwd.lock.
 *
 * Anybody can hold it for as long as he likes, by a passwd that he stops. lckpwdf waits 15 seconds for it, by SIGALRM,
 * and does not say for whom: too long for a login, no use in a thread, and nothing that an administrator could act on.
 * So the lock is taken here, for a wait that the caller can afford, by asking again and again; and who holds it is
 * named. A lock of the open file (OFD) and lckpwdf's of the process keep each other out; ours also keeps out another
 * thread, is not lost when some other code closes the file, and ends with the process.
 */
#include "password/shadow_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/holder.h"

#define STEP_MS 20 /* between two tries */

static struct flock whole_file(short type) {
    return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

/* The kernel names the process for lckpwdf's kind of lock only, and only where we can see it. */
static int held(int fd, problem *p) {
    struct flock lock = whole_file(F_WRLCK);
    char name[HOLDER_MAX];

    problem_set(p, EX_TEMPFAIL, "the account files are locked by another program");
    if (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0)
        problem_add(p, ": %s holds %s", holder_name(lock.l_pid, name), SHADOW_LOCK_PATH);
    return p->code;
}

static int try_lock(int fd) {
    struct flock lock = whole_file(F_WRLCK);
    int rc;

    do
        rc = fcntl(fd, F_OFD_SETLK, &lock);
    while (rc != 0 && errno == EINTR);
    return rc;
}

static int wait_for(int fd, long wait_ms, problem *p) {
    static const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    int64_t until = clock_ms() + wait_ms;

    while (try_lock(fd) != 0) {
        if (errno != EAGAIN && errno != EACCES)
            return problem_set(p, EX_OSERR, "%s cannot be locked: %s", SHADOW_LOCK_PATH, strerror(errno));
        if (clock_ms() >= until)
            return held(fd, p);
        (void)nanosleep(&step, NULL); /* a signal only makes the next try come sooner */
    }
    return problem_none(p);
}

int shadow_lock_take(long wait_ms, int *lock, problem *p) {
    int rc, fd = file_openat(AT_FDCWD, SHADOW_LOCK_PATH, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 && errno == EROFS)
        return problem_set(p, EX_CANTCREAT, "/etc is read-only here, so the account files cannot be changed");
    if (fd < 0)
        return problem_set(p, EX_CANTCREAT, "%s cannot be opened: %s", SHADOW_LOCK_PATH, strerror(errno));
    rc = wait_for(fd, wait_ms, p);
    if (rc == EX_OK)
        *lock = fd;
    else
        (void)close(fd);
    return rc;
}

/* Also where a child of a fork still has the file open. */
void shadow_lock_release(int lock) {
    struct flock none = whole_file(F_UNLCK);

    (void)fcntl(lock, F_OFD_SETLK, &none); /* closing does it, too */
    (void)close(lock);
}
