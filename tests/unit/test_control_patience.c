// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who keeps the control socket waiting, or takes all of its places, is let go: a client that is silent, one that does not
 * read, and other users than root, who are left fewer places than there are. The server's patience is that of the
 * program, run through faster.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/control.h"
#include "agent/control_socket.h"
#include "util/reply.h"

#define BIG_REPLY  (3 * 1024 * 1024)
#define HURRIED    10000 /* 10 s become 1 ms */
#define BRISK      10    /* 10 s become 1 s */
#define NOBODY     65534
#define OTHERS     24 /* as many places as others may take */
#define CLIENTS    40
#define STEP_USEC  10000
#define STEPS_MAX  3000 /* half a minute, for what must come about */
#define STEPS_OVER 150  /* of silence: half as long again as a brisk patience */

static char dir[64], path[CONTROL_PATH_MAX];
static sd_event *event;
static struct control *control;
static uint64_t promised;
/* By how much faster time passes: for a request that is awaited, and for a reply that is sent. */
static uint64_t hurry_request = 1, hurry_reply = 1;

/* Both come before the library's own. */
int sd_event_add_time_relative(sd_event *e, sd_event_source **s, clockid_t clock, uint64_t usec,
                               uint64_t accuracy, sd_event_time_handler_t callback, void *userdata)
{
	int (*real)(sd_event *, sd_event_source **, clockid_t, uint64_t, uint64_t, sd_event_time_handler_t,
	            void *);

	*(void **)&real = dlsym(RTLD_NEXT, "sd_event_add_time_relative");
	return real(e, s, clock, usec / hurry_request, accuracy, callback, userdata);
}

int sd_event_source_set_time_relative(sd_event_source *s, uint64_t usec)
{
	int (*real)(sd_event_source *, uint64_t);

	*(void **)&real = dlsym(RTLD_NEXT, "sd_event_source_set_time_relative");
	return real(s, usec / hurry_reply);
}

/* Later, at great length, or at once. */
static json_t *answer(void *data, uid_t uid, const json_t *request, uint64_t ticket)
{
	json_t *reply;

	(void)data;
	(void)uid;
	if (json_object_get(request, "later")) {
		promised = ticket;
		return NULL;
	}
	reply = reply_new();
	if (json_object_get(request, "big")) {
		char *text = calloc(1, BIG_REPLY + 1);

		assert_non_null(text);
		memset(text, 'x', BIG_REPLY);
		json_object_set_new(reply, "big", json_string(text));
		free(text);
	}
	return reply;
}

static int setup(void **state)
{
	char error[256];

	(void)state;
	hurry_request = hurry_reply = 1;
	strcpy(dir, "/tmp/test_control.XXXXXX");
	if (!mkdtemp(dir) || control_path(dir, path, sizeof(path)) < 0 || sd_event_new(&event) < 0)
		return -1;
	return control_open(event, dir, answer, NULL, &control, error, sizeof(error));
}

static int teardown(void **state)
{
	(void)state;
	control_close(control);
	event = sd_event_unref(event);
	return rmdir(dir);
}

static void turn(void)
{
	while (sd_event_run(event, 0) > 0)
		;
}

static int client(const char *request)
{
	int fd = control_connect(path);

	assert_true(fd >= 0);
	if (request)
		assert_int_equal(send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
	turn();
	return fd;
}

/* Takes what there is; whether the server has hung up. */
static bool is_over(int fd, size_t *received)
{
	static char packet[CONTROL_PACKET_MAX];
	ssize_t n;

	while ((n = recv(fd, packet, sizeof(packet), MSG_DONTWAIT)) > 0)
		*received += (size_t)n;
	assert_true(n == 0 || errno == EAGAIN || errno == ECONNRESET);
	return n == 0 || errno == ECONNRESET;
}

/* Without taking anything. */
static bool has_hung_up(int fd)
{
	struct pollfd about = {.fd = fd, .events = POLLRDHUP};

	return poll(&about, 1, 0) == 1 && about.revents & (POLLHUP | POLLRDHUP);
}

static void assert_works(void)
{
	int fd = client("{}");
	size_t received = 0;

	assert_true(is_over(fd, &received));
	assert_true(received > 0);
	close(fd);
}

static void test_silent_client(void **state)
{
	size_t received = 0;
	int fd;

	(void)state;
	hurry_request = HURRIED;
	fd = client(NULL);
	for (int i = 0; i < STEPS_MAX && !is_over(fd, &received); i++)
		sd_event_run(event, STEP_USEC);
	assert_true(is_over(fd, &received));
	assert_int_equal(received, 0);
	close(fd);
	hurry_request = 1;
	assert_works();
}

/* The connection is closed when nothing was taken from it for so long; the rest of the reply is lost. */
static void test_client_that_does_not_read(void **state)
{
	size_t received = 0;
	int fd;

	(void)state;
	hurry_reply = HURRIED;
	fd = client("{\"big\": true}");
	for (int i = 0; i < STEPS_MAX && !has_hung_up(fd); i++)
		sd_event_run(event, STEP_USEC);
	hurry_reply = 1;
	assert_works();
	assert_true(is_over(fd, &received));
	assert_in_range(received, 1, BIG_REPLY - 1);
	close(fd);
}

/* What takes us long is not the client's fault. */
static void test_promise_has_no_deadline(void **state)
{
	json_t *reply = reply_new();
	size_t received = 0;
	int fd;

	(void)state;
	hurry_request = BRISK;
	fd = client("{\"later\": true}");
	for (int i = 0; i < STEPS_OVER; i++)
		assert_int_equal(sd_event_run(event, STEP_USEC), 0);
	assert_false(is_over(fd, &received));
	hurry_request = 1;
	control_reply(control, promised, reply);
	turn();
	assert_true(is_over(fd, &received));
	assert_true(received > 0);
	json_decref(reply);
	close(fd);
}

/* Who is not root takes no more than his share, and root is answered beside them. */
static void test_places_for_root(void **state)
{
	bool is_root = geteuid() == 0;
	size_t received = 0, open = 0;
	int fds[CLIENTS];

	(void)state;
	if (is_root) {
		assert_int_equal(chmod(dir, 0755), 0);
		assert_int_equal(chmod(path, 0666), 0);
		assert_int_equal(seteuid(NOBODY), 0);
	}
	for (size_t i = 0; i < CLIENTS; i++)
		assert_true((fds[i] = control_connect(path)) >= 0);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	turn();
	for (size_t i = 0; i < CLIENTS; i++)
		open += !is_over(fds[i], &received);
	assert_int_equal(open, OTHERS);
	if (is_root)
		assert_works();
	for (size_t i = 0; i < CLIENTS; i++)
		close(fds[i]);
	turn();
	assert_works();
}

#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        SERVER_TEST(test_silent_client),
	        SERVER_TEST(test_client_that_does_not_read),
	        SERVER_TEST(test_promise_has_no_deadline),
	        SERVER_TEST(test_places_for_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
