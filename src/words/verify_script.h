/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts that a host of a role runs to test its own outbound lines: one for PowerShell 5.1, one for sh. Both are a fixed
 * text around the same list of checks.
 */
#ifndef OMFWD_VERIFY_SCRIPT_H
#define OMFWD_VERIFY_SCRIPT_H

#include <stdio.h>

#include "policy/compile.h"

/* What is sent over UDP to get an answer. */
enum probe { PROBE_NONE, PROBE_DNS, PROBE_SNMP, PROBE_SQL_BROWSER, PROBE_MAX };

/* One connection to try: a host of the destination role, or its networks, of which a script can try no more than one. */
struct script_check {
	const struct line *line;
	const char *rows, *role; /* the destination role; of a site rule to mere addresses, its name */
	const char *
	        address; /* "10.20.1.11"; with is_network the first of what cannot be tried, "10.20.64.0/18" */
	bool is_network;
	enum probe probe;
};

#define CHECK_HOSTS_MAX 20 /* of one destination role; more are as good as a network */

struct script {
	const struct policy *policy;
	const struct section *section;
	enum role role;
	struct script_check *checks; /* in the policy's arena */
	size_t n;
};

/* The checks for what role may open, with those of site rules that are about the role. */
void script_new(const struct policy *policy, const struct lines *lines, const struct section *section,
                enum role role, struct script *ret);

void script_print_sh(const struct script *script, FILE *out);
void script_print_powershell(const struct script *script, FILE *out);

/* "none", "dns", "snmp", "sql_browser": what the scripts call it. */
const char *probe_name(enum probe probe);

/*
 * A word of the administrator's as the scripts may hold it between single quotes or in a comment: whatever could mean
 * something to either shell, or is no ASCII, becomes '_'.
 */
void script_print_word(const char *word, FILE *out);

/* Two lines of comment, the second not ended: what the script tests, and what it was made from. */
void script_print_origin(const struct script *script, FILE *out);

#endif
