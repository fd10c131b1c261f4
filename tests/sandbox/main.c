/* SPDX-License-Identifier: MIT
 *
 * otsd-sandbox: starts the server, says where it listens, ends it on SIGTERM or SIGINT.
 */
#include "mail.h"
#include "options.h"
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

static bool write_port(const char *path, unsigned port) {
    char *temporary = must_format("%s.tmp", path);
    bool ok = false;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd >= 0) {
        ok = dprintf(fd, "%u\n", port) > 0;
        if (close(fd) != 0)
            ok = false;
    }
    ok = ok && rename(temporary, path) == 0;
    if (!ok)
        fprintf(stderr, "otsd-sandbox: %s: cannot write the port there: %s\n", path, strerror(errno));
    free(temporary);
    return ok;
}

/* Thousands of connections want as many descriptors. */
static void raise_files(void) {
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur >= r.rlim_max)
        return;
    r.rlim_cur = r.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &r) != 0)
        perror("otsd-sandbox: the limit of open files stays low");
}

static bool add_faults(struct world *w, const struct options *o) {
    for (size_t i = 0; i < o->faults_len; i++) {
        struct fault f;
        const char *wrong = fault_parse(&f, o->faults[i]);

        if (wrong) {
            fprintf(stderr, "otsd-sandbox: --fault %s: %s\n", o->faults[i], wrong);
            return false;
        }
        faults_add(&w->faults, f);
    }
    return true;
}

static int serve(struct world *w, const struct options *o, const sigset_t *wait_for) {
    unsigned port = 0;
    int status = EX_OSERR, sig = 0;
    struct server *s = NULL;
    bool six;

    if (!add_faults(w, o))
        return EX_USAGE;
    if (!mail_open(w, o->mail_dir))
        return EX_CANTCREAT;
    s = server_start(w, &port, &status);
    if (!s)
        return status;
    six = strchr(o->host, ':');
    if (printf("listening on %s://%s%s%s:%u\n", !o->tls_cert ? "http" : "https", six ? "[" : "", o->host,
               six ? "]" : "", port) < 0 ||
        fflush(stdout) != 0) {
        status = EX_IOERR;
    } else if (o->port_file && !write_port(o->port_file, port)) {
        status = EX_CANTCREAT;
    } else {
        status = sigwait(wait_for, &sig) == 0 ? EX_OK : EX_OSERR;
    }
    server_stop(s);
    return status;
}

int main(int argc, char **argv) {
    struct options o;
    struct world w;
    sigset_t wait_for;
    int status = options_parse(&o, argc, argv);

    if (status != -1) {
        options_free(&o);
        return status;
    }
    sigemptyset(&wait_for);
    sigaddset(&wait_for, SIGTERM);
    sigaddset(&wait_for, SIGINT);
    /* Before there are threads, so that they inherit it. */
    if (pthread_sigmask(SIG_BLOCK, &wait_for, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
        perror("otsd-sandbox: signals");
        options_free(&o);
        return EX_OSERR;
    }
    raise_files();
    world_init(&w, &o);
    status = serve(&w, &o, &wait_for);
    world_free(&w);
    options_free(&o);
    return status;
}
