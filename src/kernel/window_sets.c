/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which windows a table has that nobody has a model of. */
#include <stdlib.h>
#include <string.h>

#include "kernel/session.h"

#define SUFFIX ".window"

static bool is_window(const char *name)
{
	size_t len = strlen(name);

	return len > strlen(SUFFIX) && strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0;
}

int kernel_window_sets(struct kernel *kernel, char ***ret, size_t *n)
{
	struct table_names there;
	int err = table_names_read(kernel, &there, false);

	*n = 0;
	*ret = err ? NULL : calloc(there.sets.n + 1, sizeof(**ret));
	if (!err && !*ret)
		abort();
	for (size_t i = 0; !err && i < there.sets.n; i++)
		if (is_window(there.sets.names[i])) {
			(*ret)[*n] = strdup(there.sets.names[i]);
			if (!(*ret)[(*n)++])
				abort();
		}
	table_names_free(&there);
	return err;
}
