/* SPDX-License-Identifier: MIT */
#include "ledger_world.h"

#include <sys/mount.h>

ledger *l;

int open_ledger(void **state) {
    problem p;

    (void)state;
    return ledger_open(&l, &p) == EX_OK ? 0 : -1;
}

int close_ledger(void **state) {
    (void)state;
    ledger_close(&l);
    return mount("tmpfs", "/var/lib", "tmpfs", 0, NULL);
}
