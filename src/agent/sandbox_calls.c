// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Three answers. Allowed is what the agent, its libraries and the C library's look-up of users and groups need. What would only be
 * tried by somebody who has taken the agent over ends the process: the policy stays in the kernel and systemd starts
 * another. Everything else does not exist (ENOSYS), so that a newer C library falls back on what there is; the kernel's
 * audit log names the call.
 *
 * Paths cannot be told apart here; systemd's unit does that (ProtectSystem=).
 */
#include "agent/sandbox.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/array.h"
#include "util/sanitized.h"

/* clone(2) takes its arguments in another order there. */
#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

static const int allowed[] = {
        /* files */
        SCMP_SYS(access), SCMP_SYS(chown), SCMP_SYS(close), SCMP_SYS(close_range), SCMP_SYS(dup),
        SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(fadvise64),
        SCMP_SYS(fallocate), SCMP_SYS(fchmod), SCMP_SYS(fchown), SCMP_SYS(fchownat), SCMP_SYS(fcntl),
        SCMP_SYS(fcntl64), SCMP_SYS(fdatasync), SCMP_SYS(flock), SCMP_SYS(fstat), SCMP_SYS(fstat64),
        SCMP_SYS(fstatat64), SCMP_SYS(fstatfs), SCMP_SYS(fstatfs64), SCMP_SYS(fsync), SCMP_SYS(ftruncate),
        SCMP_SYS(ftruncate64), SCMP_SYS(getcwd), SCMP_SYS(getdents), SCMP_SYS(getdents64), SCMP_SYS(_llseek),
        SCMP_SYS(lseek), SCMP_SYS(lstat), SCMP_SYS(lstat64), SCMP_SYS(memfd_create), SCMP_SYS(mkdir),
        SCMP_SYS(mkdirat), SCMP_SYS(name_to_handle_at), SCMP_SYS(newfstatat), SCMP_SYS(open),
        SCMP_SYS(openat), SCMP_SYS(pipe2), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(read),
        SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(readv), SCMP_SYS(rename), SCMP_SYS(renameat),
        SCMP_SYS(renameat2), SCMP_SYS(stat), SCMP_SYS(stat64), SCMP_SYS(statfs), SCMP_SYS(statfs64),
        SCMP_SYS(statx), SCMP_SYS(umask), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(write),
        SCMP_SYS(writev),
        /* memory */
        SCMP_SYS(brk), SCMP_SYS(madvise), SCMP_SYS(membarrier), SCMP_SYS(mmap), SCMP_SYS(mmap2),
        SCMP_SYS(mprotect), SCMP_SYS(mremap), SCMP_SYS(munmap),
        /* waiting */
        SCMP_SYS(clock_getres), SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(clock_nanosleep),
        SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait),
        SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_wait), SCMP_SYS(eventfd2), SCMP_SYS(gettimeofday),
        SCMP_SYS(inotify_add_watch), SCMP_SYS(inotify_init1), SCMP_SYS(inotify_rm_watch), SCMP_SYS(nanosleep),
        SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64), SCMP_SYS(pselect6), SCMP_SYS(sched_yield),
        SCMP_SYS(select), SCMP_SYS(signalfd4), SCMP_SYS(time), SCMP_SYS(timerfd_create),
        SCMP_SYS(timerfd_gettime), SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_settime64),
        /* sockets, once there is one */
        SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(bind), SCMP_SYS(connect), SCMP_SYS(getpeername),
        SCMP_SYS(getsockname), SCMP_SYS(getsockopt), SCMP_SYS(listen), SCMP_SYS(recvfrom), SCMP_SYS(recvmmsg),
        SCMP_SYS(recvmmsg_time64), SCMP_SYS(recvmsg), SCMP_SYS(sendmmsg), SCMP_SYS(sendmsg), SCMP_SYS(sendto),
        SCMP_SYS(setsockopt), SCMP_SYS(shutdown),
        /* ourselves */
        SCMP_SYS(capget), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex), SCMP_SYS(futex_time64),
        SCMP_SYS(getegid), SCMP_SYS(getegid32), SCMP_SYS(geteuid), SCMP_SYS(geteuid32), SCMP_SYS(getgid),
        SCMP_SYS(getgid32), SCMP_SYS(getgroups), SCMP_SYS(getgroups32), SCMP_SYS(getpgrp), SCMP_SYS(getpid),
        SCMP_SYS(getppid), SCMP_SYS(getrandom), SCMP_SYS(getresuid), SCMP_SYS(getrlimit), SCMP_SYS(getrusage),
        SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(getuid32), SCMP_SYS(pidfd_open),
        SCMP_SYS(restart_syscall), SCMP_SYS(rseq), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigpending),
        SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigtimedwait),
        SCMP_SYS(sched_getaffinity), SCMP_SYS(set_robust_list), SCMP_SYS(sigaltstack), SCMP_SYS(sigreturn),
        SCMP_SYS(sysinfo), SCMP_SYS(ugetrlimit), SCMP_SYS(uname)};

static const int deadly[] = {
        /* other programs */
        SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork),
        /* other processes */
        SCMP_SYS(kcmp), SCMP_SYS(pidfd_getfd), SCMP_SYS(process_madvise), SCMP_SYS(process_vm_readv),
        SCMP_SYS(process_vm_writev),
        /* the file system as a whole, and namespaces */
        SCMP_SYS(chroot), SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fsopen), SCMP_SYS(mknod),
        SCMP_SYS(mknodat), SCMP_SYS(mount), SCMP_SYS(mount_setattr), SCMP_SYS(move_mount),
        SCMP_SYS(open_by_handle_at), SCMP_SYS(open_tree), SCMP_SYS(pivot_root), SCMP_SYS(setns),
        SCMP_SYS(umount), SCMP_SYS(umount2), SCMP_SYS(unshare),
        /* the machine */
        SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime), SCMP_SYS(clock_settime), SCMP_SYS(delete_module),
        SCMP_SYS(finit_module), SCMP_SYS(init_module), SCMP_SYS(ioperm), SCMP_SYS(iopl),
        SCMP_SYS(kexec_file_load), SCMP_SYS(kexec_load), SCMP_SYS(quotactl), SCMP_SYS(reboot),
        SCMP_SYS(sethostname), SCMP_SYS(settimeofday), SCMP_SYS(swapoff), SCMP_SYS(swapon), SCMP_SYS(syslog),
        /* large doors into the kernel; io_uring would go around this filter */
        SCMP_SYS(add_key), SCMP_SYS(bpf), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register),
        SCMP_SYS(io_uring_setup), SCMP_SYS(keyctl), SCMP_SYS(perf_event_open), SCMP_SYS(request_key),
        SCMP_SYS(userfaultfd)};

/* LeakSanitizer stops the threads of the process from a process of its own. */
static const int of_the_sanitizer[] = {SCMP_SYS(clone),     SCMP_SYS(kill),   SCMP_SYS(prctl),
                                       SCMP_SYS(prlimit64), SCMP_SYS(ptrace), SCMP_SYS(setrlimit),
                                       SCMP_SYS(tgkill),    SCMP_SYS(wait4)};

/* A call that depends on what it is asked. */
struct conditional {
	int call;
	unsigned n;
	struct scmp_arg_cmp is[2];
};

/* An int takes the lower half of a register, whatever is in the other. */
#define INT_IS(number, value)                                                                                \
	{                                                                                                    \
		.arg = (number), .op = SCMP_CMP_MASKED_EQ, .datum_a = UINT32_MAX, .datum_b = (value)         \
	}
#define POINTER_IS_NULL(number)                                                                              \
	{                                                                                                    \
		.arg = (number), .op = SCMP_CMP_EQ, .datum_a = 0                                             \
	}

static const struct conditional conditionals[] = {
        {SCMP_SYS(socket), 1, {INT_IS(0, AF_UNIX)}},
        {SCMP_SYS(socket), 2, {INT_IS(0, AF_NETLINK), INT_IS(2, NETLINK_NETFILTER)}},
        {SCMP_SYS(socket), 2, {INT_IS(0, AF_NETLINK), INT_IS(2, NETLINK_ROUTE)}},
        {SCMP_SYS(socketpair), 1, {INT_IS(0, AF_UNIX)}},
        /* whether it is a terminal; which network namespace a socket is of; the name of an interface */
        {SCMP_SYS(ioctl), 1, {INT_IS(1, TCGETS)}},
        {SCMP_SYS(ioctl), 1, {INT_IS(1, SIOCGSKNS)}},
        {SCMP_SYS(ioctl), 1, {INT_IS(1, SIOCGIFNAME)}},
        /* limits are read, not set */
        {SCMP_SYS(prlimit64), 1, {POINTER_IS_NULL(2)}},
};

static int add_each(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = seccomp_rule_add(filter, action, calls[i], 0);
	return r;
}

static int add_conditionals(scmp_filter_ctx filter)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(conditionals) && r == 0; i++)
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, conditionals[i].call, conditionals[i].n,
		                           conditionals[i].is);
	return r;
}

#define CLONE_HAS(flag)                                                                                      \
	{                                                                                                    \
		.arg = CLONE_FLAGS, .op = SCMP_CMP_MASKED_EQ, .datum_a = CLONE_THREAD, .datum_b = (flag)     \
	}

/* Threads but no processes; signals to ourselves, which is how abort() works. */
static int add_own(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp self = INT_IS(0, (scmp_datum_t)getpid());
	const struct scmp_arg_cmp thread = CLONE_HAS(CLONE_THREAD), process = CLONE_HAS(0);
	int r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &self);

	if (r == 0)
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, &thread);
	if (r == 0)
		r = seccomp_rule_add_array(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1, &process);
	return r == 0 ? seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(ptrace), 0) : r;
}

static int add_rules(scmp_filter_ctx filter)
{
	int r = add_each(filter, SCMP_ACT_ALLOW, allowed, ARRAY_SIZE(allowed));

	if (r == 0)
		r = add_each(filter, SCMP_ACT_KILL_PROCESS, deadly, ARRAY_SIZE(deadly));
	if (r == 0)
		r = SANITIZED
		            ? add_each(filter, SCMP_ACT_ALLOW, of_the_sanitizer, ARRAY_SIZE(of_the_sanitizer))
		            : add_own(filter);
	return r == 0 ? add_conditionals(filter) : r;
}

int sandbox_filter_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r;

	if (!filter)
		return -ENOMEM;
	r = add_rules(filter);
	if (r == 0) {
		/* Better, and not there everywhere: names in the audit log, a tree instead of a list. */
		(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
		(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
		r = seccomp_load(filter);
	}
	seccomp_release(filter);
	return r;
}
