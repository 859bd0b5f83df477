/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection lives through four states: waiting for its request, waiting for its reply, sending it, gone. Each has a
 * deadline but the second, which is ours to end; the whole table of them has a limit, and a part of the table is kept for
 * root, so that no other user can lock the administrator out. Everything is non-blocking; what the socket does not take
 * now waits in the connection.
 */
#include "agent/control.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "agent/control_socket.h"
#include "agent/peer.h"
#include "util/reply.h"

#define CONNECTIONS_MAX    32
#define CONNECTIONS_OTHERS 24 /* how many of them users other than root may take */
#define PATIENCE_USEC      (10 * 1000000ull)
#define SPARE_BYTES        (1024u * 1024) /* free memory that malloc() may keep */

struct connection {
	struct control *control;
	int fd;
	struct peer peer;
	uint64_t ticket;
	bool promised; /* the reply follows */
	sd_event_source *io, *timer;
	char *reply; /* NULL until the request is answered */
	size_t len, sent;
};

struct control {
	int fd;
	char path[CONTROL_PATH_MAX];
	sd_event *event;
	sd_event_source *io;
	control_answer_fn answer;
	void *data;
	uint64_t last_ticket;
	struct connection *connections[CONNECTIONS_MAX]; /* NULL: free */
};

static void connection_close(struct connection *connection)
{
	struct control *control = connection->control;

	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (control->connections[i] == connection)
			control->connections[i] = NULL;
	sd_event_source_disable_unref(connection->io);
	sd_event_source_disable_unref(connection->timer);
	if (connection->fd >= 0)
		close(connection->fd);
	free(connection->reply);
	free(connection);
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	connection_close(data);
	return 0;
}

static void extend_patience(struct connection *connection)
{
	sd_event_source_set_time_relative(connection->timer, PATIENCE_USEC);
}

/* Sends what the socket takes; closes when all is out, because the end of the reply is the end of the connection. */
static void send_reply(struct connection *connection)
{
	while (connection->sent < connection->len) {
		size_t left = connection->len - connection->sent;
		size_t piece = left < CONTROL_PACKET_MAX ? left : CONTROL_PACKET_MAX;
		ssize_t n = send(connection->fd, connection->reply + connection->sent, piece,
		                 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN && sd_event_source_set_io_events(connection->io, EPOLLOUT) >= 0)
			return;
		if (n < 0)
			break;
		connection->sent += (size_t)n;
		extend_patience(connection);
	}
	connection_close(connection);
}

static json_t *refuse(enum exit_code code, const char *sentence)
{
	json_t *reply = reply_new();

	reply_fail(reply, code, "%s", sentence);
	return reply;
}

static json_t *answer_packet(struct connection *connection, const char *packet, size_t len)
{
	struct control *control = connection->control;
	json_t *request, *reply;

	if (!connection->peer.allowed)
		return refuse(CODE_FORBIDDEN,
		              "only root and members of the group " CONTROL_GROUP " may ask the agent");
	if (len > CONTROL_REQUEST_MAX)
		return refuse(CODE_BAD_INPUT, "the request is longer than 64 KiB");
	request = json_loadb(packet, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(request))
		reply = refuse(CODE_BAD_INPUT, "the request is no JSON object");
	else
		reply = control->answer(control->data, connection->peer.uid, request, connection->ticket);
	json_decref(request);
	return reply;
}

static void begin_reply(struct connection *connection, const json_t *reply)
{
	connection->promised = false;
	connection->reply = json_dumps(reply, JSON_COMPACT);
	if (!connection->reply)
		abort();
	connection->len = strlen(connection->reply);
	extend_patience(connection);
	send_reply(connection);
}

/* Nothing is heard of the client until then but that it has gone. */
static void await_reply(struct connection *connection)
{
	connection->promised = true;
	sd_event_source_set_enabled(connection->timer, SD_EVENT_OFF);
	sd_event_source_set_io_events(connection->io, 0);
}

void control_reply(struct control *control, uint64_t ticket, const json_t *reply)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		struct connection *connection = control->connections[i];

		if (!connection || connection->ticket != ticket || !connection->promised)
			continue;
		sd_event_source_set_enabled(connection->timer, SD_EVENT_ONESHOT);
		begin_reply(connection, reply);
		return;
	}
}

/* What a long answer was made of, a report's history above all, is the system's again. */
static void give_memory_back(void)
{
	if (mallinfo2().fordblks > SPARE_BYTES)
		malloc_trim(0);
}

static void receive_request(struct connection *connection)
{
	static char packet[CONTROL_REQUEST_MAX];
	ssize_t n = recv(connection->fd, packet, sizeof(packet), MSG_DONTWAIT | MSG_TRUNC);
	json_t *reply;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		connection_close(connection);
		return;
	}
	reply = answer_packet(connection, packet, (size_t)n);
	if (reply)
		begin_reply(connection, reply);
	else
		await_reply(connection);
	json_decref(reply);
	give_memory_back();
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct connection *connection = data;

	(void)source;
	(void)fd;
	(void)events;
	if (connection->promised)
		connection_close(connection); /* the client hung up: nothing else is heard */
	else if (connection->reply)
		send_reply(connection);
	else
		receive_request(connection);
	return 0;
}

/* A free place in the table for this peer, or -1. */
static int place_find(const struct control *control, const struct peer *peer)
{
	int others = 0, place = -1;

	for (int i = 0; i < CONNECTIONS_MAX; i++)
		if (!control->connections[i])
			place = i;
		else if (control->connections[i]->peer.uid != 0)
			others++;
	return peer->uid != 0 && others >= CONNECTIONS_OTHERS ? -1 : place;
}

static int connection_watch(struct connection *connection)
{
	sd_event *event = connection->control->event;
	int r = sd_event_add_io(event, &connection->io, connection->fd, EPOLLIN, on_connection, connection);

	if (r >= 0)
		r = sd_event_add_time_relative(event, &connection->timer, CLOCK_MONOTONIC, PATIENCE_USEC, 0,
		                               on_timeout, connection);
	return r;
}

static void connection_open(struct control *control, int fd)
{
	struct connection *connection;
	struct peer peer;
	int place;

	if (peer_read(fd, &peer) < 0 || (place = place_find(control, &peer)) < 0) {
		close(fd);
		return;
	}
	connection = calloc(1, sizeof(*connection));
	if (!connection)
		abort();
	*connection = (struct connection){
	        .control = control, .fd = fd, .peer = peer, .ticket = ++control->last_ticket};
	control->connections[place] = connection;
	if (connection_watch(connection) < 0)
		connection_close(connection);
}

static int on_listen(sd_event_source *source, int fd, uint32_t events, void *data)
{
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)source;
	(void)events;
	if (client >= 0)
		connection_open(data, client);
	return 0;
}

static int fail_open(int r, const char *run_dir, char *error, size_t size)
{
	if (r == -EADDRINUSE)
		snprintf(error, size, "another agent answers in %s; give this one its own --run-dir",
		         run_dir);
	else
		snprintf(error, size, "cannot listen in %s: %s", run_dir, strerror(-r));
	return r;
}

int control_open(sd_event *event, const char *run_dir, control_answer_fn answer, void *data,
                 struct control **ret, char *error, size_t size)
{
	struct control *control = calloc(1, sizeof(*control));
	int r;

	if (!control)
		abort();
	*control = (struct control){.fd = -1, .event = event, .answer = answer, .data = data};
	r = control_path(run_dir, control->path, sizeof(control->path));
	if (r == 0)
		r = control->fd = control_socket_listen(run_dir, control->path);
	if (r >= 0)
		r = sd_event_add_io(event, &control->io, control->fd, EPOLLIN, on_listen, control);
	if (r < 0) {
		if (control->fd >= 0)
			control_close(control);
		else
			free(control);
		return fail_open(r, run_dir, error, size);
	}
	*ret = control;
	return 0;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (control->connections[i])
			connection_close(control->connections[i]);
	sd_event_source_disable_unref(control->io);
	close(control->fd);
	unlink(control->path);
	free(control);
}
