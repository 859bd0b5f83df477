// SPDX-License-Identifier: GPL-2.0-or-later
/* The page that the library shares with the test. It is mapped before main(), and before any filter of system calls. */
#include "tests/lab/shim.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct shim *page;

__attribute__((constructor)) static void page_map(void)
{
	const char *path = getenv(SHIM_VARIABLE);
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *mapped;

	if (fd < 0)
		return;
	mapped = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (mapped != MAP_FAILED)
		page = mapped;
}

struct shim *shim_page(void)
{
	return page;
}

int shim_strikes(int fault)
{
	if (!page || page->fault != fault)
		return 0;
	page->seen++;
	if (page->left <= 0 || --page->left != 0)
		return 0;
	page->struck++;
	return 1;
}
