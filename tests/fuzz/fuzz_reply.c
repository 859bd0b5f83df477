// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an agent answers, as a command reads and prints it. The agent is a thread of ours, which takes whatever is asked
 * and sends the input: packets of a byte of length (times 64) and what follows.
 */
#include "tests/fuzz/fuzz.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmd/client.h"
#include "util/reply.h"

#define PACKET_UNIT 64

static struct {
	char dir[32];
	int listening;
	const uint8_t *data;
	size_t size;
} agent;

static void send_all(int fd)
{
	const uint8_t *at = agent.data, *end = agent.data + agent.size;

	while (at < end) {
		size_t left = (size_t)(end - at) - 1, len = (1u + at[0]) * PACKET_UNIT;

		len = len < left ? len : left;
		if (send(fd, at + 1, len, MSG_NOSIGNAL) < 0)
			return;
		at += 1 + len;
	}
}

static void *agent_main(void *data)
{
	char request[4096];

	(void)data;
	for (;;) {
		int fd = accept(agent.listening, NULL, NULL);

		FUZZ_HOLDS(fd >= 0);
		FUZZ_HOLDS(recv(fd, request, sizeof(request), 0) > 0);
		send_all(fd);
		close(fd);
	}
	return NULL;
}

static void agent_start(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	pthread_t thread;

	strcpy(agent.dir, "/tmp/omfwd-fuzz.XXXXXX");
	FUZZ_HOLDS(mkdtemp(agent.dir));
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/control.sock", agent.dir);
	agent.listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	FUZZ_HOLDS(bind(agent.listening, (struct sockaddr *)&addr, sizeof(addr)) == 0);
	FUZZ_HOLDS(listen(agent.listening, 1) == 0);
	FUZZ_HOLDS(pthread_create(&thread, NULL, agent_main, NULL) == 0);
	FUZZ_HOLDS(freopen("/dev/null", "w", stdout));
}

/* What is said on stderr is the fuzzer's, too: only the part that finds lines is tried of it. */
static void print(struct options *options, json_t *reply)
{
	json_t *complaints = reply_complaints(reply);

	FUZZ_HOLDS(complaints);
	json_decref(complaints);
	json_object_del(reply, "errors");
	json_object_del(reply, "diagnostics");
	options->json = false;
	client_print(options, reply);
	options->json = true;
	client_print(options, reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct options options = {.config = "/etc/omfwd/omfwd.conf", .run_dir_named = true};
	json_t *request, *reply = NULL;
	char error[512];
	int r;

	if (!agent.listening)
		agent_start();
	agent.data = data;
	agent.size = size;
	options.run_dir = agent.dir;
	request = client_request_new(&options, "status");
	r = client_ask(&options, request, &reply, error, sizeof(error));
	FUZZ_HOLDS((r == 0) == (reply != NULL));
	if (r == 0)
		print(&options, reply);
	json_decref(reply);
	json_decref(request);
	return 0;
}
