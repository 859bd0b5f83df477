/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A private network for one test program: a gateway between two sides, in namespaces that are held by file
 * descriptors alone and die with the process. Nothing of the machine's own network, /run or rules is touched.
 *
 *   left 10.1.0.0/17, 2001:db8:1::/49 --- gl gateway gr --- right 10.2.0.0/17, 2001:db8:2::/49
 *                          10.9.0.0/16, 2001:db8:9::/48 belong to the gateway itself
 *
 * A side owns every address of its network, so a test may use any of them without assigning it first.
 */
#ifndef LAB_LAB_H
#define LAB_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

enum lab_ns {
	NS_LEFT,
	NS_GATEWAY,
	NS_RIGHT,
	NS_FAR, /* empty until a test links it to right */
	NS_MAX,
};

#define LAB_DIR "/run/lab" /* on a private tmpfs: the test's files */

/*
 * How long to wait for what must come about. It is for machines that are busy or emulated: what never comes fails late,
 * what comes costs nothing.
 */
#define LAB_PATIENCE_MS 60000

#define LAB_CHILDREN_MAX 16

struct taps;

struct lab {
	int netns[NS_MAX];
	char binary[4096];                /* the omfwd under test */
	struct taps *taps;                /* of packet probes, see burst.h */
	const char *problem;              /* why there is no lab; NULL when there is one */
	pid_t children[LAB_CHILDREN_MAX]; /* started and not yet waited for; 0: free */
	int first_fd;                     /* what tests open is numbered from here */
};

/* What a command left behind; lab_run_free() it. */
struct run {
	int code; /* exit code; 128 + signal when killed */
	char *out, *err;
};

/* cmocka group fixtures: *state becomes a struct lab *. */
int lab_setup(void **state);
int lab_teardown(void **state);

/* A test of the lab: however it ends, the next one finds the lab as it was. */
#define LAB_TEST(test) cmocka_unit_test_teardown(test, lab_refresh)

/*
 * Ends what the test started, closes what it opened, and empties the gateway's rules, its connections and LAB_DIR. Tests
 * may call it themselves, between two parts.
 */
int lab_refresh(void **state);

/* The lab, or the end of this test: skipped loudly where it cannot exist, failed when CI=true. */
struct lab *lab_need(void **state);

/* Switches this process into a namespace; lab_leave() goes back to the gateway. */
void lab_enter(const struct lab *lab, enum lab_ns ns);
void lab_leave(const struct lab *lab);

/* socket(2) in a namespace; fails the test if it cannot. */
int lab_socket(const struct lab *lab, enum lab_ns ns, int domain, int type, int protocol);

/* Runs a shell command in a namespace to its end (LAB_PATIENCE_MS at most). input may be NULL. */
void lab_run(const struct lab *lab, enum lab_ns ns, const char *input, struct run *ret, const char *fmt, ...)
        __attribute__((format(printf, 5, 6)));
void lab_run_free(struct run *run);

/* The same for commands that must succeed and have nothing to tell. */
void lab_must(const struct lab *lab, enum lab_ns ns, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* Starts a shell command that stays; it dies with the test program. out: where both outputs go, or -1. */
pid_t lab_start(struct lab *lab, enum lab_ns ns, int out, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

/* Waits for a started command, LAB_PATIENCE_MS at most, and returns its exit code as in struct run. */
int lab_wait(struct lab *lab, pid_t pid);

/* Writes a file below LAB_DIR in one step (write beside, rename). */
void lab_write(const char *name, const char *text);

/* The whole of a file as text, malloc'ed; fails the test if there is none. */
char *lab_read(const char *path);

/* A number of /proc/PID/status: "VmRSS" (kB), "Threads"; 0 when there is none. */
unsigned lab_process_number(pid_t pid, const char *key);

uint64_t lab_now_ms(void);
void lab_sleep_ms(unsigned ms);
void lab_sleep_until_ms(uint64_t time); /* of lab_now_ms() */

#endif
