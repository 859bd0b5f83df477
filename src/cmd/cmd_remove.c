/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `omfwd remove`: takes the nft table away. An agent stays, idle, until the next reload. */
#include "cmd/cmd.h"
#include "cmd/local.h"

int cmd_remove(const struct options *options)
{
	return local_run(options, VERB_REMOVE);
}
