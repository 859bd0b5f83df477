/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command's end means to a script. The agent's replies carry the same numbers. */
#ifndef OMFWD_EXIT_CODE_H
#define OMFWD_EXIT_CODE_H

enum exit_code {
	CODE_DONE,        /* done, allowed, same */
	CODE_NO,          /* the answer is no: denied, different, drifted */
	CODE_BAD_INPUT,   /* the file or the usage is wrong */
	CODE_UNAVAILABLE, /* the kernel or the agent refused or cannot be reached */
	CODE_FORBIDDEN,   /* not permitted */
	CODE_MAX
};

#endif
