/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RUNDIR/control.sock, the agent's end: SOCK_SEQPACKET, one JSON request in one packet, one JSON reply in as many
 * packets as it needs, ended by closing. A client that is slow, silent or gone never holds up the loop.
 */
#ifndef OMFWD_CONTROL_H
#define OMFWD_CONTROL_H

#include <jansson.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#define CONTROL_SOCKET      "control.sock"
#define CONTROL_GROUP       "omfwd"
#define CONTROL_REQUEST_MAX (64 * 1024)
#define CONTROL_PACKET_MAX  (32 * 1024)

struct control;

/*
 * Answers a request of an allowed user; returns the whole reply, or NULL: then it follows, with control_reply() and this
 * ticket, and the client waits. A ticket is never 0.
 */
typedef json_t *(*control_answer_fn)(void *data, uid_t uid, const json_t *request, uint64_t ticket);

/*
 * Listens in run_dir, which is made if it is missing. A socket left by a dead agent is replaced; one that somebody
 * listens on is -EADDRINUSE. Returns 0 or -errno with a sentence in error. The answers are given from event's loop.
 */
int control_open(sd_event *event, const char *run_dir, control_answer_fn answer, void *data,
                 struct control **ret, char *error, size_t size);
/* Sends a reply that was promised, if its client still waits. */
void control_reply(struct control *control, uint64_t ticket, const json_t *reply);
/* Drops whoever is connected and removes the socket. NULL is allowed. */
void control_close(struct control *control);

#endif
