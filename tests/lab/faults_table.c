// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every system call of the agent, with the errors that its manual page knows and that may meet a healthy program: no
 * EBADF or EFAULT, nor what only a wrong argument earns. Calls without any cannot fail. A long run fails over a call that
 * is not here: it is new.
 */
#include <string.h>

#include "tests/lab/faults_internal.h"
#include "util/array.h"

#define ERRORS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NONE        ((const char *const[]){NULL})
#define DESCRIPTORS "EMFILE", "ENFILE", "ENOMEM"

static const struct {
	const char *call;
	const char *const *errors;
} calls[] = {
        {"accept4", ERRORS(DESCRIPTORS, "ECONNABORTED", "EINTR", "EAGAIN", "ENOBUFS", "EPERM")},
        {"access", ERRORS("EACCES", "ENOENT", "EIO", "ENOMEM", "ELOOP", "ENOTDIR")},
        {"arch_prctl", NONE},
        {"bind", ERRORS("EADDRINUSE", "EACCES", "ENOMEM", "EROFS", "ENOENT", "ENOTDIR", "ELOOP")},
        {"brk", ERRORS("ENOMEM")},
        {"capget", ERRORS("EPERM")},
        {"capset", ERRORS("EPERM")},
        {"chown", ERRORS("EPERM", "EIO", "EROFS", "ENOENT", "EACCES", "ELOOP", "ENOMEM", "ENOTDIR")},
        {"clock_gettime", NONE},
        {"clone", ERRORS("EAGAIN", "ENOMEM", "EPERM", "ENOSPC")},
        {"clone3", ERRORS("EAGAIN", "ENOMEM", "ENOSYS", "EPERM", "ENOSPC")},
        {"close", NONE}, /* Linux closes in any case, strace would not */
        {"connect", ERRORS("ECONNREFUSED", "EAGAIN", "EACCES", "ENOENT", "EINTR", "EPERM", "EPROTOTYPE")},
        {"epoll_create1", ERRORS(DESCRIPTORS)},
        {"epoll_ctl", ERRORS("ENOMEM", "ENOSPC")},
        {"epoll_wait", ERRORS("EINTR")},
        {"epoll_pwait2", ERRORS("EINTR", "ENOSYS")},
        {"eventfd2", ERRORS(DESCRIPTORS, "ENODEV")},
        {"execve", NONE},
        {"exit", NONE},
        {"exit_group", NONE},
        {"fchown", ERRORS("EPERM", "EIO", "EROFS")},
        {"fcntl", ERRORS("EAGAIN", "EMFILE", "EPERM")},
        {"fstat", ERRORS("ENOMEM", "EOVERFLOW")},
        {"fsync", ERRORS("EIO", "ENOSPC", "EDQUOT", "EINTR", "EROFS")},
        {"futex", NONE}, /* a wake knows no error, and strace cannot tell it from a wait */
        {"getegid", NONE},
        {"geteuid", NONE},
        {"getgid", NONE},
        {"getpid", NONE},
        {"getrandom", ERRORS("EAGAIN", "EINTR", "ENOSYS")},
        {"getsockname", ERRORS("ENOBUFS")},
        {"getsockopt", ERRORS("ENOPROTOOPT", "EINVAL")},
        {"gettid", NONE},
        {"getuid", NONE},
        {"ioctl", ERRORS("EINVAL", "ENOTTY")},
        {"listen", ERRORS("EADDRINUSE")},
        {"lseek", ERRORS("ESPIPE", "EINVAL")},
        {"madvise", ERRORS("EAGAIN", "ENOMEM", "EINVAL")},
        {"membarrier", ERRORS("ENOSYS", "EPERM")},
        {"mkdir", ERRORS("EACCES", "ENOSPC", "EROFS", "EDQUOT", "EEXIST", "ELOOP", "EMLINK", "ENOENT",
                         "ENOMEM", "ENOTDIR", "EPERM")},
        {"mmap", ERRORS("ENOMEM", "EAGAIN", "ENFILE", "EPERM")},
        {"mprotect", ERRORS("ENOMEM", "EACCES")},
        {"mremap", ERRORS("ENOMEM", "EAGAIN")},
        {"munmap", ERRORS("ENOMEM")},
        {"newfstatat", ERRORS("ENOMEM", "EACCES", "ENOENT", "ELOOP", "ENOTDIR", "EOVERFLOW")},
        {"openat", ERRORS(DESCRIPTORS, "EACCES", "EINTR", "ENOENT", "ENOSPC", "EDQUOT", "EROFS", "EAGAIN",
                          "EEXIST", "EISDIR", "ELOOP", "ENODEV", "ENOTDIR", "ENXIO", "EPERM")},
        {"prctl", ERRORS("EINVAL", "EPERM")},
        {"pread64", ERRORS("EIO", "EINTR", "EAGAIN")},
        {"prlimit64", ERRORS("EPERM", "EINVAL")},
        {"read", ERRORS("EIO", "EINTR", "EAGAIN", "EISDIR")},
        {"readlink", ERRORS("EACCES", "EIO", "ENOENT", "ENOMEM", "EINVAL", "ELOOP", "ENOTDIR")},
        {"readlinkat", ERRORS("EACCES", "EIO", "ENOENT", "ENOMEM", "EINVAL", "ELOOP", "ENOTDIR")},
        {"recvfrom", ERRORS("EAGAIN", "EINTR", "ENOMEM", "ECONNRESET", "ECONNREFUSED")},
        {"recvmsg", ERRORS("EAGAIN", "EINTR", "ENOMEM", "ENOBUFS", "ECONNREFUSED")},
        {"renameat", ERRORS("EACCES", "EIO", "ENOSPC", "EDQUOT", "EROFS", "EBUSY", "EISDIR", "ENOENT",
                            "ENOMEM", "ENOTDIR", "EPERM", "EXDEV")},
        {"restart_syscall", NONE},
        {"rseq", ERRORS("ENOSYS")},
        {"rt_sigaction", NONE},
        {"rt_sigprocmask", NONE},
        {"rt_sigreturn", NONE},
        {"sched_getaffinity", NONE},
        {"sched_yield", NONE},
        {"seccomp", ERRORS("ENOMEM", "EACCES", "ENOSYS", "EINVAL")},
        {"sendmsg", ERRORS("EAGAIN", "EINTR", "ENOBUFS", "ENOMEM", "EPERM", "EPIPE", "EACCES", "ECONNREFUSED",
                           "ECONNRESET", "EMSGSIZE", "ENOTCONN")},
        {"sendto", ERRORS("EAGAIN", "EINTR", "ENOBUFS", "ENOMEM", "EPERM", "EPIPE", "EACCES", "ECONNREFUSED",
                          "ECONNRESET", "EMSGSIZE", "ENOTCONN")},
        {"set_robust_list", NONE},
        {"set_tid_address", NONE},
        {"setgroups", ERRORS("EPERM", "ENOMEM", "EINVAL")},
        {"setsockopt", ERRORS("ENOBUFS", "ENOPROTOOPT", "EPERM", "EINVAL")},
        {"sigaltstack", ERRORS("ENOMEM")},
        {"signalfd4", ERRORS(DESCRIPTORS, "ENODEV")},
        {"socket", ERRORS(DESCRIPTORS, "EACCES", "ENOBUFS", "EPROTONOSUPPORT", "EAFNOSUPPORT", "EINVAL")},
        {"timerfd_create", ERRORS(DESCRIPTORS, "ENODEV")},
        {"timerfd_settime", ERRORS("ECANCELED", "EINVAL")},
        {"umask", NONE},
        {"unlink", ERRORS("EACCES", "EIO", "EROFS", "EBUSY", "EISDIR", "ELOOP", "ENOENT", "ENOMEM", "ENOTDIR",
                          "EPERM")},
        {"unlinkat", ERRORS("EACCES", "EIO", "EROFS", "EBUSY", "EISDIR", "ELOOP", "ENOENT", "ENOMEM",
                            "ENOTDIR", "EPERM")},
        {"write", ERRORS("EIO", "ENOSPC", "EDQUOT", "EINTR", "EAGAIN", "EPIPE", "EFBIG", "EPERM")},
        {"writev", ERRORS("EIO", "ENOSPC", "EDQUOT", "EINTR", "EAGAIN", "EFBIG", "EPERM", "EPIPE")},
};

const char *const *faults_errors(const char *call)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (strcmp(calls[i].call, call) == 0)
			return calls[i].errors;
	return NULL;
}
