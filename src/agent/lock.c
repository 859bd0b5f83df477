/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two names: "omfwd" is held by whoever changes the table, "omfwd/agent" by an agent alone, so that a command that
 * finds the first one taken knows whether waiting makes sense. Both listen, because only then does a connection tell
 * who holds them; nobody ever accepts. Abstract names know no permissions: a name held by an unprivileged user must
 * not keep the policy from being applied.
 */
#include "agent/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define NAME_CHANGE "omfwd"
#define NAME_AGENT  "omfwd/agent"

#define WAIT_STEP_MS 20
#define WAIT_STEPS   250 /* 5 s */

struct holder {
	pid_t pid;
	uid_t uid;
	char comm[32];
};

static socklen_t abstract_address(const char *name, struct sockaddr_un *ret)
{
	size_t len = strlen(name);

	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret->sun_path + 1, name, len);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len);
}

/* Returns a socket that holds the name, or -errno; -EADDRINUSE when another one does. */
static int name_hold(const char *name)
{
	struct sockaddr_un address;
	socklen_t len = abstract_address(name, &address);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

static void comm_read(pid_t pid, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

/* Returns 0 and who holds the name, or -errno: -ECONNREFUSED when nobody does any more. */
static int name_holder(const char *name, struct holder *ret)
{
	struct sockaddr_un address;
	socklen_t len = abstract_address(name, &address);
	struct ucred peer;
	socklen_t peer_len = sizeof(peer);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len) < 0)
		r = -errno;
	close(fd);
	if (r < 0)
		return r;
	*ret = (struct holder){.pid = peer.pid, .uid = peer.uid};
	/* errno is not 0 after a failure: r is set. NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
	comm_read(peer.pid, ret->comm, sizeof(ret->comm));
	return 0;
}

static bool holder_is_trusted(const struct holder *holder)
{
	const struct passwd *pw;

	/* Set by who asked. NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
	if (holder->uid == 0 || holder->uid == geteuid())
		return true;
	pw = getpwnam("omfwd");
	return pw && pw->pw_uid == holder->uid;
}

static void holder_format(const struct holder *holder, char *buf, size_t size)
{
	if (holder->pid <= 0)
		snprintf(buf, size, "a process of another PID namespace");
	else if (*holder->comm)
		snprintf(buf, size, "pid %d (%s)", (int)holder->pid, holder->comm);
	else
		snprintf(buf, size, "pid %d", (int)holder->pid);
}

enum outcome { TAKEN, TRY_AGAIN, GIVE_UP };

struct attempt {
	int fd;
	int r; /* for GIVE_UP */
	struct holder holder;
};

static enum outcome lock_attempt(struct attempt *attempt)
{
	struct holder agent;

	attempt->fd = name_hold(NAME_CHANGE);
	if (attempt->fd >= 0)
		return TAKEN;
	attempt->r = attempt->fd;
	if (attempt->fd != -EADDRINUSE)
		return GIVE_UP;
	if (name_holder(NAME_AGENT, &agent) == 0 && holder_is_trusted(&agent)) {
		attempt->holder = agent;
		attempt->r = -EEXIST;
		return GIVE_UP;
	}
	if (name_holder(NAME_CHANGE, &attempt->holder) < 0)
		return TRY_AGAIN;
	attempt->r = -EBUSY;
	return holder_is_trusted(&attempt->holder) ? TRY_AGAIN : TAKEN;
}

static enum outcome lock_wait(struct attempt *attempt)
{
	static const struct timespec step = {.tv_nsec = WAIT_STEP_MS * 1000000L};
	enum outcome outcome = TRY_AGAIN;

	for (int i = 0; i < WAIT_STEPS; i++) {
		outcome = lock_attempt(attempt);
		if (outcome != TRY_AGAIN)
			break;
		nanosleep(&step, NULL);
	}
	return outcome;
}

static int lock_refuse(const struct attempt *attempt, char *error, size_t size)
{
	char who[96];

	holder_format(&attempt->holder, who, sizeof(who));
	if (attempt->r == -EEXIST)
		snprintf(error, size, "an agent already runs in this network namespace: %s", who);
	else if (attempt->r == -EBUSY)
		snprintf(error, size, "another omfwd command is at work: %s; try again when it is done", who);
	else
		snprintf(error, size, "cannot take the lock of this network namespace: %s",
		         strerror(-attempt->r));
	return attempt->r;
}

int lock_take(enum lock_kind kind, struct lock *ret, char *error, size_t size, char *stranger,
              size_t stranger_size)
{
	struct attempt attempt = {.fd = -1, .r = -EBUSY};

	*ret = LOCK_NONE;
	*stranger = '\0';
	if (lock_wait(&attempt) != TAKEN)
		return lock_refuse(&attempt, error, size);
	if (attempt.fd < 0)
		holder_format(&attempt.holder, stranger, stranger_size);
	ret->change_fd = attempt.fd;
	if (kind == LOCK_AGENT)
		ret->agent_fd = name_hold(NAME_AGENT);
	return 0;
}

bool lock_agent_lives(char *buf, size_t size)
{
	struct holder agent;

	if (name_holder(NAME_AGENT, &agent) < 0 || !holder_is_trusted(&agent))
		return false;
	holder_format(&agent, buf, size);
	return true;
}

void lock_release(struct lock *lock)
{
	if (lock->agent_fd >= 0)
		close(lock->agent_fd);
	if (lock->change_fd >= 0)
		close(lock->change_fd);
	*lock = LOCK_NONE;
}
