/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands in namespaces, and files. Output goes to memory files, not pipes: a command can say as much as it likes
 * while nobody reads. Every child dies with the test program.
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
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMAND_MAX 16384

/* The tests keep to one CPU; what they run need not. */
static void cpu_unpin(void)
{
	cpu_set_t all;
	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all);
}

static pid_t child_start(const struct lab *lab, enum lab_ns ns, const int fds[3], const char *command)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	cpu_unpin();
	lab_enter(lab, ns);
	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static int child_wait(pid_t pid, int timeout_ms)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	bool ended = poll(&poll_fd, 1, timeout_ms) == 1;
	close(fd);
	if (!ended)
		kill(pid, SIGKILL);
	int status;
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static char *fd_read_all(int fd)
{
	struct stat st;
	fstat(fd, &st);
	char *text = calloc(1, (size_t)st.st_size + 1);
	if (!text || pread(fd, text, (size_t)st.st_size, 0) != st.st_size)
		fail_msg("cannot read what a command wrote");
	return text;
}

static int input_make(const char *input)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	size_t len = input ? strlen(input) : 0;
	if (fd < 0 || (len && write(fd, input, len) != (ssize_t)len))
		fail_msg("memfd: %s", strerror(errno));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void run_command(const struct lab *lab, enum lab_ns ns, const char *input, struct run *ret,
                        const char *command)
{
	int fds[3] = {input_make(input), memfd_create("out", MFD_CLOEXEC), memfd_create("err", MFD_CLOEXEC)};
	ret->code = child_wait(child_start(lab, ns, fds, command), LAB_PATIENCE_MS);
	ret->out = fd_read_all(fds[1]);
	ret->err = fd_read_all(fds[2]);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

void lab_run(const struct lab *lab, enum lab_ns ns, const char *input, struct run *ret, const char *fmt, ...)
{
	char command[COMMAND_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	run_command(lab, ns, input, ret, command);
}

void lab_run_free(struct run *run)
{
	free(run->out);
	free(run->err);
	run->out = run->err = NULL;
}

void lab_must(const struct lab *lab, enum lab_ns ns, const char *fmt, ...)
{
	char command[COMMAND_MAX];
	struct run run;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	run_command(lab, ns, NULL, &run, command);
	if (run.code != 0)
		fail_msg("exit code %d from: %s\n%s", run.code, command, run.err);
	lab_run_free(&run);
}

static void child_note(struct lab *lab, pid_t from, pid_t to)
{
	for (int i = 0; i < LAB_CHILDREN_MAX; i++) {
		if (lab->children[i] == from) {
			lab->children[i] = to;
			return;
		}
	}
	fail_msg("a test starts too many children, or waits for another's");
}

pid_t lab_start(struct lab *lab, enum lab_ns ns, int out, const char *fmt, ...)
{
	char command[COMMAND_MAX] = "exec ";
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command + 5, sizeof(command) - 5, fmt, ap);
	va_end(ap);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fds[3] = {null, out < 0 ? null : out, out < 0 ? null : out};
	pid_t pid = child_start(lab, ns, fds, command);
	close(null);
	child_note(lab, 0, pid);
	return pid;
}

int lab_wait(struct lab *lab, pid_t pid)
{
	child_note(lab, pid, 0);
	return child_wait(pid, LAB_PATIENCE_MS);
}

void lab_write(const char *name, const char *text)
{
	char path[PATH_MAX], beside[PATH_MAX + 8];
	snprintf(path, sizeof(path), LAB_DIR "/%s", name);
	snprintf(beside, sizeof(beside), "%s.new", path);
	FILE *file = fopen(beside, "we");
	if (!file || fputs(text, file) < 0 || fclose(file) != 0 || rename(beside, path) < 0)
		fail_msg("%s: %s", path, strerror(errno));
}

char *lab_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	char *text = fd_read_all(fd);
	close(fd);
	return text;
}
