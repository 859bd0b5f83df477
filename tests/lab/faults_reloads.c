// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reloads, as many as one likes, of a file that is another one each time: members come and go, rules do, and every few
 * times nothing has changed. What the agent needs for the first hundreds it needs for the last. The client is part of the
 * test: a process for each reload would measure the processes.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lab/expect.h"
#include "tests/lab/faults.h"
#include "util/array.h"
#include "util/sanitized.h"

#define HEAD             "[omfwd]\ndeny_scope = everything\n"
#define ROLES            "[roles]\nmanagement_server = 10.1.0.10\nwindows_agent = 10.2.0.20\n"
#define WARM_UP(reloads) ((reloads) / 20 < 500 ? (reloads) / 20 : 500)
#define GROWTH_MAX       512 /* kB: what malloc keeps is not the same every time */

static const char *const files[] = {
        HEAD ROLES,
        HEAD ROLES "windows_agent = 10.2.0.21\n",
        HEAD ROLES "windows_agent = 10.2.0.21\n",
        HEAD ROLES "windows_agent = 10.2.0.32/28, 2001:db8:2::/64\nmanagement_server = 2001:db8:1::10\n",
        HEAD "log_denied = no\n" ROLES "[rows]\ncur-02 = off\n",
        HEAD ROLES "[site_rule ping]\nfrom = @management_server\nto = @windows_agent\nprotocol = icmp\n"
                   "reason = soak\n",
};

struct footprint {
	unsigned kilobytes; /* VmRSS */
	int descriptors;
};

static struct footprint footprint_read(pid_t pid)
{
	struct footprint footprint = {0};

	/* What follows an answer takes a moment: the least of some. */
	footprint.descriptors = faults_count_descriptors(pid);
	for (int i = 0; i < 20; i++, lab_sleep_ms(10)) {
		int n = faults_count_descriptors(pid);
		footprint.descriptors = n < footprint.descriptors ? n : footprint.descriptors;
	}
	footprint.kilobytes = lab_process_number(pid, "VmRSS");
	return footprint;
}

static int ask(const char *request)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = RUN_DIR "/control.sock"};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), code = -1;
	char reply[16 * 1024];

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_true(send(fd, request, strlen(request), MSG_NOSIGNAL) > 0);
	ssize_t len = recv(fd, reply, sizeof(reply), 0);
	assert_true(len > 0);
	json_t *root = json_loadb(reply, (size_t)len, 0, NULL);
	assert_non_null(root);
	code = (int)json_integer_value(json_object_get(root, "code"));
	json_decref(root);
	close(fd);
	return code;
}

static void footprint_print(unsigned done, const struct footprint *footprint, uint64_t ms)
{
	printf("%u reloads, %llu s: %u kB, %d descriptors\n", done, (unsigned long long)ms / 1000,
	       footprint->kilobytes, footprint->descriptors);
	fflush(stdout);
}

static void reload(const char *file)
{
	lab_write("omfwd.conf", file);
	assert_int_equal(ask("{\"verb\":\"reload\"}"), 0);
}

/* The last file is always the same: with another one another number of descriptors may be right. */
static void reload_range(unsigned from, unsigned to)
{
	for (unsigned i = from; i + 1 < to; i++)
		reload(files[i % ARRAY_SIZE(files)]);
	reload(files[0]);
}

void faults_reloads(struct lab *lab, unsigned reloads)
{
	unsigned warm = WARM_UP(reloads) + 1;
	uint64_t start = lab_now_ms();
	int notify;

	lab_write("omfwd.conf", files[0]);
	pid_t pid = omfwd_agent_start(lab, &notify, "2>/dev/null");
	close(notify);
	reload_range(0, warm);
	struct footprint first = footprint_read(pid), now = first;
	footprint_print(warm, &first, lab_now_ms() - start);
	for (unsigned quarter = 1; quarter <= 4; quarter++) {
		unsigned from = warm + (unsigned)((uint64_t)reloads * (quarter - 1) / 4);
		unsigned to = warm + (unsigned)((uint64_t)reloads * quarter / 4);

		reload_range(from, to);
		EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.10 tcp/5723");
		now = footprint_read(pid);
		footprint_print(to, &now, lab_now_ms() - start);
		assert_int_equal(now.descriptors, first.descriptors);
		/* AddressSanitizer keeps what is freed for a while, on purpose; at the end it tells what was lost. */
		if (!SANITIZED && now.kilobytes > first.kilobytes + GROWTH_MAX)
			fail_msg("the agent grew from %u to %u kB", first.kilobytes, now.kilobytes);
	}
	omfwd_expect(lab, 0, "diff");
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
}
