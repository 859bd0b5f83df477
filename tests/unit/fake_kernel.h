/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel for tests, behind src/kernel/kernel.h: it remembers what it was told and fails when it is asked to. A test
 * includes this once; the linker then has no need of the real one.
 */
#ifndef OMFWD_FAKE_KERNEL_H
#define OMFWD_FAKE_KERNEL_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/flowtables.h"
#include "kernel/foreign.h"
#include "kernel/kernel.h"

#define FAKE_WINDOWS_MAX 64

struct fake_window {
	char set[GATE_NAME_MAX + 16];
	uint64_t left_ms;
};

/* What the kernel has, and what it does next. Tests read and write it. */
static struct fake_kernel {
	int fail; /* -errno of the next change, once */
	bool exists;
	size_t n_applied;               /* successful kernel_apply() calls */
	const struct ruleset *last;     /* what the last one was given */
	const struct ruleset *previous; /* ... as previous */
	bool own;                       /* ... and whether it was to own the table */
	size_t n_intact;                /* sets that the last kernel_repair() was to keep */
	struct table_state drift;       /* added to the counts of `last` */
	struct fake_window windows[FAKE_WINDOWS_MAX];
	size_t n_windows;
	const char *flowtable; /* the name of the only one; NULL: none */
} fake;

struct kernel {
	int unused;
};

static int fake_failure(void)
{
	int r = fake.fail;

	fake.fail = 0;
	return r;
}

int kernel_open(struct kernel **ret, const char **error)
{
	static struct kernel kernel;
	int r = fake_failure();

	*error = "the fake kernel does not open";
	*ret = r < 0 ? NULL : &kernel;
	return r;
}

int kernel_adopt(int fd, struct kernel **ret, const char **error)
{
	(void)fd;
	return kernel_open(ret, error);
}

int kernel_fd(const struct kernel *kernel)
{
	(void)kernel;
	return -1;
}

uint32_t kernel_port(const struct kernel *kernel)
{
	(void)kernel;
	return 1;
}

void kernel_close(struct kernel *kernel)
{
	(void)kernel;
}

const char *kernel_error(const struct kernel *kernel)
{
	(void)kernel;
	return "the fake kernel said no";
}

loc_t kernel_error_loc(const struct kernel *kernel)
{
	(void)kernel;
	return 0;
}

int kernel_probe(struct kernel *kernel, struct kernel_features *ret)
{
	(void)kernel;
	*ret = (struct kernel_features){.supported = true, .missing = "", .owner = true, .persist = true};
	return 0;
}

int kernel_apply(struct kernel *kernel, struct ruleset *ruleset, const struct ruleset *previous, bool own)
{
	int r = fake_failure();

	(void)kernel;
	if (r < 0)
		return r;
	fake.exists = true;
	fake.n_applied++;
	fake.last = ruleset;
	fake.previous = previous;
	fake.own = own;
	return 0;
}

void kernel_share(struct kernel *kernel, struct baton *baton)
{
	(void)kernel;
	(void)baton;
}

void kernel_leave_old(struct kernel *kernel, bool leave)
{
	(void)kernel;
	(void)leave;
}

bool kernel_has_old(const struct kernel *kernel)
{
	(void)kernel;
	return false;
}

void kernel_await_packets(void)
{
}

void kernel_drop_old(struct kernel *kernel)
{
	(void)kernel;
}

bool kernel_holds(struct kernel *kernel)
{
	(void)kernel;
	return fake.exists;
}

void kernel_others_harmless(struct kernel *kernel, uint32_t generation)
{
	(void)kernel;
	(void)generation;
}

int kernel_repair(struct kernel *kernel, struct ruleset *ruleset, const struct ruleset *intact, bool own)
{
	fake.n_intact = intact ? intact->n_sets : 0;
	return kernel_apply(kernel, ruleset, NULL, own);
}

uint32_t kernel_generation(struct kernel *kernel)
{
	(void)kernel;
	return 1;
}

int kernel_fingerprint(struct kernel *kernel, uint64_t *ret)
{
	(void)kernel;
	*ret = 1;
	return 0;
}

bool kernel_set_is_intact(struct kernel *kernel, const struct nft_set *set)
{
	(void)kernel;
	(void)set;
	return true;
}

bool kernel_owns_table(struct kernel *kernel)
{
	(void)kernel;
	return fake.exists && fake.own;
}

int kernel_check(struct kernel *kernel, struct ruleset *ruleset)
{
	(void)kernel;
	(void)ruleset;
	return fake_failure();
}

int kernel_remove(struct kernel *kernel, bool *existed)
{
	int r = fake_failure();

	(void)kernel;
	if (r < 0)
		return r;
	*existed = fake.exists;
	fake.exists = false;
	fake.n_windows = 0;
	return 0;
}

static struct fake_window *fake_window(const char *set)
{
	for (size_t i = 0; i < fake.n_windows; i++)
		if (strcmp(fake.windows[i].set, set) == 0)
			return &fake.windows[i];
	if (fake.n_windows == FAKE_WINDOWS_MAX)
		abort();
	snprintf(fake.windows[fake.n_windows].set, sizeof(fake.windows[0].set), "%s", set);
	fake.windows[fake.n_windows].left_ms = 0;
	return &fake.windows[fake.n_windows++];
}

int kernel_windows_set(struct kernel *kernel, const struct window_change *changes, size_t n)
{
	int r = fake_failure();

	(void)kernel;
	if (r < 0)
		return r;
	if (!fake.exists)
		return -ENOENT;
	for (size_t i = 0; i < n; i++)
		fake_window(changes[i].set)->left_ms = changes[i].timeout_ms;
	return 0;
}

int64_t kernel_window_left(struct kernel *kernel, const char *set)
{
	(void)kernel;
	return fake.exists ? (int64_t)fake_window(set)->left_ms : -ENOENT;
}

int kernel_window_sets(struct kernel *kernel, char ***ret, size_t *n)
{
	(void)kernel;
	*n = 0;
	*ret = calloc(fake.n_windows + 1, sizeof(**ret));
	if (!*ret)
		abort();
	for (size_t i = 0; i < fake.n_windows; i++)
		if (strcmp(fake.windows[i].set, INSTALL_WINDOW) != 0)
			(*ret)[(*n)++] = strdup(fake.windows[i].set);
	return 0;
}

int kernel_counters(struct kernel *kernel, struct counter_value **ret, size_t *n)
{
	(void)kernel;
	if (!fake.exists)
		return -ENOENT;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		abort();
	**ret = (struct counter_value){.name = "denied", .packets = 7, .bytes = 700};
	*n = 1;
	return 0;
}

int kernel_flowtables(struct kernel *kernel, struct flowtable **ret, size_t *n)
{
	(void)kernel;
	*ret = NULL;
	*n = 0;
	if (!fake.flowtable)
		return 0;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		abort();
	snprintf((*ret)->name, sizeof((*ret)->name), "%s", fake.flowtable);
	*n = 1;
	return 0;
}

/* Nobody else has a table. */
int kernel_foreign_read(struct kernel *kernel, struct foreign **ret)
{
	(void)kernel;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		abort();
	return 0;
}

void foreign_free(struct foreign *foreign)
{
	free(foreign);
}

int kernel_table_state(struct kernel *kernel, struct table_state *ret)
{
	(void)kernel;
	*ret = fake.drift;
	ret->exists = fake.exists;
	if (!fake.exists || !fake.last)
		return 0;
	ret->n_sets += fake.last->n_sets;
	ret->n_chains += fake.last->n_chains;
	for (size_t i = 0; i < fake.last->n_chains; i++)
		ret->n_rules += fake.last->chains[i]->n;
	return 0;
}

#endif
