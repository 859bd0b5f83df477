// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The limit: what a load costs the kernel alone. `replay record CONFIG FILE` loads a role file as omfwd does and writes down
 * every batch that goes to netfilter; `replay FILE` has them all in memory before it begins, sends them, and prints the CPU
 * time of that in ms. Both act on the network namespace they are in.
 *
 * A file is a list of batches, each behind its length in four bytes.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "util/diag.h"

#define SEND_BUFFER (4 * 1024 * 1024)

static FILE *record;

static void fail(const char *what)
{
	fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* Stands before the C library's: all that omfwd changes in the kernel goes through it, one batch a call. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	uint32_t len = 0;

	for (size_t i = 0; i < message->msg_iovlen; i++)
		len += (uint32_t)message->msg_iov[i].iov_len;
	if (record) {
		fwrite(&len, sizeof(len), 1, record);
		for (size_t i = 0; i < message->msg_iovlen; i++)
			fwrite(message->msg_iov[i].iov_base, 1, message->msg_iov[i].iov_len, record);
	}
	return syscall(SYS_sendmsg, fd, message, flags);
}

static void record_load(const char *config, const char *file)
{
	struct diag_list diags = {0};
	struct policy *policy = policy_load(config, time(NULL), &diags);
	struct lines lines;
	struct ruleset *ruleset;
	struct kernel *kernel;
	const char *error;

	if (!policy)
		fail(config);
	lines = policy_compile(policy);
	ruleset = ruleset_build(policy, &lines);
	if (kernel_open(&kernel, &error) < 0)
		fail(error);
	record = fopen(file, "w");
	if (!record || kernel_apply(kernel, ruleset, NULL, false) < 0 || fclose(record))
		fail(kernel_error(kernel));
	record = NULL;
	kernel_close(kernel);
	ruleset_free(ruleset);
	policy_free(policy);
	diag_clear(&diags);
}

static double cpu_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* An answer is an error unless its code is 0. */
static void read_answers(int fd)
{
	char buf[32 * 1024];
	ssize_t len;

	while ((len = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		const struct nlmsghdr *message = (void *)buf;

		for (; NLMSG_OK(message, (size_t)len); message = NLMSG_NEXT(message, len)) {
			const struct nlmsgerr *answer = NLMSG_DATA(message);

			if (message->nlmsg_type == NLMSG_ERROR && answer->error) {
				errno = -answer->error;
				fail("the kernel refused a batch");
			}
		}
	}
}

static void send_all(int fd, const char *bytes, size_t size)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	for (size_t at = 0; at < size;) {
		uint32_t len;

		memcpy(&len, bytes + at, sizeof(len));
		at += sizeof(len);
		if (sendto(fd, bytes + at, len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
			fail("sendto");
		read_answers(fd);
		at += len;
	}
}

static char *read_all(const char *file, size_t *size)
{
	FILE *in = fopen(file, "r");
	char *bytes;

	if (!in || fseek(in, 0, SEEK_END) < 0)
		fail(file);
	*size = (size_t)ftell(in);
	rewind(in);
	bytes = malloc(*size);
	if (!bytes || fread(bytes, 1, *size, in) != *size)
		fail(file);
	fclose(in);
	return bytes;
}

static void replay(const char *file)
{
	struct sockaddr_nl any = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER), buffer = SEND_BUFFER;
	size_t size;
	char *bytes = read_all(file, &size);
	double before;

	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0)
		fail("netlink");
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
	before = cpu_ms();
	send_all(fd, bytes, size);
	printf("%.3f\n", cpu_ms() - before);
	free(bytes);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "record") == 0) {
		record_load(argv[2], argv[3]);
		return 0;
	}
	if (argc == 2) {
		replay(argv[1]);
		return 0;
	}
	fputs("usage: replay record CONFIG FILE\n       replay FILE\n", stderr);
	return 2;
}
