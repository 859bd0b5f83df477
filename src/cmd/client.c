/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Talks to the agent and waits for its answer, however long a reload takes, but not for ever. "No agent" is an answer
 * of its own: the caller then works alone.
 */
#include "cmd/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "agent/control.h"
#include "agent/control_socket.h"
#include "agent/netns.h"
#include "agent/origin.h"
#include "util/reply.h"
#include "cmd/option_table.h"

#define ANSWER_SECONDS 120

static void set_words(json_t *request, const char *key, const struct word_list *words)
{
	json_t *list;

	if (words->n == 0)
		return;
	list = json_array();
	for (size_t i = 0; i < words->n; i++)
		json_array_append_new(list, reply_string(words->items[i]));
	json_object_set_new(request, key, list);
}

/* Only a file that was asked for by name: the agent then says whether it is the one it enforces. */
static void set_config(json_t *request, const struct options *options)
{
	char *path;

	if (strcmp(options->config, DEFAULT_CONFIG) == 0)
		return;
	path = realpath(options->config, NULL);
	json_object_set_new(request, "config", reply_string(path ? path : options->config));
	free(path);
}

json_t *client_request_new(const struct options *options, const char *verb)
{
	json_t *request = json_pack("{s:s}", "verb", verb);
	char netns[NETNS_ID_MAX];

	/* who names an agent's directory means that agent, wherever it works */
	if (!options->run_dir_named && *netns_id(netns, sizeof(netns)))
		json_object_set_new(request, "netns", json_string(netns));
	set_config(request, options);
	if (options->phase != WANT_NOTHING)
		json_object_set_new(request, "phase", json_string(wanted_phase_name(options->phase)));
	if (options->for_seconds)
		json_object_set_new(request, "for", json_integer((json_int_t)options->for_seconds));
	if (options->confirm_seconds)
		json_object_set_new(request, "confirm", json_integer((json_int_t)options->confirm_seconds));
	if (options->since_seconds)
		json_object_set_new(request, "since", json_integer((json_int_t)options->since_seconds));
	if (options->suggest)
		json_object_set_new(request, "suggest", json_true());
	set_words(request, "sections", &options->sections);
	set_words(request, "rows", &options->rows);
	if (options->reason)
		json_object_set_new(request, "reason", reply_string(options->reason));
	if (options->ticket)
		json_object_set_new(request, "ticket", reply_string(options->ticket));
	origin_claim(request);
	return request;
}

static int fail(int r, const char *run_dir, char *error, size_t size)
{
	if (r == -ECONNREFUSED || r == -ENOTDIR)
		r = -ENOENT;
	if (r == -ENOENT)
		snprintf(error, size, "no agent answers in %s", run_dir);
	else if (r == -EACCES || r == -EPERM)
		snprintf(error, size,
		         "only root and members of the group " CONTROL_GROUP " may ask the agent");
	else if (r == -EAGAIN)
		snprintf(error, size, "the agent in %s does not answer", run_dir);
	else if (r == -EPROTO)
		snprintf(error, size, "the agent in %s ended before it answered", run_dir);
	else
		snprintf(error, size, "cannot ask the agent in %s: %s", run_dir, strerror(-r));
	return r;
}

static int send_request(int fd, const json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t len;
	int r = 0;

	if (!text)
		abort();
	len = strlen(text);
	if (len > CONTROL_REQUEST_MAX)
		r = -E2BIG;
	else if (send(fd, text, len, MSG_NOSIGNAL) < 0)
		r = -errno;
	free(text);
	return r;
}

/* Everything until the agent closes is one reply. */
static int receive_reply(int fd, json_t **ret)
{
	static char packet[CONTROL_PACKET_MAX];
	char *text = NULL;
	size_t len = 0;
	FILE *whole = open_memstream(&text, &len);
	ssize_t n;

	if (!whole)
		abort();
	do {
		n = recv(fd, packet, sizeof(packet), 0);
		if (n > 0)
			fwrite(packet, 1, (size_t)n, whole);
	} while (n > 0 || (n < 0 && errno == EINTR));
	n = n < 0 && errno != ECONNRESET ? -errno : 0;
	fclose(whole);
	*ret = n == 0 ? json_loadb(text, len, 0, NULL) : NULL;
	free(text);
	return n < 0 ? (int)n : *ret ? 0 : -EPROTO;
}

int client_ask(const struct options *options, const json_t *request, json_t **reply, char *error, size_t size)
{
	static const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
	char path[CONTROL_PATH_MAX];
	int r = control_path(options->run_dir, path, sizeof(path)), fd;

	if (r < 0)
		return fail(r, options->run_dir, error, size);
	fd = control_connect(path);
	if (fd < 0)
		return fail(fd, options->run_dir, error, size);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	r = send_request(fd, request);
	/* The agent hangs up on whom it has no place for. */
	if (r == -EPIPE || r == -ECONNRESET)
		r = -EPROTO;
	if (r == 0)
		r = receive_reply(fd, reply);
	close(fd);
	return r < 0 ? fail(r, options->run_dir, error, size) : 0;
}

static void print_lines(const json_t *reply, const char *key, const char *prefix)
{
	json_t *line;
	size_t i;

	json_array_foreach(json_object_get(reply, key), i, line)
	        fprintf(stderr, "%s%s\n", prefix, json_string_value(line));
}

static void print_json(const json_t *reply)
{
	json_t *data = json_copy((json_t *)reply);

	json_object_del(data, "text");
	json_dumpf(data, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(data);
}

void client_print_complaints(const json_t *reply)
{
	print_lines(reply, "diagnostics", "");
	print_lines(reply, "errors", "omfwd: ");
}

int client_print(const struct options *options, const json_t *reply)
{
	const char *text = json_string_value(json_object_get(reply, "text"));

	client_print_complaints(reply);
	if (options->json)
		print_json(reply);
	else
		fputs(text ? text : "", stdout);
	return (int)reply_code(reply);
}
