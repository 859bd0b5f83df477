// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The n-th request for memory is refused, whoever makes it: omfwd, its libraries, or the C library in strdup() and its
 * like. A build with AddressSanitizer has an allocator of its own, which knows no failure but tells what it is asked
 * for: there the process ends, as one does that finds no memory.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lab/shim.h"

#ifdef SHIM_OF_SANITIZED

int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *)) __attribute__((weak));

static void on_malloc(const volatile void *memory, size_t size)
{
	(void)memory;
	(void)size;
	if (shim_strikes(SHIM_NO_MEMORY))
		kill(getpid(), SIGKILL);
}

static void on_free(const volatile void *memory)
{
	(void)memory;
}

__attribute__((constructor)) static void hooks_install(void)
{
	if (__sanitizer_install_malloc_and_free_hooks)
		__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}

#else

/* By these names the C library has its own. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *memory, size_t size);

static int refused(void)
{
	if (!shim_strikes(SHIM_NO_MEMORY))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return refused() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *memory, size_t size)
{
	return refused() ? NULL : __libc_realloc(memory, size);
}

#endif
