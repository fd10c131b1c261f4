/* SPDX-License-Identifier: MIT
 *
 * What every other room stands on: errors and their one cleaned line, text, secret memory, files. Nothing here knows of
 * HTTP, JSON or a server.
 */
#ifndef OTSD_CORE_H
#define OTSD_CORE_H

#include "otsd.h"

#include <stdarg.h>
#include <stdio.h>

/* error.c: messages, and text that came from elsewhere. */

/* Fills e (NULL allowed) and returns code, so that a caller can write `return error_set(...)`. */
__attribute__((format(printf, 4, 5))) otsd_err error_set(otsd_error *e, otsd_err code, otsd_reach reach,
                                                         const char *format, ...);
/* Puts what matters more in front of the message of an e that error_set has filled. */
void error_before(otsd_error *e, const char *text);
/* To the caller's (NULL is allowed), as far as his struct goes. */
void error_copy(otsd_error *e, const otsd_error *full);
/* Members that an answer adds, to an e that error_set has filled. NULL is allowed. */
void error_add_http(otsd_error *e, long status, long retry_after);
/* For what fails before anything is sent. */
__attribute__((format(printf, 3, 4))) otsd_err error_local(otsd_error *e, otsd_err code, const char *format, ...);
/* The caller's mistake: "NAME is NULL". OTSD_ERR_ARGUMENT. */
otsd_err error_null(otsd_error *e, const char *name);
/* Length of the well-formed UTF-8 sequence at text (1 to 4) and, in *c, its character; 0 where there is none within len
 * bytes. */
size_t utf8_decode(const char *text, size_t len, uint32_t *c);
bool utf8_valid(const char *p, size_t len);
/* What the next of len bytes, at least one, begin with: how many bytes it has is *n. Hidden is what is no well-formed
 * UTF-8 (a byte), and each character that is not seen, or that changes how others are. */
typedef enum text_kind { TEXT_SHOWN, TEXT_BLANK, TEXT_HIDDEN } text_kind;
text_kind text_next(const char *text, size_t len, size_t *n);
/* All of it is shown, and nothing of it is a blank. */
bool text_is_word(const char *s);
/* The one way in which foreign text is made fit to be shown. Copies at most size - 1 bytes: what is hidden becomes "?",
 * which is never longer, so that a text that went this way twice is as after the first time; no character is cut. */
void text_printable(char *out, size_t size, const char *text, size_t len);
/* One line for a person: formats, and makes all of it fit to be shown. Where it is too long its middle is left out, so
 * that what stands at the end ("; nothing was changed") is still there, however long a foreign text was. size is at
 * least 32. */
__attribute__((format(printf, 3, 0))) void text_line(char *out, size_t size, const char *format, va_list args);

/* text.c: the syntax of small strings. */

/* 1 to 256 letters and digits: cannot leave its place in a path. */
bool text_is_key(const char *s);
bool text_is_host(const char *s);
/* The same, as host names are in practice: no label is longer than 63, and none has a run of 20 letters and digits,
 * which may be a key. Only such a name is ever shown where somebody else chose it. */
bool text_is_plain_host(const char *s);
/* Case is ignored, and a dot at the end. */
bool text_same_host(const char *a, const char *b);
bool text_is_locale(const char *s);
bool text_has_control(const char *s);
/* memory for base64 of len bytes, with its NUL */
size_t base64_size(size_t len);
void base64_write(char *out, const void *data, size_t len);

/* file.c */

/* The library's own files, by the checked opener of core/file.h: not through a link in the last component, regular,
 * owned by root or the effective user, no mode bit of forbidden. *fd is close-on-exec. OTSD_ERR_CONFIG. */
otsd_err file_open_checked(int *fd, const char *path, unsigned forbidden, otsd_error *e);

/* secret.c, wiped.c */

/* len bytes of zeros, to be filled through secret_memory. OTSD_ERR_MEMORY: errno says why. */
otsd_err secret_alloc(otsd_secret **out, size_t len);
/* "no locked memory for the WHAT: errno's text", after OTSD_ERR_MEMORY of secret_alloc. */
otsd_err secret_refused(otsd_error *e, const char *what);
char *secret_memory(otsd_secret *s);
/* As otsd_memory_lock set it. */
bool secret_lock_is_optional(void);
/* memory that is wiped when it grows and when it is freed; the bytes are followed by a NUL that does not count */
typedef struct wiped {
    char *data;
    size_t len, size;
} wiped;
bool wiped_append(wiped *w, const void *data, size_t len);
bool wiped_append_string(wiped *w, const char *s);
void wiped_free(wiped *w);
/* A malloced string; NULL is allowed. */
void free_wiped(char *s);

#endif
