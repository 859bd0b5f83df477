// SPDX-License-Identifier: GPL-2.0-or-later
/* A command line: words between NUL bytes. What is refused says why, in one line. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/options.h"

#define WORDS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *argv[WORDS_MAX + 2] = {(char *)"omfwd"}, error[512] = "";
	struct options options;
	int argc = 1;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t at = 0; at < size && argc <= WORDS_MAX; at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	if (options_parse(argc, argv, &options, error, sizeof(error)) < 0)
		FUZZ_HOLDS(error[0] && !strchr(error, '\n'));
	else
		FUZZ_HOLDS(options.config && options.run_dir && options.state_dir);
	options_free(&options);
	free(text);
	return 0;
}
