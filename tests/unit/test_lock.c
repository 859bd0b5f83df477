// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who changes the table holds a name, and abstract names know no permissions: whoever has no privilege and takes them
 * first is passed by and told of, and keeps nobody's policy from being applied.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/lock.h"

#define NOBODY 65534

static char error[256], stranger[96];

static int take(enum lock_kind kind, struct lock *ret)
{
	*error = *stranger = '\0';
	return lock_take(kind, ret, error, sizeof(error), stranger, sizeof(stranger));
}

static void hold(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	memcpy(address.sun_path + 1, name, strlen(name));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 1) < 0)
		_exit(1);
}

/* A process of nobody's that holds the first n of the names; it lives until it is killed. */
static pid_t stranger_start(size_t n)
{
	static const char *const names[] = {"omfwd", "omfwd/agent"};
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ready[0]);
		if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(1);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (size_t i = 0; i < n; i++)
			hold(names[i]);
		if (write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void stranger_end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_one_at_a_time(void **state)
{
	struct lock first, second;
	char who[96];

	(void)state;
	assert_false(lock_agent_lives(who, sizeof(who)));
	assert_int_equal(take(LOCK_AGENT, &first), 0);
	assert_string_equal(stranger, "");
	assert_true(lock_agent_lives(who, sizeof(who)));
	assert_int_equal(take(LOCK_COMMAND, &second), -EEXIST);
	assert_non_null(strstr(error, "an agent already runs in this network namespace: pid "));
	lock_release(&first);
	assert_false(lock_agent_lives(who, sizeof(who)));
	assert_int_equal(take(LOCK_COMMAND, &second), 0);
	lock_release(&second);
}

/* It is passed by, and among those who pass it there is one agent all the same. */
static void test_stranger_with_the_name_of_all(void **state)
{
	struct lock first, second;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = stranger_start(1);
	assert_int_equal(take(LOCK_AGENT, &first), 0);
	assert_non_null(strstr(stranger, "pid "));
	assert_int_equal(atoi(strstr(stranger, "pid ") + 4), pid);
	assert_int_equal(take(LOCK_AGENT, &second), -EEXIST);
	lock_release(&first);
	stranger_end(pid);
}

/* Who says he is the agent is none. */
static void test_stranger_with_both_names(void **state)
{
	struct lock lock;
	char who[96];
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = stranger_start(2);
	assert_false(lock_agent_lives(who, sizeof(who)));
	assert_int_equal(take(LOCK_COMMAND, &lock), 0);
	assert_non_null(strstr(stranger, "pid "));
	lock_release(&lock);
	assert_int_equal(take(LOCK_AGENT, &lock), 0);
	lock_release(&lock);
	stranger_end(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_one_at_a_time),
	        cmocka_unit_test(test_stranger_with_the_name_of_all),
	        cmocka_unit_test(test_stranger_with_both_names),
	};

	/* names of its own, where that is allowed */
	(void)unshare(CLONE_NEWNET);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
