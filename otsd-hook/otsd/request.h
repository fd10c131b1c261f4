/* SPDX-License-Identifier: MIT
 *
 * What is asked of otsd: the command line, and what is read from elsewhere because nothing secret stands on it.
 */
#ifndef OTSD_REQUEST_H
#define OTSD_REQUEST_H

#include "base/options.h"

typedef struct request {
    bool json, verbose;
    const char *config, *file, *passphrase_file, *key_file;
    int passphrase_fd, key_fd; /* passphrase_fd -1: no passphrase from there */
    otsd_options options;
    otsd_secret *passphrase;
    char key[300];
    otsd_client *client;
} request;

/* Bits of what a command takes. */
enum {
    TAKES_KEY = 1,
    TAKES_PASSPHRASE = 2,
    TAKES_CREATION = 4,
    TAKES_FILE = 8,
    TAKES_LENGTH = 16,
    TAKES_COMMON = 32,
    TAKES_VERBOSE = 64
};

typedef struct command {
    const char *name;
    int (*run)(request *r, problem *p); /* a sysexits code */
    unsigned takes;
    const char *summary;
} command;

/* The option table of one command; of all where c is NULL. */
option_table request_options(const command *c);
/* Reads the command line into r. Prints help and mistakes. */
options_result request_read(const command *c, request *r, int argc, char **argv);

/* From the file, else from fd; where that is a terminal, the prompt is told first. */
int request_secret(otsd_secret **out, const char *file, int fd, const char *prompt, size_t max, problem *p);
/* The passphrase, if one was announced. */
int request_passphrase(request *r, problem *p);
/* The key, or a link that ends in it. */
int request_key(request *r, problem *p);
/* Wipes and frees all of it. */
void request_end(request *r);

#endif
