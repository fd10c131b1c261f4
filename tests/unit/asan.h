/* SPDX-License-Identifier: MIT
 *
 * AddressSanitizer replaces mlock by nothing and has its own way with memory: some promises can be checked only without
 * it.
 */
#ifndef TEST_ASAN_H
#define TEST_ASAN_H

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#ifndef HAS_ASAN
#define HAS_ASAN 0
#endif

#endif
