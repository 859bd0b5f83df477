// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a command in silence and prints what it and its children took: wall time and CPU time in ms, peak memory in kB. The shell's
 * own `time` rounds to milliseconds. Exits with the command's code.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double to_ms(struct timeval time)
{
	return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static void run(char **argv)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execvp(argv[0], argv);
	_exit(127);
}

int main(int argc, char **argv)
{
	double begun = now_ms();
	struct rusage used;
	int status = 0;
	pid_t child;

	if (argc < 2) {
		fputs("usage: cost COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	child = fork();
	if (child == 0)
		run(argv + 1);
	if (child < 0 || waitpid(child, &status, 0) < 0) {
		perror("cost");
		return 3;
	}
	begun = now_ms() - begun;
	getrusage(RUSAGE_CHILDREN, &used);
	printf("%.3f %.3f %ld\n", begun, to_ms(used.ru_utime) + to_ms(used.ru_stime), used.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
