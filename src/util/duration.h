/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Durations as people write them: 90s, 30m, 4h, 1d, 1h30m. */
#ifndef OMFWD_DURATION_H
#define OMFWD_DURATION_H

#include <stddef.h>
#include <stdint.h>

/*
 * Parses text into seconds. Units s, m, h, d in falling order, each at most once; a number needs a unit.
 * Returns 0, or -EINVAL (not a duration, or zero) or -ERANGE (over 10 years); *ret is untouched on failure.
 */
int duration_parse(const char *text, uint64_t *ret_seconds);

/* Writes the shortest exact form (3600 -> "1h", 5400 -> "1h30m", 0 -> "0s") into buf and returns buf. */
char *duration_format(uint64_t seconds, char *buf, size_t size);

#define DURATION_TEXT_MAX 48

#endif
