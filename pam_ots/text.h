/* SPDX-License-Identifier: MIT
 *
 * The strings that cross the module's border: what PAM hands in becomes a path component or an argument of the
 * helper, what the helper prints becomes a message on a person's terminal. All of it pure, bounded, without allocation.
 */
#ifndef PAM_OTS_TEXT_H
#define PAM_OTS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define USER_MAX 255
#define VALUE_MAX 128
#define DECIMAL_MAX 12

/* The length of user where it is one plain path component: 1 to USER_MAX bytes, no '/', no ':', no control character,
 * not beginning with '-' or '.' (so neither "." nor ".."). 0 where it is not, or NULL. */
size_t user_name_length(const char *user);

/* Copies a user name, of user_name_length, into out, which holds USER_MAX + 1 bytes, with ASCII's capitals lowered.
 * False where it has none. */
bool user_name_lower(char *out, const char *user);

/* The length of text, or most + 1 where it is longer than most. */
size_t bounded_length(const char *text, size_t most);

/* Copies a user name, of user_name_length, into out, which holds USER_MAX + 1 bytes. */
void user_name_copy(char *out, const char *user);

/* Writes name followed by the first VALUE_MAX bytes of value, every byte that is not printable ASCII or is a space
 * turned into '?'. False, and out is not to be used, where value is NULL or empty. out holds size bytes. */
bool option_text(char *out, size_t size, const char *name, const char *value);

/* SSH_AUTH_INFO_0 ("publickey ssh-ed25519 AAAA…\npassword\n") to "publickey,password": the first word of each line, as
 * many whole words as fit into VALUE_MAX bytes. out holds VALUE_MAX + 1 bytes; "" where info is NULL or has no word. */
void auth_methods(char *out, const char *info);

/* Writes number into the end of out, which holds DECIMAL_MAX bytes, and returns where it begins. */
const char *decimal(char *out, int number);

/* Makes len bytes fit for a terminal, in place: valid UTF-8 and newlines stay, control characters (C0, DEL, C1) and
 * bytes that are not UTF-8 become '?', a character cut off by the end and trailing white space go. Puts a NUL behind
 * it: text holds len + 1 bytes. Returns the new length. */
size_t message_text(char *text, size_t len);

#endif
