/* SPDX-License-Identifier: MIT
 *
 * A hand-off's record: what its file in the ledger says.
 *
 * The file is a log of lines "name=value" that only ever grows; the last value of a name counts. So an update is one
 * small append, needs no second file, and a line that a crash tore (no newline at its end) was never written. In
 * values, control characters, '%' and bytes over 126 stand as %XX.
 */
#ifndef OTSD_HOOK_RECORD_H
#define OTSD_HOOK_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/problem.h"
#include "config/config.h"

#define USER_MAX 216 /* so that "pending.USER.ID.TIME", the longest name in the ledger, fits in NAME_MAX */
#define KEY_MAX 256
#define HANDOFF_LINK_MAX 400
#define PASSPHRASE_MAX 128
#define TTL_LEAST 60 /* seconds; what servers grant */
#define TTL_MOST 2592000
#define INTENT_FRESH 60  /* s: an intent on the disk is at most this much older than its request */
#define RECORD_MAX 65536 /* bytes in a file */

/* Why a hand-off is over; REASON_NONE while it is not. */
typedef enum reason {
    REASON_NONE = 0,
    REASON_CHANGED, /* the generated password is no longer the account's */
    REASON_LOGIN,   /* a password login on an account that need not change it */
    REASON_KEY_LOGIN,
    REASON_DEADLINE,
    REASON_REVOKED,
    REASON_REISSUED,
    REASON_GONE,    /* the account is gone */
    REASON_UID,     /* the name belongs to another uid now */
    REASON_ABORTED, /* provisioning did not finish */
    REASON_ARRIVED, /* an administrator says that the person has arrived, where nobody can look */
    REASON_COUNT
} reason;

typedef enum outcome {
    OUTCOME_NONE = 0,
    OUTCOME_BURNED,  /* burned unread */
    OUTCOME_OPENED,  /* opened at opened_at */
    OUTCOME_EXPIRED, /* expired unread */
    OUTCOME_UNKNOWN, /* the server no longer knows */
    OUTCOME_COUNT
} outcome;

typedef struct record {
    char id[17]; /* 16 hex digits, random: names this hand-off in claimed/ and in the audit log */
    char user[USER_MAX + 1];
    char renamed[USER_MAX + 1]; /* while it is being filed under this name; "" */
    int64_t uid;
    int64_t created;   /* when the server was asked */
    int64_t ttl_asked; /* seconds, exactly as sent: the mark that finds an orphan */
    char recipient[256];
    char passphrase[PASSPHRASE_MAX + 1]; /* a burn needs it; "" without */
    int64_t backend;                     /* backend_kind */
    int64_t must_change;
    char server[256];       /* the URL of the server that was asked */
    char account[256];      /* and the account there; "": anonymously */
    int64_t local;          /* 1: the account was in /etc/passwd */
    int64_t changed_before; /* shadow's last-change before: days since the epoch; 0: unknown, or 0; -1: empty */
    /* When created was noted: the boot's id, "" where it is not known, and CLOCK_BOOTTIME in seconds. */
    char boot[BOOT_ID_MAX + 1];
    int64_t boot_created;

    char metadata_key[KEY_MAX + 1];
    int64_t granted; /* seconds, by the server: may be more than the password lives */
    int64_t deadline;
    char hash[385];  /* of the generated password, as in shadow */
    int64_t storing; /* command backend: the command may have been started */
    int64_t unsure;  /* 1: it was armed though nobody knows whether the password was set */
    /* Kept where a batch reports links: if it is interrupted its second run has to know them; "" otherwise. */
    char link[HANDOFF_LINK_MAX + 1];

    int64_t opened_at;  /* 0: not known to be opened */
    int64_t checked_at; /* when the receipt was last asked for */
    /* An account that is not local was missed by the name service: so many sweeps without --now, the first at this
     * age of the record (seconds). */
    int64_t gone_seen, gone_since;
    int64_t unseen; /* when it was told that its time is over and nobody can look at its password; 0 */

    int64_t reason;
    int64_t claimed_at;
    int64_t attempts; /* of the burn */
    int64_t next_try;
    int64_t outcome;
} record;

/* Parses len bytes of a file; *used is where the last whole line ends. EX_DATAERR: not a record. */
int record_parse(record *r, const char *text, size_t len, size_t *used, problem *p);
/* Every field that differs from before, as lines; before may be NULL (all that are set). Returns the length, or 0 where
 * it does not fit or nothing differs. The text holds secrets. */
size_t record_format(const record *r, const record *before, char *out, size_t size);
void record_wipe(record *r);

/* Notes that it was created now; its age in seconds, by a clock that nobody steps as far as there is one. -1: nobody
 * can say. */
void record_created(record *r, const clock_moment *now);
int64_t record_age(const record *r, const clock_moment *now);
/* Has the deadline passed? */
otsd_tri record_over(const record *r, const clock_moment *now);

/* Does it end the password, too? Otherwise the person has another one by now, or may keep this one. */
bool reason_locks(reason r);
/* The words of the audit log and of JSON, "password changed", "burned unread", …: data, which stays as it is in every
 * language. What people are told is in told.h. "" where there is none; "unknown" for a number out of range. */
const char *reason_word(reason r);
const char *outcome_word(outcome o);
/* And back; NONE where it is not one of them. */
reason reason_of(const char *word);
outcome outcome_of(const char *word);

/* Why there can be no hand-off of this name, "it has a colon in it"; NULL: there can. A name that a directory chose
 * goes into a path, into lines for passwd and chpasswd, into argument lists, logs and terminals: so it is one plain
 * path component of at most USER_MAX bytes, without a colon, with no '-', '.' or blank at its beginning and no blank
 * at its end, and all of it can be seen. */
const char *user_name_fault(const char *name);

#endif
