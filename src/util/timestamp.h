/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moments for people (local time, as in 2026-11-21 14:03:10), and for reckoning. */
#ifndef OMFWD_TIMESTAMP_H
#define OMFWD_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* buf of TIMESTAMP_MAX; returns buf. */
char *timestamp_format(time_t when, char *buf, size_t size);
#define TIMESTAMP_MAX 32

/* Since the boot, sleep included; no clock step changes it. */
uint64_t timestamp_boot_us(void);
uint64_t timestamp_boot_ms(void);

#endif
