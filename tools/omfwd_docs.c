/* SPDX-License-Identifier: GPL-2.0-or-later */
/* omfwd-docs man|bash|zsh|fish: writes one of the generated texts to standard output. Runs while omfwd is built. */
#include <string.h>

#include "tools/docs.h"
#include "util/array.h"

static const struct {
	const char *name;
	void (*print)(FILE *out);
} texts[] = {
        {"man", docs_print_man},
        {"bash", docs_print_bash},
        {"zsh", docs_print_zsh},
        {"fish", docs_print_fish},
};

int main(int argc, char *argv[])
{
	for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(texts); i++)
		if (strcmp(argv[1], texts[i].name) == 0) {
			texts[i].print(stdout);
			return fflush(stdout) || ferror(stdout) ? 1 : 0;
		}
	fputs("omfwd-docs: write omfwd-docs man|bash|zsh|fish\n", stderr);
	return 2;
}
