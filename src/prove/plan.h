/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a proof will send: for every line of the documents in every section, and for every site rule, the packets that
 * it opens and their neighbours that it does not. Pure; what each of them must become is said by expect.c alone,
 * whatever line it was made for.
 */
#ifndef OMFWD_PROVE_PLAN_H
#define OMFWD_PROVE_PLAN_H

#include "prove/expect.h"

/* Steps of a proof. Answers and what follows are sent for connections that got so far. */
enum step {
	STEP_RUN,     /* opens a connection, in the run phase */
	STEP_ANSWER,  /* the answer to it */
	STEP_INSTALL, /* opens another one, with the install window open */
	STEP_ANSWER_INSTALL,
	STEP_CUT, /* goes on with that one, in the run phase again */
	STEP_MAX
};

/* "run phase" ...: when a step happens. */
const char *step_name(enum step step);
bool step_is_install(enum step step);

/* Packets are reported under the row they were made for. */
struct proof_row {
	const struct section *section;     /* NULL: a site rule, or never_deny */
	const struct table_row *row;       /* NULL: the same */
	const struct site_rule *site_rule; /* NULL: a row, or never_deny */
	unsigned n_lines;                  /* of the document, or 1 */
	size_t n_probes;                   /* 0: an end has nobody */
};

struct probe {
	size_t src, dst; /* hosts */
	size_t row;
	enum proto proto;
	uint16_t port;
	uint8_t run, install; /* enum expectation */
};

/* How much is tried; large files get less between each pair of roles. */
struct plan_depth {
	size_t pairs;          /* of members, for each line, pair of roles and family */
	size_t other_sections; /* a line is tried against */
	bool other_roles;      /* the same port to and from every other role */
	bool popular_ports;    /* ports that people try, whatever the line */
	const char *note;      /* NULL: everything */
};

struct plan {
	struct arena *arena;
	const struct policy *policy;
	struct hosts hosts;
	struct proof_row *rows;
	size_t n_rows, cap_rows;
	struct probe *probes;
	size_t n_probes, cap_probes;
	const struct plan_depth *depth;
	size_t n_members;                  /* addresses that hold a role */
	bool client_ports[UINT16_MAX + 1]; /* what no line opens: safe to open connections from */
};

/*
 * Plans a proof of the policy, or of the sections whose names are given (n 0: of all of it, site rules included). Free
 * with plan_free(); the policy must outlive it.
 */
struct plan *plan_new(const struct policy *policy, const char *const *sections, size_t n);
void plan_free(struct plan *plan);

/* What must happen to a probe in a step that it comes to. */
enum expectation probe_expectation(const struct probe *probe, enum step step);

/* "prod", "site rule", "any". */
const char *proof_row_section(const struct proof_row *row);
/* "cur-16", the site rule's name, "never_deny". */
const char *proof_row_name(const struct proof_row *row);

#endif
