/* SPDX-License-Identifier: MIT
 *
 * Mails as files, one each, in the order of their names. A file appears under its name only when it is complete.
 */
#include "mail.h"

#include "timer.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Numbering goes on after what an earlier run left. */
static unsigned long highest_number(int dir) {
    unsigned long highest = 0;
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);

    if (!d) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    for (struct dirent *e; (e = readdir(d));) {
        unsigned long n = isdigit((unsigned char)e->d_name[0]) ? strtoul(e->d_name, NULL, 10) : 0;

        if (n > highest && n < 1000000)
            highest = n;
    }
    closedir(d);
    return highest;
}

bool mail_open(struct world *w, const char *path) {
    if (!path)
        return true;
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        fprintf(stderr, "otsd-sandbox: %s: cannot make this folder: %s\n", path, strerror(errno));
        return false;
    }
    w->mail_dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->mail_dir < 0 || faccessat(w->mail_dir, ".", W_OK | X_OK, AT_EACCESS) != 0) {
        fprintf(stderr, "otsd-sandbox: %s: cannot write mails there: %s\n", path, strerror(errno));
        return false;
    }
    w->mail_number = highest_number(w->mail_dir);
    return true;
}

static struct bytes compose(const struct world *w, const struct secret *s) {
    struct bytes m = {NULL, 0};
    char date[64], id[25];
    time_t now = (time_t)world_now(w);
    struct tm tm;

    if (!localtime_r(&now, &tm) || strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S %z", &tm) == 0)
        date[0] = '\0';
    random_text(id, sizeof id - 1, "0123456789abcdefghijklmnopqrstuvwxyz");
    bytes_format(&m, "From: Onetime Secret sandbox <noreply@sandbox.example>\r\nTo: %s\r\nDate: %s\r\n", s->recipient,
                 date);
    bytes_format(&m, "Message-ID: <%s@sandbox.example>\r\nSubject: %s sent you a secret\r\n", id, s->owner->email);
    bytes_format(&m, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: 8bit\r\nAuto-Submitted: auto-generated\r\n\r\n");
    bytes_format(&m, "%s sent you a secret. This link shows it, once:\r\n\r\n%s/secret/%s\r\n\r\n", s->owner->email,
                 w->base, s->secret_key);
    bytes_format(&m, "If you did not expect it, do not open it and ask the sender.\r\n");
    return m;
}

static bool write_all(int fd, const struct bytes *b) {
    for (size_t done = 0; done < b->len;) {
        ssize_t n = write(fd, b->data + done, b->len - done);

        if (n < 0 && errno != EINTR)
            return false;
        done += n < 0 ? 0 : (size_t)n;
    }
    return true;
}

static void write_mail(struct world *w, const char *recipient, const struct bytes *m) {
    char *name = NULL, *temporary = NULL;
    int fd = -1;
    bool ok;

    w->counters.mails++;
    name = must_format("%04lu-%s.eml", ++w->mail_number, recipient);
    for (char *p = name; *p != '\0'; p++) {
        if (*p == '/' || !isprint((unsigned char)*p))
            *p = '_';
    }
    temporary = must_format(".%lu.tmp", w->mail_number);
    fd = openat(w->mail_dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    ok = fd >= 0 && write_all(fd, m);
    if (fd >= 0 && close(fd) != 0)
        ok = false;
    if (!ok || renameat(w->mail_dir, temporary, w->mail_dir, name) != 0)
        fprintf(stderr, "otsd-sandbox: a mail was not written: %s: %s\n", name, strerror(errno));
    free(name);
    free(temporary);
}

struct later {
    struct world *world;
    char *recipient;
    struct bytes text;
};

static void write_later(void *arg) {
    struct later *l = arg;

    pthread_mutex_lock(&l->world->lock);
    write_mail(l->world, l->recipient, &l->text);
    pthread_mutex_unlock(&l->world->lock);
    bytes_free(&l->text);
    free(l->recipient);
    free(l);
}

long mail_hand_over(struct world *w, const struct secret *s) {
    struct bytes m = {NULL, 0};
    struct later *l;

    if (w->mail_dir < 0)
        return w->opt->release->mail_inside ? w->opt->mail_delay_ms : 0;
    m = compose(w, s);
    if (w->opt->release->mail_inside || w->opt->mail_delay_ms == 0) {
        write_mail(w, s->recipient, &m);
        bytes_free(&m);
        return w->opt->mail_delay_ms;
    }
    l = must_alloc(sizeof *l);
    *l = (struct later){w, must_copy(s->recipient), m};
    timer_call(w->timer, w->opt->mail_delay_ms, write_later, l);
    return 0;
}
