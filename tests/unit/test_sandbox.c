// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the agent has given up: each thing that is forbidden is tried in a process of its own, and what the agent needs is
 * done in another. A call that ends the process must not end it by returning; one that does not exist must not do
 * anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
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

#include <linux/capability.h>
#include <linux/netlink.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/sandbox.h"
#include "util/array.h"
#include "util/sanitized.h"

#define RUN_DIR   "/nonexistent/run"
#define STATE_DIR "/nonexistent/state"

enum end { END_REFUSED, END_DONE, END_NO_FILTER };

struct attempt {
	const char *what;
	long call;
	long args[4];
	bool deadly;
	bool open_to_sanitizers; /* LeakSanitizer needs it */
};

static char *const no_args[] = {NULL};
static const struct rlimit a_limit = {.rlim_cur = 64, .rlim_max = 64};

#define TRUE_PROGRAM (long)"/bin/true"
#define SLASH        (long)"/"

static const struct attempt attempts[] = {
        {"execve", SYS_execve, {TRUE_PROGRAM, (long)no_args, (long)no_args}, true, false},
        {"execveat", SYS_execveat, {AT_FDCWD, TRUE_PROGRAM, (long)no_args, (long)no_args}, true, false},
        {"a process", SYS_clone, {SIGCHLD}, true, true},
        {"clone3", SYS_clone3, {0}, false, false},
        {"ptrace", SYS_ptrace, {0}, true, true},
        {"process_vm_writev", SYS_process_vm_writev, {1}, true, false},
        {"mount", SYS_mount, {(long)"none", SLASH, (long)"tmpfs"}, true, false},
        {"umount", SYS_umount2, {(long)"/nonexistent"}, true, false},
        {"chroot", SYS_chroot, {(long)"/nonexistent"}, true, false},
        {"mknod", SYS_mknodat, {AT_FDCWD, (long)"/nonexistent/x"}, true, false},
        {"unshare", SYS_unshare, {CLONE_NEWNET}, true, false},
        {"setns", SYS_setns, {-1}, true, false},
        {"bpf", SYS_bpf, {-1}, true, false},
        {"io_uring", SYS_io_uring_setup, {0}, true, false},
        {"perf", SYS_perf_event_open, {0}, true, false},
        {"keyctl", SYS_keyctl, {-1}, true, false},
        {"kexec", SYS_kexec_load, {0, 0, 0, -1}, true, false},
        {"init_module", SYS_init_module, {0}, true, false},
        {"finit_module", SYS_finit_module, {-1}, true, false},
        {"reboot", SYS_reboot, {0}, true, false},
        {"the clock", SYS_clock_settime, {-1}, true, false},
        {"userfaultfd", SYS_userfaultfd, {-1}, true, false},
        {"IPv4", SYS_socket, {AF_INET, SOCK_STREAM}, false, false},
        {"IPv6", SYS_socket, {AF_INET6, SOCK_DGRAM}, false, false},
        {"frames", SYS_socket, {AF_PACKET, SOCK_RAW}, false, false},
        {"vsock", SYS_socket, {40, SOCK_STREAM}, false, false},
        {"netlink to audit", SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_AUDIT}, false, false},
        {"typing at a terminal", SYS_ioctl, {0, 0x5412}, false, false},
        {"another process's signal", SYS_kill, {1, 0}, false, true},
        {"a limit", SYS_prlimit64, {0, 7, (long)&a_limit}, false, true},
        {"another user", SYS_setuid, {1}, false, false},
        {"chmod by name", SYS_fchmodat, {AT_FDCWD, (long)"/nonexistent/x", 04755}, false, false},
        {"a link", SYS_symlinkat, {SLASH, AT_FDCWD, (long)"/nonexistent/x"}, false, false},
};

/*
 * Every other call that ends the process, with arguments that no kernel takes: where the filter lets one through, it
 * fails for another reason, or is a process whose end nobody waits for.
 */
static const struct attempt deadly[] = {
#define DEADLY(name)                                                                                         \
	{                                                                                                    \
#name, SYS_##name, {-1, -1, -1, -1 }, true, false                                            \
	}
        DEADLY(kcmp),
        DEADLY(pidfd_getfd),
        DEADLY(process_madvise),
        DEADLY(process_vm_readv),
        DEADLY(fsconfig),
        DEADLY(fsmount),
        DEADLY(fsopen),
        DEADLY(mount_setattr),
        DEADLY(move_mount),
        DEADLY(open_by_handle_at),
        DEADLY(open_tree),
        DEADLY(pivot_root),
        DEADLY(adjtimex),
        DEADLY(clock_adjtime),
        DEADLY(delete_module),
        DEADLY(kexec_file_load),
        DEADLY(quotactl),
        DEADLY(sethostname),
        DEADLY(settimeofday),
        DEADLY(swapoff),
        DEADLY(swapon),
        DEADLY(syslog),
        DEADLY(add_key),
        DEADLY(io_uring_enter),
        DEADLY(io_uring_register),
        DEADLY(request_key),
#ifdef __x86_64__
        DEADLY(fork),
        DEADLY(vfork),
        DEADLY(mknod),
        DEADLY(iopl),
        DEADLY(ioperm),
#endif
};

/* What a child found, as its exit code, or 128 and the signal that ended it. */
static int in_child(int (*work)(const void *), const void *data)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(work(data));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int try_it(const void *data)
{
	const struct attempt *attempt = data;
	const long *args = attempt->args;

	if (sandbox_filter_calls() < 0)
		return END_NO_FILTER;
	errno = 0;
	if (syscall(attempt->call, args[0], args[1], args[2], args[3]) < 0 && errno == ENOSYS)
		return END_REFUSED;
	return END_DONE;
}

static void expect_forbidden(const struct attempt *these, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct attempt *attempt = &these[i];
		int want = attempt->deadly ? 128 + SIGSYS : END_REFUSED, end;

		if (SANITIZED && attempt->open_to_sanitizers)
			continue;
		end = in_child(try_it, attempt);
		if (end != want)
			fail_msg("%s: ended with %d, not %d", attempt->what, end, want);
	}
}

static void test_forbidden(void **state)
{
	(void)state;
	expect_forbidden(attempts, ARRAY_SIZE(attempts));
	expect_forbidden(deadly, ARRAY_SIZE(deadly));
}

static void *in_thread(void *data)
{
	*(bool *)data = true;
	return NULL;
}

static bool can_start_a_thread(void)
{
	bool ran = false;
	pthread_t thread;

	return pthread_create(&thread, NULL, in_thread, &ran) == 0 && pthread_join(thread, NULL) == 0 && ran;
}

static bool can_open(int domain, int type, int protocol)
{
	int fd = socket(domain, type | SOCK_CLOEXEC, protocol);

	return fd >= 0 && close(fd) == 0;
}

/* Aside, then renamed, as state files are. */
static bool can_replace_a_file(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(dir, "aside", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool written = fd >= 0 && write(fd, "x", 1) == 1 && fchmod(fd, 0640) == 0 && fsync(fd) == 0;

	return written && close(fd) == 0 && renameat(dir, "aside", dir, "file") == 0 &&
	       unlinkat(dir, "file", 0) == 0 && close(dir) == 0;
}

/* The number of the duty that cannot be done, 0 when all can. */
static int do_duties(const void *data)
{
	int fd;

	if (sandbox_filter_calls() < 0)
		return 1;
	if (!can_start_a_thread())
		return 2;
	if (!can_open(AF_UNIX, SOCK_SEQPACKET, 0) || !can_open(AF_UNIX, SOCK_DGRAM, 0))
		return 3;
	if (!can_open(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER) ||
	    !can_open(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE))
		return 4;
	if (!can_replace_a_file(data))
		return 5;
	/* What the journal takes long messages in. */
	fd = memfd_create("test", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	if (fd < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) < 0)
		return 6;
	if (!getpwuid(0) || !getgrgid(0) || getgrnam("no-such-group"))
		return 7;
	return 0;
}

static void test_duties(void **state)
{
	char dir[] = "/tmp/omfwd-sandbox.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(in_child(do_duties, dir), 0);
	assert_int_equal(rmdir(dir), 0);
}

static int abort_in_it(const void *data)
{
	(void)data;
	signal(SIGABRT, SIG_DFL);
	if (sandbox_filter_calls() < 0)
		return END_NO_FILTER;
	abort();
}

/* A bug must look like one. */
static void test_abort(void **state)
{
	(void)state;
	assert_int_equal(in_child(abort_in_it, NULL), 128 + SIGABRT);
}

static uint64_t status_mask(const char *name)
{
	FILE *in = fopen("/proc/self/status", "re");
	char line[256];
	uint64_t mask = UINT64_MAX;

	while (in && fgets(line, sizeof(line), in))
		if (!strncmp(line, name, strlen(name)))
			mask = strtoull(line + strlen(name), NULL, 16);
	if (in)
		fclose(in);
	return mask;
}

#define NET_ADMIN (UINT64_C(1) << CAP_NET_ADMIN)
#define SETPCAP   (UINT64_C(1) << CAP_SETPCAP)

static int drop(const void *data)
{
	uint64_t before = status_mask("CapPrm:"), effective = status_mask("CapEff:");
	char error[256];

	(void)data;
	if (sandbox_drop_capabilities(RUN_DIR, STATE_DIR, error, sizeof(error)) < 0)
		return 1;
	if (status_mask("CapPrm:") != (before & NET_ADMIN) || status_mask("CapEff:") != (before & NET_ADMIN))
		return 2;
	if (status_mask("CapAmb:") != 0)
		return 3;
	if (effective & SETPCAP && status_mask("CapBnd:") & ~NET_ADMIN)
		return 4;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 5;
}

static void test_capabilities(void **state)
{
	(void)state;
	assert_int_equal(in_child(drop, NULL), 0);
}

/* Root owns what root may read and write; it is other people's files that are out of reach. */
static int write_others_file(const void *data)
{
	char error[256];

	if (sandbox_drop_capabilities(RUN_DIR, STATE_DIR, error, sizeof(error)) < 0)
		return 1;
	return open(data, O_WRONLY | O_CLOEXEC) < 0 && errno == EACCES ? 0 : 2;
}

static void test_other_peoples_files(void **state)
{
	char path[] = "/tmp/omfwd-sandbox.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	/* Nobody's in particular where there is no right to give it away: then nobody may write it at all. */
	if (fchown(fd, 65534, 65534) < 0)
		assert_int_equal(fchmod(fd, 0400), 0);
	close(fd);
	assert_int_equal(in_child(write_others_file, path), 0);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_forbidden),
	        cmocka_unit_test(test_duties),
	        cmocka_unit_test(test_abort),
	        cmocka_unit_test(test_capabilities),
	        cmocka_unit_test(test_other_peoples_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
