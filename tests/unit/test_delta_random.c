// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random members come and go, step by step, as hosts, prefixes and ranges, v4 and v6, in several roles; after every
 * step the kernel is read back and held against the model. Some steps change the rules too, some fail on the way, and
 * some lose the kernel's answer. OMFWD_DELTA_STEPS and OMFWD_DELTA_SEED say how many and which.
 */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "tests/unit/kernel_elements.h"
#include "util/array.h"

#define STEPS       500
#define MEMBERS_MAX 120
#define UNIVERSE    1024

static const enum role roles[] = {
        ROLE_MANAGEMENT_SERVER, ROLE_WINDOWS_AGENT,           ROLE_UNIX_LINUX_AGENT,
        ROLE_NETWORK_DEVICE,    ROLE_MANAGEMENT_PACK_CATALOG,
};

/* What the file would say. */
struct world {
	struct addr_range members[ARRAY_SIZE(roles)][MEMBERS_MAX];
	size_t n[ARRAY_SIZE(roles)];
	bool log_denied;
};

enum outcome { OUTCOME_NOTHING, OUTCOME_IN_PLACE, OUTCOME_SWAP, OUTCOME_REFUSED, OUTCOME_MAX };

struct run {
	struct kernel *kernel;
	struct mnl_socket *reader;
	struct world world;
	struct fixture *now;
	unsigned outcomes[OUTCOME_MAX];
	unsigned lost_answers;
};

/* The system calls of the session, which the tests makes fail: 1 the next one, 2 the one after it; 0 none. */
static unsigned fail_send_in, lose_answer_in;

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (fail_send_in && !--fail_send_in) {
		errno = ENOBUFS;
		return -1;
	}
	return syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	if (flags & MSG_DONTWAIT && lose_answer_in && !--lose_answer_in) {
		while (syscall(SYS_recvmsg, fd, message, flags) >= 0)
			;
		errno = EAGAIN;
		return -1;
	}
	return syscall(SYS_recvmsg, fd, message, flags);
}

static unsigned below(unsigned n)
{
	return (unsigned)random() % n;
}

static struct addr_range make_range(bool v6, unsigned lo, unsigned hi)
{
	const u128 net6 = (u128)0x20010db8 << 96;

	if (v6)
		return (struct addr_range){.is_v6 = true, .v6 = {.lo = net6 + lo, .hi = net6 + hi}};
	return (struct addr_range){.v4 = {.lo = 0x0a000000 + lo, .hi = 0x0a000000 + hi}};
}

static struct addr_range random_member(size_t role)
{
	unsigned dice = below(100), lo = below(UNIVERSE), size;
	bool v6 = below(2);
	struct addr_range range = make_range(v6, lo, lo);

	if (dice < 60)
		return range;
	if (dice < 80) {
		size = 1u << (1 + below(5));
		return make_range(v6, lo & ~(size - 1), lo | (size - 1));
	}
	if (dice < 98 || roles[role] != ROLE_MANAGEMENT_PACK_CATALOG)
		return make_range(v6, lo, lo + below(40));
	range.v4.hi = UINT32_MAX; /* to the last address, which has no end */
	range.v6.hi = ~(u128)0;
	return range;
}

static void add_random(struct world *world, size_t role)
{
	if (world->n[role] < MEMBERS_MAX)
		world->members[role][world->n[role]++] = random_member(role);
}

static void remove_random(struct world *world, size_t role)
{
	size_t last = world->n[role] - 1;

	if (!world->n[role])
		return;
	world->members[role][below((unsigned)world->n[role])] = world->members[role][last];
	world->n[role] = last;
}

/* Mostly one or a few members; at times a whole lot, or none at all, or the rules. */
static void mutate(struct world *world)
{
	unsigned dice = below(100), n = dice < 80 ? 1 + below(3) : dice < 95 ? 10 + below(40) : 0;
	bool only_add = below(3) == 0, only_remove = !only_add && below(2);

	for (unsigned i = 0; i < n; i++) {
		size_t role = below(ARRAY_SIZE(roles));

		if (!only_add)
			remove_random(world, role);
		if (!only_remove)
			add_random(world, role);
	}
	if (below(20) == 0)
		world->log_denied = !world->log_denied;
}

static struct fixture *build(const struct world *world)
{
	struct fixture *f = fixture_new();

	f->policy.settings.log_denied = world->log_denied;
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		struct role_members *role = &f->section.roles[roles[i]];

		role->assigned = world->n[i] > 0;
		for (size_t j = 0; j < world->n[i]; j++)
			addr_set_add(&role->addrs, &world->members[i][j]);
		addr_set_canonicalize(&role->addrs);
	}
	fixture_build(f);
	return f;
}

static bool same_names(const struct ruleset *a, const struct ruleset *b)
{
	if (a->n_sets != b->n_sets)
		return false;
	for (size_t i = 0; i < a->n_sets; i++)
		if (strcmp(a->sets[i]->kernel_name, b->sets[i]->kernel_name) != 0)
			return false;
	return true;
}

static void assert_kernel_is(struct run *run, const struct ruleset *ruleset, unsigned step)
{
	const struct nft_set *wrong = find_wrong_set(run->reader, ruleset);
	struct table_state table;

	if (wrong)
		fail_msg("step %u: the kernel's %s is not the model's", step, wrong->kernel_name);
	if (!kernel_holds(run->kernel)) /* something old could not be dropped yet */
		return;
	assert_int_equal(kernel_table_state(run->kernel, &table), 0);
	assert_int_equal(table.n_sets, ruleset->n_sets);
	assert_int_equal(table.n_chains, ruleset->n_chains);
}

/* A set that cannot be made as it is asked for, as if the kernel had no room. */
static bool spoil_a_size(struct ruleset *ruleset)
{
	struct nft_set *set = ruleset->sets[below((unsigned)ruleset->n_sets)];

	if (!set->size || set->n_elements < 2)
		return false;
	set->size = 1;
	return true;
}

/* Applies with or without trouble on the way. Without, nothing is read: what the kernel holds is no surprise. */
static int apply_next(struct run *run, struct fixture *next)
{
	const struct ruleset *previous = kernel_holds(run->kernel) ? run->now->ruleset : NULL;
	uint64_t reads = kernel_statistics(run->kernel)->reads; /* after that question */
	unsigned dice = below(100);
	bool trouble, lose = dice >= 4 && dice < 6;
	int err;

	fail_send_in = dice < 4 ? 1 + below(2) : 0;
	lose_answer_in = lose ? 1 + below(3) : 0;
	trouble = fail_send_in || lose || (dice >= 90 && spoil_a_size(next->ruleset));
	err = kernel_apply(run->kernel, next->ruleset, previous, false);
	run->lost_answers += lose && !lose_answer_in;
	fail_send_in = lose_answer_in = 0;
	if (!trouble && previous && (err || reads != kernel_statistics(run->kernel)->reads))
		fail_msg("the kernel did not hold what the model said: %s", kernel_error(run->kernel));
	return err;
}

static enum outcome outcome_of(const struct run *run, int err, const struct fixture *next, uint64_t batches)
{
	if (err)
		return OUTCOME_REFUSED;
	if (kernel_statistics(run->kernel)->batches == batches)
		return OUTCOME_NOTHING;
	return same_names(run->now->ruleset, next->ruleset) ? OUTCOME_IN_PLACE : OUTCOME_SWAP;
}

static void take_step(struct run *run, unsigned step)
{
	uint64_t batches = kernel_statistics(run->kernel)->batches;
	struct world world = run->world;
	struct fixture *next;
	int err;

	mutate(&world);
	next = build(&world);
	err = apply_next(run, next);
	if (err && err != -ENOBUFS && err != -ENFILE)
		fail_msg("step %u: %s", step, kernel_error(run->kernel));
	run->outcomes[outcome_of(run, err, next, batches)]++;
	assert_kernel_is(run, err ? run->now->ruleset : next->ruleset, step);
	fixture_free(err ? next : run->now);
	if (err)
		return;
	run->now = next;
	run->world = world;
}

static unsigned number_of(const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void test_random_steps(void **state)
{
	struct window_change window = {INSTALL_WINDOW, 3600000};
	struct run run = {.reader = mnl_socket_open(NETLINK_NETFILTER)};
	unsigned steps = number_of("OMFWD_DELTA_STEPS", STEPS), seed = number_of("OMFWD_DELTA_SEED", 1);
	const char *error;

	(void)state;
	srandom(seed);
	assert_int_equal(kernel_open(&run.kernel, &error), 0);
	assert_int_equal(mnl_socket_bind(run.reader, 0, MNL_SOCKET_AUTOPID), 0);
	for (size_t i = 0; i < 200; i++)
		add_random(&run.world, i % ARRAY_SIZE(roles));
	run.now = build(&run.world);
	assert_int_equal(kernel_apply(run.kernel, run.now->ruleset, NULL, false), 0);
	assert_int_equal(kernel_windows_set(run.kernel, &window, 1), 0);
	for (unsigned step = 0; step < steps; step++)
		take_step(&run, step);
	assert_in_range(kernel_window_left(run.kernel, INSTALL_WINDOW), 1800000, 3600000);
	print_message("%u steps, seed %u: %u nothing to do, %u in place, %u by new sets, %u refused; %u "
	              "answers lost\n",
	              steps, seed, run.outcomes[OUTCOME_NOTHING], run.outcomes[OUTCOME_IN_PLACE],
	              run.outcomes[OUTCOME_SWAP], run.outcomes[OUTCOME_REFUSED], run.lost_answers);
	for (enum outcome outcome = 0; outcome < OUTCOME_MAX; outcome++)
		assert_true(run.outcomes[outcome] > 0);
	assert_true(run.lost_answers > 0);
	fixture_free(run.now);
	kernel_close(run.kernel);
	mnl_socket_close(run.reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_steps)};

	if (unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr,
		        "test_delta_random: SKIPPED: needs root for a network namespace of its own\n");
		return getenv("CI") ? 1 : 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
