/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `omfwd reload`: the role file again. The agent answers when the kernel has it; a bad file changes nothing. */
#include "cmd/cmd.h"
#include "cmd/local.h"

int cmd_reload(const struct options *options)
{
	return local_run(options, VERB_RELOAD);
}
