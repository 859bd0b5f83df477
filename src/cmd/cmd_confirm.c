/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `omfwd confirm`: what `omfwd reload --confirm` has put on trial stays. */
#include "cmd/cmd.h"
#include "cmd/local.h"

int cmd_confirm(const struct options *options)
{
	return local_run(options, VERB_CONFIRM);
}
