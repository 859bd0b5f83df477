// SPDX-License-Identifier: GPL-2.0-or-later
/* A program prints its version from a string that stands in its file: three numbers with dots, and NUL bytes around. */
#include "doctor/nft_version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/file.h"

bool nft_version_find(const char *bytes, size_t len, struct nft_version *ret)
{
	for (size_t at = 0; at < len;) {
		size_t size = strnlen(bytes + at, len - at);
		struct nft_version version;
		int end = 0;

		if (size >= 5 && size <= 12 && at + size < len &&
		    sscanf(bytes + at, "%3u.%3u.%3u%n", &version.major, &version.minor, &version.patch,
		           &end) == 3 &&
		    (size_t)end == size) {
			*ret = version;
			return true;
		}
		at += size + 1;
	}
	return false;
}

bool nft_version_here(struct nft_version *ret)
{
	static const char *const paths[] = {"/usr/sbin/nft", "/sbin/nft", "/usr/local/sbin/nft",
	                                    "/usr/bin/nft"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		char *bytes;
		size_t len;
		bool found;

		if (file_read(paths[i], &bytes, &len) < 0)
			continue;
		found = nft_version_find(bytes, len, ret);
		free(bytes);
		return found;
	}
	return false;
}

bool nft_version_knows_persist(const struct nft_version *version)
{
	return version->major > 1 || (version->major == 1 && version->minor >= 1);
}
