/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gathers who opened a window, for the status, the journal and the report. A guess is never made: what is not known is
 * left out.
 */
#include "agent/origin.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/reply.h"
#include "util/text.h"

#define LOGINUID_UNSET 4294967295ul

static void user_format(uid_t uid, char *buf, size_t size)
{
	const struct passwd *pw = getpwuid(uid);

	if (pw)
		snprintf(buf, size, "%s", pw->pw_name);
	else
		snprintf(buf, size, "%u", (unsigned)uid);
}

/* The user who logged in, by the audit system: it survives su and sudo. Returns false when it does not know. */
static bool login_by_audit(char *buf, size_t size)
{
	FILE *in = fopen("/proc/self/loginuid", "re");
	unsigned long uid = LOGINUID_UNSET;
	bool found;

	if (!in)
		return false;
	found = fscanf(in, "%lu", &uid) == 1 && uid != LOGINUID_UNSET && uid != getuid();
	fclose(in);
	if (found)
		user_format((uid_t)uid, buf, size);
	return found;
}

static void claim_login(json_t *request)
{
	const char *sudo = getenv("SUDO_USER");
	char login[64];

	if (sudo && *sudo)
		json_object_set_new(request, "login", reply_string(sudo));
	else if (login_by_audit(login, sizeof(login)))
		json_object_set_new(request, "login", reply_string(login));
}

/* The address an SSH session came from ("192.0.2.7 51512 10.0.0.1 22"), else the terminal. */
static void claim_from(json_t *request)
{
	const char *ssh = getenv("SSH_CONNECTION"), *tty = ttyname(STDIN_FILENO);
	char from[ORIGIN_TEXT_MAX];

	if (ssh && *ssh)
		snprintf(from, sizeof(from), "%.*s", (int)strcspn(ssh, " "), ssh);
	else if (tty)
		snprintf(from, sizeof(from), "%s", tty);
	else
		return;
	json_object_set_new(request, "from", reply_string(from));
}

void origin_claim(json_t *request)
{
	claim_login(request);
	claim_from(request);
}

void origin_of_request(uid_t uid, const json_t *request, struct origin *ret)
{
	origin_from_json(request, ret);
	ret->uid = uid;
	*ret->user = '\0';
	if (uid != 0)
		*ret->login = '\0';
}

void origin_of_signal(uid_t uid, pid_t pid, struct origin *ret)
{
	*ret = (struct origin){.uid = uid};
	snprintf(ret->from, sizeof(ret->from), "a signal of pid %d", (int)pid);
}

void origin_name(struct origin *origin)
{
	if (!*origin->user)
		user_format(origin->uid, origin->user, sizeof(origin->user));
}

char *origin_format(const struct origin *origin, char *buf, size_t size)
{
	const char *name = *origin->user ? origin->user : "somebody";
	const char *from = *origin->from ? " from " : "";

	if (*origin->login)
		snprintf(buf, size, "%s (as %s)%s%s", origin->login, name, from, origin->from);
	else
		snprintf(buf, size, "%s%s%s", name, from, origin->from);
	return buf;
}
