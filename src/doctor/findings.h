/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings as they are gathered, for the files of src/doctor alone. */
#ifndef OMFWD_FINDINGS_H
#define OMFWD_FINDINGS_H

#include "doctor/doctor.h"
#include "kernel/foreign.h"
#include "kernel/routes.h"
#include "policy/explain.h"
#include "util/arena.h"

enum finding_kind {
	FINDING_KERNEL_TOO_OLD,
	FINDING_FORWARDING_OFF,
	FINDING_CHAIN_DROPS,
	FINDING_CHAIN_MAY_DROP,
	FINDING_CHAIN_UNTRACKS,
	FINDING_CHAIN_NOT_LOOKED_INTO,
	FINDING_LEGACY_IPTABLES,
	FINDING_FLOWTABLE,
	FINDING_REVERSE_PATH,
	FINDING_BRIDGE,
	FINDING_CONNTRACK_FULL,
	FINDING_NO_ROUTE,
	FINDING_DEFAULT_ROUTE,
	FINDING_ONE_SIDE,
	FINDING_OWN_ADDRESS,
	FINDING_WINDOW_OPEN,
	FINDING_NFT_TOO_OLD,
	FINDING_WRITABLE_BY_OTHERS,
	FINDING_MAX
};

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_MAX };

#define FINDING_LINES_MAX 10

struct finding_lines {
	const char *items[FINDING_LINES_MAX];
	size_t n;
};

struct finding {
	enum finding_kind kind;
	const char *what;
	struct finding_lines remedy, commands, role_file;
};

/* The first packet of a line, between two members that stand for all. */
struct sample {
	const struct line *line;
	struct query query;
	struct route back, there; /* to its source, to its destination */
	struct foreign_packet packet;
};

struct checkup {
	const struct doctor_question *question;
	struct arena *arena;
	struct kernel *kernel;     /* NULL: no privilege */
	struct mnl_socket *routes; /* NULL: could not be asked */
	struct foreign *foreign;   /* NULL: could not be read */
	struct sample *samples;
	size_t n_samples, cap_samples;
	struct finding *findings;
	size_t n_findings, cap_findings;
};

/* Adds a finding; it lives until the next one is added. */
struct finding *finding_add(struct checkup *checkup, enum finding_kind kind, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
/* Adds a line to one of its lists. */
void finding_line(struct checkup *checkup, struct finding_lines *lines, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

enum severity finding_severity(const struct finding *finding);
json_t *finding_json(const struct finding *finding);
/* Adds it as lines of text to a reply. */
void finding_say(json_t *reply, const struct finding *finding);

/* samples.c: a few pairs of members for each line. */
void samples_take(struct checkup *checkup);
/* "tcp/5723 from A to B (prod.cur-16)"; lives in the arena. */
const char *sample_text(struct checkup *checkup, const struct sample *sample);

/* One source each. */
void check_kernel(struct checkup *checkup);   /* check_kernel.c: what netfilter can and holds */
void check_chains(struct checkup *checkup);   /* check_chains.c: base chains of others */
void check_settings(struct checkup *checkup); /* check_settings.c: /proc/sys */
void check_routes(struct checkup *checkup);   /* check_routes.c */
void check_files(struct checkup *checkup);    /* check_files.c */

/* honour.c: how a chain of others lets pass what carries the mark. */
void honour_mark(struct checkup *checkup, const struct foreign_verdict *verdict, const struct sample *sample,
                 struct finding *finding);

#endif
