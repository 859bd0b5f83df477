/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of the role file from text. Pure and silent: 0, or -errno with *ret untouched; the caller knows file, line
 * and key and reports. The parsers that the table of keys names take a pointer to the field.
 */
#ifndef OMFWD_VALUES_H
#define OMFWD_VALUES_H

#include <time.h>

#include "policy/policy.h"

/* The index of text in words (ending with NULL), into an enum. */
int value_parse_word(const char *text, const char *const *words, int *ret);

/* yes, true, on, 1; no, false, off, 0. Into a bool. */
int value_parse_yes_no(const char *text, void *ret);

/* A duration, into uint64_t seconds. */
int value_parse_duration(const char *text, void *ret);

/* 0-65535, into uint16_t. */
int value_parse_uint16(const char *text, void *ret);

/* "20/second", into log_rate and log_rate_unit of struct settings. */
int value_parse_log_rate(const char *text, void *settings);

/* "none" or VALUE/MASK, into the accept_mark fields of struct settings. */
int value_parse_mark(const char *text, void *settings);

/* YYYY-MM-DD, into the time_t at which the day after it begins, local time. */
int value_parse_last_day(const char *text, void *ret);

/* A port or a range of ports, "1433" or "5000-5010", 1 to 65535. -ERANGE: numbers, but not such. */
int value_parse_ports(const char *text, size_t len, struct port_range *ret);

/* The name of a section or site rule: letters, digits, '-', '_', a letter first, at most 32. */
#define VALUE_NAME_MAX 32
bool value_is_name(const char *text);

#endif
