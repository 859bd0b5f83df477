/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs omfwd and nft in the gateway. Knows nothing of their insides: command lines, exit codes, notify messages. */
#include "tests/lab/program.h"

#include <errno.h>
#include <linux/net.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ARGS_MAX    4096
#define NOTIFY_PATH LAB_DIR "/notify"
#define DIRECTORIES "--config " CONFIG " --run-dir " RUN_DIR " --state-dir " STATE_DIR

static void run_args(const struct lab *lab, struct run *ret, const char *args)
{
	lab_must(lab, NS_GATEWAY, "mkdir -p " RUN_DIR " " STATE_DIR);
	lab_run(lab, NS_GATEWAY, NULL, ret, "exec '%s' " DIRECTORIES " %s", lab->binary, args);
}

void omfwd_run(const struct lab *lab, struct run *ret, const char *fmt, ...)
{
	char args[ARGS_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(args, sizeof(args), fmt, ap);
	va_end(ap);
	run_args(lab, ret, args);
}

void omfwd_expect(const struct lab *lab, int code, const char *fmt, ...)
{
	char args[ARGS_MAX];
	struct run run;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(args, sizeof(args), fmt, ap);
	va_end(ap);
	run_args(lab, &run, args);
	if (run.code != code)
		fail_msg("omfwd %s: exit code %d, expected %d\n%s%s", args, run.code, code, run.out, run.err);
	lab_run_free(&run);
}

char *omfwd_said(const struct lab *lab, int code, const char *args)
{
	struct run run;
	omfwd_run(lab, &run, "%s 2>&1", args);
	if (run.code != code)
		fail_msg("omfwd %s: exit code %d, expected %d\n%s", args, run.code, code, run.out);
	char *text = strdup(run.out);
	lab_run_free(&run);
	return text;
}

void omfwd_expect_says(const struct lab *lab, int code, const char *args, const char *what)
{
	char *text = omfwd_said(lab, code, args);
	if (!strstr(text, what))
		fail_msg("omfwd %s does not say \"%s\":\n%s", args, what, text);
	free(text);
}

void omfwd_apply(const struct lab *lab, const char *config)
{
	lab_write("omfwd.conf", config);
	omfwd_expect(lab, 0, "--phase run");
}

static int notify_open(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = NOTIFY_PATH};
	unlink(NOTIFY_PATH);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail_msg("notify socket: %s", strerror(errno));
	return fd;
}

static bool has_line(const char *message, const char *want)
{
	size_t len = strlen(want);
	for (const char *line = message; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
		if (strncmp(line, want, len) == 0)
			return true;
	return false;
}

void omfwd_notify_await(int notify, const char *want, char *ret, size_t size)
{
	char message[4096], seen[8192] = "";
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; lab_now_ms() < end;) {
		struct pollfd fd = {.fd = notify, .events = POLLIN};
		if (poll(&fd, 1, 100) != 1)
			continue;
		ssize_t len = recv(notify, message, sizeof(message) - 1, 0);
		message[len < 0 ? 0 : len] = '\0';
		if (has_line(message, want)) {
			if (ret)
				snprintf(ret, size, "%s", message);
			return;
		}
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "[%s] ", message);
	}
	fail_msg("the agent never notified %s; it said: %s", want, seen);
}

pid_t omfwd_agent_start(struct lab *lab, int *notify, const char *args)
{
	lab_must(lab, NS_GATEWAY, "mkdir -p " RUN_DIR " " STATE_DIR);
	*notify = notify_open();
	pid_t pid = lab_start(lab, NS_GATEWAY, STDERR_FILENO,
	                      "env NOTIFY_SOCKET=" NOTIFY_PATH
	                      " WATCHDOG_USEC=1000000 '%s' agent " DIRECTORIES " %s",
	                      lab->binary, args);
	omfwd_notify_await(*notify, "READY=1", NULL, 0);
	return pid;
}

bool omfwd_agent_listens(void)
{
	char line[512];
	unsigned flags;
	bool listens = false;
	FILE *file = fopen("/proc/net/unix", "re");
	while (file && fgets(line, sizeof(line), file))
		if (strstr(line, " " RUN_DIR "/control.sock\n") &&
		    sscanf(line, "%*s %*s %*s %x", &flags) == 1)
			listens |= flags & __SO_ACCEPTCON;
	if (file)
		fclose(file);
	return listens;
}

int omfwd_agent_stop(struct lab *lab, pid_t pid, int signal)
{
	kill(pid, signal);
	return lab_wait(lab, pid);
}

json_t *nft_list(const struct lab *lab, enum lab_ns ns)
{
	struct run run;
	lab_run(lab, ns, NULL, &run, "nft -j list table inet omfwd");
	if (run.code != 0)
		fail_msg("nft cannot list the table: %s", run.err);
	json_error_t error;
	json_t *root = json_loads(run.out, 0, &error);
	if (!root)
		fail_msg("nft -j: %s", error.text);
	json_t *array = json_incref(json_object_get(root, "nftables"));
	json_decref(root);
	lab_run_free(&run);
	return array;
}

long nft_counter(const struct lab *lab, const char *name)
{
	json_t *list = nft_list(lab, NS_GATEWAY), *item;
	size_t i;
	long packets = -1;
	json_array_foreach(list, i, item)
	{
		json_t *counter = json_object_get(item, "counter");
		const char *counter_name = json_string_value(json_object_get(counter, "name"));
		if (counter_name && strcmp(counter_name, name) == 0)
			packets = (long)json_integer_value(json_object_get(counter, "packets"));
	}
	json_decref(list);
	return packets;
}
