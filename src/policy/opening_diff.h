/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two policies compared by what packets may do: exactly, as boxes of addresses times addresses times ports, whatever
 * sections, rows and members are called and however they are written. Pure.
 */
#ifndef OMFWD_OPENING_DIFF_H
#define OMFWD_OPENING_DIFF_H

#include "policy/boxes.h"
#include "policy/openings.h"

/* A part of a line that the other policy has not. No packet is in two changes of one kind and phase. */
struct opening_change {
	const struct opening *line; /* of the new policy if it opens, of the old one if it closes */
	struct box box;
	enum line_phase
	        phase;   /* PHASE_ALWAYS: in the run phase, and unless in_install in the install phase too */
	bool in_install; /* PHASE_ALWAYS alone: a line that installs opens the same in the other policy */
	bool judged; /* the policy without the line denies it (in audit mode: would); else it passes all the same */
};

struct opening_diff {
	struct arena *arena;
	struct opening_change *opens, *closes; /* on the heap */
	size_t n_opens, cap_opens, n_closes, cap_closes;
	/* Where deny_scope, members and never_deny say another thing about what no line opens. */
	struct boxes released; /* was denied, and passes: whoever is no longer judged */
	struct boxes captured; /* passed, and is denied */
};

/* Both must outlive the difference. Clear it in any case. */
void opening_diff(const struct openings *before, const struct openings *after, struct opening_diff *ret);
void opening_diff_clear(struct opening_diff *diff);

/*
 * Puts together what is one line in several pieces, as the kernel has it by families and kinds of sets; pieces that do
 * not make up a whole line stay apart.
 */
void openings_merge(struct openings *openings);

/* Whether every packet gets the same verdict by either of two policies of one mode. */
bool opening_diff_is_empty(const struct opening_diff *diff);

#endif
