/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of every setting that is one of a few, by value of its enum (policy.h), ending with NULL. */
#ifndef OMFWD_SETTINGS_WORDS_H
#define OMFWD_SETTINGS_WORDS_H

extern const char *const policy_mode_words[];
extern const char *const deny_scope_words[];
extern const char *const deny_action_words[];
extern const char *const authentication_words[];
extern const char *const snmp_mode_words[];
extern const char *const catalog_mode_words[];
extern const char *const own_table_words[];
extern const char *const row_state_words[];
extern const char *const port_table_words[];
extern const char *const proto_words[];
extern const char *const site_phase_words[]; /* by enum line_phase: "both" is always */

#endif
