/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `omfwd status`: what is enforced right now, by the agent's word or, without one, the kernel's. */
#include "cmd/cmd.h"
#include "cmd/local.h"

int cmd_status(const struct options *options)
{
	return local_run(options, VERB_STATUS);
}
