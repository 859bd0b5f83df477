/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket, both ends in one process: the server's loop is turned by hand between the client's steps. A
 * client that is rude, slow or silent must cost nobody else anything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/control.h"
#include "agent/control_socket.h"
#include "util/reply.h"

#define BIG_REPLY (3 * 1024 * 1024)

static char dir[64], path[CONTROL_PATH_MAX];
static sd_event *event;
static struct control *control;
static int answers;
static uint64_t promised; /* the ticket of the last request that said "later" */

/* Echoes "word", or sends a very long reply; now or later. */
static json_t *answer(void *data, uid_t uid, const json_t *request, uint64_t ticket)
{
	json_t *reply;

	assert_ptr_equal(data, &answers);
	assert_int_equal(uid, geteuid());
	assert_true(ticket > 0);
	answers++;
	if (json_object_get(request, "later")) {
		promised = ticket;
		return NULL;
	}
	reply = reply_new();
	if (json_object_get(request, "big")) {
		char *text = malloc(BIG_REPLY + 1);

		assert_non_null(text);
		memset(text, 'x', BIG_REPLY);
		text[BIG_REPLY] = '\0';
		json_object_set_new(reply, "big", json_string(text));
		free(text);
	}
	json_object_set(reply, "word", json_object_get(request, "word"));
	return reply;
}

static int setup(void **state)
{
	char error[256];

	(void)state;
	strcpy(dir, "/tmp/test_control.XXXXXX");
	if (!mkdtemp(dir) || control_path(dir, path, sizeof(path)) < 0 || sd_event_new(&event) < 0)
		return -1;
	answers = 0;
	return control_open(event, dir, answer, &answers, &control, error, sizeof(error));
}

static int teardown(void **state)
{
	(void)state;
	control_close(control);
	control = NULL;
	event = sd_event_unref(event);
	unlink(path);
	return rmdir(dir);
}

/* Turns the loop until it has nothing to do. */
static void turn(void)
{
	while (sd_event_run(event, 0) > 0)
		;
}

static int client(void)
{
	int fd = control_connect(path);

	assert_true(fd >= 0);
	return fd;
}

/* Reads until the server closes, turning the loop in between; NULL when that was no JSON. */
static json_t *read_reply(int fd, size_t *packets)
{
	static char packet[CONTROL_PACKET_MAX * 2];
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	json_t *reply;
	ssize_t n;

	*packets = 0;
	do {
		turn();
		n = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);
		assert_true(n >= 0 || errno == ECONNRESET);
		assert_true(n <= CONTROL_PACKET_MAX);
		if (n > 0)
			(*packets)++, fwrite(packet, 1, (size_t)n, out);
	} while (n > 0);
	fclose(out);
	reply = json_loadb(text, len, 0, NULL);
	free(text);
	return reply;
}

static void assert_answers(const char *request, size_t len, int code)
{
	int fd = client();
	size_t packets;
	json_t *reply;

	assert_int_equal(send(fd, request, len, 0), (ssize_t)len);
	reply = read_reply(fd, &packets);
	assert_int_equal(json_integer_value(json_object_get(reply, "code")), code);
	assert_int_equal(packets, 1);
	json_decref(reply);
	close(fd);
}

static void assert_works(void)
{
	static const char request[] = "{\"word\": \"hello\"}";
	int before = answers;

	assert_answers(request, strlen(request), CODE_DONE);
	assert_int_equal(answers, before + 1);
}

static void test_answers(void **state)
{
	(void)state;
	assert_works();
	assert_works();
}

static void test_long_reply_in_pieces(void **state)
{
	static const char request[] = "{\"big\": true}";
	int fd = client();
	size_t packets;
	json_t *reply;

	(void)state;
	assert_int_equal(send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
	turn();
	/* it does not fit into the socket; somebody else is answered meanwhile */
	assert_works();
	reply = read_reply(fd, &packets);
	assert_int_equal(json_string_length(json_object_get(reply, "big")), BIG_REPLY);
	assert_true(packets >= BIG_REPLY / CONTROL_PACKET_MAX);
	json_decref(reply);
	close(fd);
}

static int client_of_a_promise(void)
{
	static const char request[] = "{\"later\": true}";
	int fd = client();

	promised = 0;
	assert_int_equal(send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
	turn();
	assert_true(promised > 0);
	return fd;
}

static void test_promised_reply(void **state)
{
	json_t *reply = reply_new(), *received;
	int first = client_of_a_promise(), second;
	uint64_t ticket = promised;
	size_t packets;
	char byte;

	(void)state;
	second = client_of_a_promise();
	assert_int_not_equal(ticket, promised);
	assert_works();
	assert_int_equal(recv(first, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	json_object_set_new(reply, "word", json_string("late"));
	control_reply(control, ticket, reply);
	received = read_reply(first, &packets);
	assert_string_equal(json_string_value(json_object_get(received, "word")), "late");
	/* the other waits on; a second reply to the same ticket reaches nobody */
	control_reply(control, ticket, reply);
	assert_int_equal(recv(second, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	json_decref(received);
	json_decref(reply);
	close(first);
	close(second);
}

/* Its place is free at once; what was promised to it is nobody's. */
static void test_client_that_does_not_wait(void **state)
{
	json_t *reply = reply_new();

	(void)state;
	for (int i = 0; i < 100; i++) {
		close(client_of_a_promise());
		turn();
	}
	control_reply(control, promised, reply);
	json_decref(reply);
	assert_works();
}

static void test_bad_requests(void **state)
{
	static char long_request[CONTROL_REQUEST_MAX + 1];

	(void)state;
	memset(long_request, ' ', sizeof(long_request));
	memcpy(long_request, "{}", 2);
	assert_answers("no json", 7, CODE_BAD_INPUT);
	assert_answers("[1]", 3, CODE_BAD_INPUT);
	assert_answers("{\"a\": 1, \"a\": 2}", 16, CODE_BAD_INPUT);
	assert_answers("{\"a\": \"\xff\"}", 10, CODE_BAD_INPUT);
	assert_answers(long_request, sizeof(long_request), CODE_BAD_INPUT);
	assert_int_equal(answers, 0);
	assert_answers(long_request, sizeof(long_request) - 1, CODE_DONE);
}

static void test_client_that_leaves(void **state)
{
	static const char request[] = "{\"big\": true}";
	int fd = client();

	(void)state;
	close(fd);
	turn();
	fd = client();
	assert_int_equal(send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
	close(fd);
	turn();
	assert_works();
}

/* The place of a connection is limited, and freed when its client goes. */
static void test_silent_clients(void **state)
{
	int fds[40];
	char byte;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		fds[i] = client();
	turn();
	assert_int_equal(recv(fds[0], &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(recv(fds[39], &byte, 1, MSG_DONTWAIT), 0);
	for (size_t i = 0; i < 40; i++)
		close(fds[i]);
	turn();
	assert_works();
}

static void test_file_mode(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0660);
}

static void test_only_one_listens(void **state)
{
	struct control *second = NULL;
	char error[256];

	(void)state;
	assert_int_equal(control_open(event, dir, answer, &answers, &second, error, sizeof(error)),
	                 -EADDRINUSE);
	assert_non_null(strstr(error, "another agent answers in"));
	turn();
	assert_works();
}

/* A dead agent leaves its socket behind. */
static void test_stale_socket_is_replaced(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char error[256];
	int fd;

	(void)state;
	control_close(control);
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(control_open(event, dir, answer, &answers, &control, error, sizeof(error)), 0);
	assert_works();
}

static void test_path_too_long(void **state)
{
	char long_dir[200], buf[CONTROL_PATH_MAX];

	(void)state;
	memset(long_dir, 'd', sizeof(long_dir) - 1);
	long_dir[sizeof(long_dir) - 1] = '\0';
	assert_int_equal(control_path(long_dir, buf, sizeof(buf)), -ENAMETOOLONG);
}

/* In a child: connects as nobody, asks, and leaves with the code of the reply. */
static void ask_as_nobody(void)
{
	static const char request[] = "{\"word\": \"hello\"}";
	char reply[4096];
	ssize_t n;
	json_t *root;
	int fd;

	if (setgroups(0, NULL) < 0 || setresgid(65534, 65534, 65534) < 0 ||
	    setresuid(65534, 65534, 65534) < 0)
		_exit(100);
	fd = control_connect(path);
	if (fd < 0 || send(fd, request, strlen(request), 0) < 0)
		_exit(101);
	n = recv(fd, reply, sizeof(reply), 0);
	root = n > 0 ? json_loadb(reply, (size_t)n, 0, NULL) : NULL;
	_exit(root ? (int)json_integer_value(json_object_get(root, "code")) : 102);
}

/* The mode of the file is one guard; credentials are the other, tested with the file open to all. */
static void test_stranger_is_refused(void **state)
{
	int status = 0;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chmod(path, 0666), 0);
	pid = fork();
	if (pid == 0)
		ask_as_nobody();
	assert_true(pid > 0);
	while (waitpid(pid, &status, WNOHANG) == 0)
		sd_event_run(event, 10000);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CODE_FORBIDDEN);
	assert_int_equal(answers, 0);
}

#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        SERVER_TEST(test_answers),
	        SERVER_TEST(test_long_reply_in_pieces),
	        SERVER_TEST(test_promised_reply),
	        SERVER_TEST(test_client_that_does_not_wait),
	        SERVER_TEST(test_bad_requests),
	        SERVER_TEST(test_client_that_leaves),
	        SERVER_TEST(test_silent_clients),
	        SERVER_TEST(test_file_mode),
	        SERVER_TEST(test_only_one_listens),
	        SERVER_TEST(test_stale_socket_is_replaced),
	        SERVER_TEST(test_stranger_is_refused),
	        cmocka_unit_test(test_path_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
