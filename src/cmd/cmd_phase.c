/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `omfwd --phase install|run`: opens or closes install windows, by the agent or without one. */
#include "cmd/cmd.h"
#include "cmd/local.h"

int cmd_phase(const struct options *options)
{
	return local_run(options, VERB_PHASE);
}
