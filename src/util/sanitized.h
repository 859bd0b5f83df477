/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether this build carries AddressSanitizer, as 1 or 0: it needs system calls, and room, that others do not. */
#ifndef OMFWD_SANITIZED_H
#define OMFWD_SANITIZED_H

/* gcc says so, clang is asked. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#endif
