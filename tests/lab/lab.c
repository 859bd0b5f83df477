/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Namespaces, links and child processes of the lab. The process itself lives in the gateway's namespace and visits the
 * others for a moment to open sockets there; sockets stay where they were made. Each side routes its whole network to
 * itself (`ip route add local`), and each hop has one permanent neighbour, so that no probe waits for ARP or NDP.
 */
#include "tests/lab/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lab/burst.h"

#define GENTLE_MS 10000

/* Links are made by the gateway, which pushes the other end into its namespace. */
static const char gateway_script[] =
        "link set lo up\n"
        "link add gl address 02:00:00:00:01:01 type veth peer name l0 address 02:00:00:00:01:02 netns %1$s\n"
        "link add gr address 02:00:00:00:02:01 type veth peer name r0 address 02:00:00:00:02:02 netns %2$s\n"
        "link set gl up\n"
        "link set gr up\n"
        "addr add 10.1.255.1/24 dev gl\n"
        "addr add 10.2.255.1/24 dev gr\n"
        "addr add 2001:db8:1:ffff::1/64 dev gl nodad\n"
        "addr add 2001:db8:2:ffff::1/64 dev gr nodad\n"
        "neigh replace 10.1.255.2 lladdr 02:00:00:00:01:02 dev gl nud permanent\n"
        "neigh replace 10.2.255.2 lladdr 02:00:00:00:02:02 dev gr nud permanent\n"
        "neigh replace 2001:db8:1:ffff::2 lladdr 02:00:00:00:01:02 dev gl nud permanent\n"
        "neigh replace 2001:db8:2:ffff::2 lladdr 02:00:00:00:02:02 dev gr nud permanent\n"
        "route add 10.1.0.0/16 via 10.1.255.2\n"
        "route add 10.2.0.0/16 via 10.2.255.2\n"
        "route add 2001:db8:1::/48 via 2001:db8:1:ffff::2\n"
        "route add 2001:db8:2::/48 via 2001:db8:2:ffff::2\n"
        "route add local 10.9.0.0/16 dev lo\n"
        "route add local 2001:db8:9::/48 dev lo\n";

/* 1$: interface, 2$: number of the side. */
static const char side_script[] =
        "link set lo up\n"
        "link set %1$s up\n"
        "addr add 10.%2$d.255.2/24 dev %1$s\n"
        "addr add 2001:db8:%2$d:ffff::2/64 dev %1$s nodad\n"
        "neigh replace 10.%2$d.255.1 lladdr 02:00:00:00:0%2$d:01 dev %1$s nud permanent\n"
        "neigh replace 2001:db8:%2$d:ffff::1 lladdr 02:00:00:00:0%2$d:01 dev %1$s "
        "nud permanent\n"
        "route add default via 10.%2$d.255.1\n"
        "route add default via 2001:db8:%2$d:ffff::1\n"
        "route add local 10.%2$d.0.0/17 dev lo\n"
        "route add local 2001:db8:%2$d::/49 dev lo\n";

/* Probes are told by their DSCP; hosts take them in silence, real connections are answered. */
static const char hush_rules[] = "table inet hush { chain input { type filter hook input priority 0;\n"
                                 "ip dscp 42 drop\nip6 dscp 42 drop\n}\n}\n";

static const struct {
	const char *path, *value;
	bool gateway_only;
} sysctls[] = {
        {"net/ipv6/conf/all/disable_ipv6", "0", false},
        {"net/ipv6/conf/default/disable_ipv6", "0", false},
        {"net/ipv6/conf/all/accept_dad", "0", false},
        {"net/ipv6/conf/default/accept_dad", "0", false},
        {"net/ipv6/conf/default/router_solicitations", "0", false},
        {"net/ipv6/ip_nonlocal_bind", "1", false},
        {"net/ipv4/conf/all/rp_filter", "0", false},
        {"net/ipv4/conf/default/rp_filter", "0", false},
        {"net/ipv4/ip_forward", "1", true},
        {"net/ipv6/conf/all/forwarding", "1", true},
        {"net/ipv4/icmp_ratelimit", "0", true},
        {"net/ipv6/icmp/ratelimit", "0", true},
        /* An agent that notifies a socket nobody reads at the moment does not wait. */
        {"net/unix/max_dgram_qlen", "100000", true},
};

static void sysctl_write(const char *path, const char *value)
{
	char full[128];
	snprintf(full, sizeof(full), "/proc/sys/%s", path);
	int fd = open(full, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		fail_msg("%s: %s", full, strerror(errno));
	close(fd);
}

void lab_enter(const struct lab *lab, enum lab_ns ns)
{
	if (setns(lab->netns[ns], CLONE_NEWNET) < 0)
		fail_msg("setns: %s", strerror(errno));
}

void lab_leave(const struct lab *lab)
{
	lab_enter(lab, NS_GATEWAY);
}

int lab_socket(const struct lab *lab, enum lab_ns ns, int domain, int type, int protocol)
{
	lab_enter(lab, ns);
	int fd = socket(domain, type | SOCK_CLOEXEC, protocol);
	int error = errno;
	lab_leave(lab);
	if (fd < 0)
		fail_msg("socket: %s", strerror(error));
	return fd;
}

static void namespace_prepare(struct lab *lab, enum lab_ns ns)
{
	lab_enter(lab, ns);
	for (size_t i = 0; i < sizeof(sysctls) / sizeof(sysctls[0]); i++)
		if (ns == NS_GATEWAY || !sysctls[i].gateway_only)
			sysctl_write(sysctls[i].path, sysctls[i].value);
	lab_leave(lab);
}

static void batch_run(const struct lab *lab, enum lab_ns ns, const char *command, const char *script)
{
	struct run run;
	lab_run(lab, ns, script, &run, "%s", command);
	if (run.code != 0)
		fail_msg("%s: %s", command, run.err);
	lab_run_free(&run);
}

static void links_make(const struct lab *lab)
{
	char left[64], right[64], script[4096];
	snprintf(left, sizeof(left), "/proc/%d/fd/%d", getpid(), lab->netns[NS_LEFT]);
	snprintf(right, sizeof(right), "/proc/%d/fd/%d", getpid(), lab->netns[NS_RIGHT]);
	snprintf(script, sizeof(script), gateway_script, left, right);
	/* The routes need the other ends up: all but those come first. */
	char *routes = strstr(script, "route add");
	char first[4096];
	snprintf(first, sizeof(first), "%.*s", (int)(routes - script), script);
	batch_run(lab, NS_GATEWAY, "ip -batch -", first);
	for (int side = 1; side <= 2; side++) {
		char text[2048];
		snprintf(text, sizeof(text), side_script, side == 1 ? "l0" : "r0", side);
		batch_run(lab, side == 1 ? NS_LEFT : NS_RIGHT, "ip -batch -", text);
		batch_run(lab, side == 1 ? NS_LEFT : NS_RIGHT, "nft -f -", hush_rules);
	}
	batch_run(lab, NS_GATEWAY, "ip -batch -", routes);
}

/* A private /run: the files of the test, default run directories and the journal's socket all vanish with it. */
static const char *namespaces_make(struct lab *lab)
{
	if (geteuid() != 0)
		return "the lab needs root to make network namespaces";
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0)
		return "the kernel does not let this process make namespaces";
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("lab", "/run", "tmpfs", 0, NULL) < 0)
		return "the kernel does not let this process mount its own /run";
	mkdir(LAB_DIR, 0755);
	for (int i = 0; i < NS_MAX; i++) {
		int ns = (NS_GATEWAY + i) % NS_MAX; /* the first is the one we are in */
		if (i > 0 && unshare(CLONE_NEWNET) < 0)
			return "cannot make a network namespace";
		lab->netns[ns] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	}
	lab_leave(lab);
	return NULL;
}

/* One CPU makes the path of a packet one queue: what was sent first arrives first. Children get all CPUs back. */
static void cpu_pin(void)
{
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/* Whoever runs the tests, by sudo, over ssh or as a service: omfwd is asked by root, and its files are root's alone. */
static void environment_forget(void)
{
	static const char *const names[] = {"SUDO_USER",      "SUDO_UID",          "SUDO_GID",
	                                    "SSH_CONNECTION", "NOTIFY_SOCKET",     "WATCHDOG_USEC",
	                                    "WATCHDOG_PID",   "RUNTIME_DIRECTORY", "STATE_DIRECTORY",
	                                    "JOURNAL_STREAM", "LISTEN_FDS",        "LISTEN_PID"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	umask(022);
}

int lab_setup(void **state)
{
	static struct lab lab;
	*state = &lab;
	environment_forget();
	lab.problem = namespaces_make(&lab);
	if (lab.problem)
		return 0;
	const char *path = getenv("OMFWD");
	if (!realpath(path ? path : "./omfwd", lab.binary)) {
		fprintf(stderr, "no omfwd to test: build it, or name it in $OMFWD\n");
		return -1;
	}
	for (int ns = 0; ns < NS_MAX; ns++)
		namespace_prepare(&lab, (enum lab_ns)ns);
	links_make(&lab);
	cpu_pin();
	lab.taps = taps_open(&lab);
	lab.first_fd = dup(STDIN_FILENO);
	close(lab.first_fd);
	return 0;
}

/* A killed agent cannot write what a build that counts has counted: scripts/coverage asks to end it first. */
static void child_end_gently(pid_t pid)
{
	siginfo_t ended = {.si_pid = 0};

	kill(pid, SIGTERM);
	for (uint64_t end = lab_now_ms() + GENTLE_MS; !ended.si_pid && lab_now_ms() < end; lab_sleep_ms(10))
		if (waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT) < 0)
			return;
}

int lab_refresh(void **state)
{
	struct lab *lab = *state;
	if (lab->problem)
		return 0;
	for (int i = 0; i < LAB_CHILDREN_MAX; i++) {
		if (lab->children[i] == 0)
			continue;
		if (getenv("LAB_ENDS_GENTLY"))
			child_end_gently(lab->children[i]);
		kill(lab->children[i], SIGKILL);
		lab_wait(lab, lab->children[i]);
	}
	close_range((unsigned)lab->first_fd, ~0u, 0);
	lab_must(lab, NS_GATEWAY, "nft flush ruleset; rm -rf " LAB_DIR "; mkdir " LAB_DIR);
	conntrack_flush(lab);
	return 0;
}

int lab_teardown(void **state)
{
	struct lab *lab = *state;
	if (!lab->taps)
		return 0;
	taps_close(lab->taps);
	for (int ns = 0; ns < NS_MAX; ns++)
		close(lab->netns[ns]);
	return 0;
}

struct lab *lab_need(void **state)
{
	struct lab *lab = *state;
	if (!lab->problem)
		return lab;
	const char *ci = getenv("CI");
	if (ci && strcmp(ci, "true") == 0)
		fail_msg("%s", lab->problem);
	fprintf(stderr, "SKIPPED: %s\n", lab->problem);
	skip();
	return NULL;
}

unsigned lab_process_number(pid_t pid, const char *key)
{
	char path[64], line[256];
	size_t len = strlen(key);
	unsigned number = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, len) == 0 && line[len] == ':')
			number = (unsigned)strtoul(line + len + 1, NULL, 10);
	if (file)
		fclose(file);
	return number;
}

uint64_t lab_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void lab_sleep_ms(unsigned ms)
{
	poll(NULL, 0, (int)ms);
}

void lab_sleep_until_ms(uint64_t time)
{
	for (uint64_t now = lab_now_ms(); now < time; now = lab_now_ms())
		lab_sleep_ms((unsigned)(time - now));
}
