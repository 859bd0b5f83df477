/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two documents say, written down a second time for the tests alone, from the documents and not from the
 * program's tables; and the plainest possible judge over it. Two transcriptions that agree are worth a test.
 */
#ifndef LAB_EXPECTED_LINES_H
#define LAB_EXPECTED_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPECTED_ROLES 29
#define NO_ROLE        (-1)

struct expected_role {
	const char *name;
	bool server;          /* listed under "Server roles" */
	const char *stood_in; /* who acts for it where nobody is assigned to it; NULL: nobody */
};
extern const struct expected_role expected_roles[EXPECTED_ROLES];

/* The number of a role by name; aborts on a misspelt one. */
int expected_role(const char *name);

enum expected_when { ALWAYS, SETUP /* in the install phase alone */ };

struct expected_line {
	const char *row;
	const char *from, *to; /* roles, separated by blanks */
	uint8_t proto;         /* IPPROTO_*; IPPROTO_ICMP: echo-request of either family */
	uint16_t low, high;
	enum expected_when when;
	const char *needs; /* a role that must be assigned, or NULL */
};

struct expected_table {
	const char *name; /* as in `table =` */
	const struct expected_line *lines;
	size_t n;
};
extern const struct expected_table expected_current, expected_2016;

enum expected_scope { SCOPE_NONE, SCOPE_ROLES, SCOPE_SERVERS, SCOPE_EVERYTHING };

/* What a role file says, as far as the judge needs it: one section, one role an address. */
struct expected_policy {
	const struct expected_table *table;
	enum expected_scope scope;
	bool installing;
	bool assigned[EXPECTED_ROLES];
};

/* The first line that opens this, or NULL. Roles are numbers; NO_ROLE is in no line. */
const struct expected_line *expected_opens(const struct expected_policy *policy, int from, int to,
                                           uint8_t proto, uint16_t port);

/* Whether a forwarded packet passes. */
bool expected_passes(const struct expected_policy *policy, int from, int to, uint8_t proto, uint16_t port);

/* Whether role number is meant by one of the words in names, stand-ins included. */
bool expected_acts(const struct expected_policy *policy, int role, const char *names);

#endif
