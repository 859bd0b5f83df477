// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands in for libFuzzer where only known inputs are to be tried: every file of the directories on the command line,
 * once. Says how many; a compiler without libFuzzer will do.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/file.h"

static int replay_file(const char *path)
{
	char *bytes;
	size_t len;
	int r = file_read(path, &bytes, &len);

	if (r < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
		return EXIT_FAILURE;
	}
	LLVMFuzzerTestOneInput((const uint8_t *)bytes, len);
	free(bytes);
	return EXIT_SUCCESS;
}

static int replay_directory(const char *dir, unsigned *n)
{
	struct dirent **entries;
	int count = scandir(dir, &entries, NULL, alphasort), status = EXIT_SUCCESS;
	char path[4096];

	if (count < 0) {
		perror(dir);
		return EXIT_FAILURE;
	}
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.' && entries[i]->d_type == DT_REG) {
			snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
			status |= replay_file(path);
			++*n;
		}
		free(entries[i]);
	}
	free(entries);
	return status;
}

int main(int argc, char **argv)
{
	int status = EXIT_SUCCESS;
	unsigned n = 0;

	for (int i = 1; i < argc; i++)
		status |= replay_directory(argv[i], &n);
	printf("%u inputs\n", n);
	return n ? status : EXIT_FAILURE;
}
