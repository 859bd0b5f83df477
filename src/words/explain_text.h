/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions and explanations as they travel between command, agent and people: a question as JSON, an answer as text
 * and as JSON. The command that finds no agent and the agent's control socket answer with the same functions.
 */
#ifndef OMFWD_EXPLAIN_TEXT_H
#define OMFWD_EXPLAIN_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "policy/explain.h"

#define EXPLAIN_ERROR_MAX 512 /* for the sentences of query_parse() and explain_request_parse() */

/* Puts the words of a question into a request: "src", "dst", and "proto" and "port" when there are such (else NULL). */
void explain_request_set(json_t *request, const char *src, const char *dst, const char *proto,
                         const char *port);

/*
 * Reads them back (port as text or number). The path is PATH_LOCAL when an end is an address of this network
 * namespace. Returns 0, or -EINVAL with a sentence in error.
 */
int explain_request_parse(const json_t *request, struct query *ret, char *error, size_t size);

/*
 * Explains the query and returns the whole reply: "code" (enum exit_code), "text" (lines for people), "errors" (none)
 * and the fields of the explanation. answered_by tells people where the answer comes from. The caller releases it.
 */
json_t *explain_reply_new(const struct policy *policy, const struct lines *lines, const struct query *query,
                          gate_is_open_fn now_open, void *data, const char *answered_by);

/* An explanation with all it is about, for the functions below. */
struct explained {
	const struct policy *policy;
	const struct query *query;
	const struct explanation *explanation;
	const char *answered_by;
};

/* Lines for people, ending in a newline; to be freed. */
char *explain_to_text(const struct explained *about);

/* The same as an object. */
json_t *explain_to_json(const struct explained *about);

/* One sentence each, without full stop: why the verdict is as it is, and what would open a denial. To be freed. */
char *explain_because(const struct explained *about);
char *explain_remedy(const struct explained *about); /* NULL when the packet passes */

/* The remedy in full. Texts are never NULL. */
struct remedy {
	char *sentence;
	/*
	 * Lines for the role file, with their section headings; "" when nothing should or can be written. As they
	 * stand they make a file of omfwd.conf.d; in the file itself the keys go into the sections that are there.
	 */
	char *lines;
	char *commands; /* what to run afterwards, one a line; "" for none */
	loc_t near;     /* the place in the role file to look at; 0: nowhere in particular */
};

/* False when the packet passes: then there is none. To be cleared when true. */
bool explain_remedy_new(const struct explained *about, struct remedy *ret);
void explain_remedy_clear(struct remedy *remedy);

#endif
