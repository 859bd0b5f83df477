/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the report: what is missing or of another kind is empty, so that no renderer has to ask. */
#ifndef OMFWD_REPORT_JSON_H
#define OMFWD_REPORT_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <time.h>

/* "" if there is no such text. */
const char *report_text(const json_t *object, const char *key);
/* 0 if there is no such number. */
json_int_t report_number(const json_t *object, const char *key);
bool report_is(const json_t *object, const char *key, const char *text);

/* "2026-11-21 14:03:10 +0100", local time. Returns buf, of REPORT_TIME_MAX. */
char *report_time(time_t when, char *buf, size_t size);
#define REPORT_TIME_MAX 48

/* "alice (as root) from 192.0.2.7" of an object that has an origin; "the agent" when nobody asked. */
char *report_who(const json_t *object, char *buf, size_t size);
#define REPORT_WHO_MAX 512

/* The texts of a list with something between them; free() it. */
char *report_join(const json_t *list, const char *between);

#endif
