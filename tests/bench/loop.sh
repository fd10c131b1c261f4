#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What otsd-hook provision --batch is held against: the loop that a careful administrator writes. The token is in a file of
# curl's, the password goes from program to program by standard input, every error ends it, and the key that a later burn
# needs is kept.
#
#   loop.sh URL CURL-CONFIG KEYS [CHPASSWD-OPTION...] <FILE      FILE: one user,recipient a line
set -euo pipefail
umask 077
url=$1 config=$2 keys=$3
shift 3
while IFS=, read -r user recipient; do
    answer=$(curl -sS --fail --max-time 20 --config "$config" --data ttl=3600 --data-urlencode "recipient=$recipient" \
        "$url/api/v1/generate")
    { read -r key && IFS= read -r value; } < <(printf '%s' "$answer" | jq -er '.metadata_key, .value')
    printf '%s %s\n' "$user" "$key" >>"$keys"
    printf '%s:%s\n' "$user" "$value" | chpasswd "$@"
    chage -d 0 "$user"
done
