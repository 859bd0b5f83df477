// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent's ear for denials: it listens to the NFLOG group that the rules in force log to, and to another one, or none,
 * when they change. That nobody can listen is no reason not to enforce: the list then says why it is empty. Listening comes
 * last in the loop, so that a flood never makes a request wait.
 */
#include "agent/agent_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "agent/denials.h"
#include "kernel/nflog.h"
#include "util/log.h"

static void on_logged(const struct nflog_packet *packet, void *data)
{
	denials_set_audit(data, packet->audited);
	denials_add(data, packet->bytes, packet->len, packet->forwarded ? PATH_FORWARD : PATH_LOCAL,
	            time(NULL));
}

/* A listener begins to count losses anew; what the ones before it lost stays. */
static void note_losses(struct agent *agent)
{
	const struct nflog_losses *losses = kernel_nflog_losses(agent->denials.log);
	struct denials_counts *counts = denials_counts(agent->engine.denials);

	counts->lost = agent->denials.lost_before + losses->packets;
	counts->overruns = agent->denials.overruns_before + losses->overruns;
}

/* The journal is told of it once: what comes of a problem is tried again after every change. */
static void set_problem(struct agent *agent, uint16_t group, int r, const char *before)
{
	struct denials_counts *counts = denials_counts(agent->engine.denials);

	if (r == -EBUSY)
		snprintf(counts->problem, sizeof(counts->problem),
		         "another program listens to NFLOG group %u; omfwd reload tries again, log_group = "
		         "another one avoids it",
		         group);
	else
		snprintf(counts->problem, sizeof(counts->problem), "cannot listen to NFLOG group %u: %s",
		         group, strerror(-r));
	if (strcmp(counts->problem, before) != 0)
		log_warning("denials are counted but not listed: %s", counts->problem);
}

static void stop(struct agent *agent)
{
	struct agent_denials *own = &agent->denials;

	if (own->log) {
		note_losses(agent);
		own->lost_before = denials_counts(agent->engine.denials)->lost;
		own->overruns_before = denials_counts(agent->engine.denials)->overruns;
	}
	own->source = sd_event_source_disable_unref(own->source);
	kernel_nflog_close(own->log);
	own->log = NULL;
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct agent *agent = data;
	uint16_t group = agent->denials.group;
	int r = kernel_nflog_read(agent->denials.log, on_logged, agent->engine.denials);

	(void)source;
	(void)fd;
	(void)events;
	note_losses(agent);
	if (r < 0) {
		stop(agent);
		set_problem(agent, group, r, "");
	}
	return 0;
}

static int start(struct agent *agent, uint16_t group)
{
	struct agent_denials *own = &agent->denials;
	int r = kernel_nflog_open(group, &own->log);

	if (r < 0)
		return r;
	own->group = group;
	r = sd_event_add_io(agent->event, &own->source, kernel_nflog_fd(own->log), EPOLLIN, on_readable,
	                    agent);
	if (r >= 0)
		r = sd_event_source_set_priority(own->source, SD_EVENT_PRIORITY_IDLE);
	if (r < 0)
		stop(agent);
	return r;
}

/* For the list: why the rules in force log nothing, if there are any. */
static const char *why_unlogged(const struct engine *engine)
{
	const struct policy *policy = engine->current.source == FROM_FILE ? engine->current.policy : NULL;

	if (engine->removed)
		return "the policy was removed";
	if (policy && !policy->settings.log_denied)
		return "log_denied = no: nothing is listed";
	return "no rule in force logs what it denies";
}

void agent_denials_follow(struct agent *agent)
{
	struct agent_denials *own = &agent->denials;
	const struct ruleset *ruleset = agent->engine.current.ruleset;
	struct denials_counts *counts;
	uint16_t group = 0;
	char before[sizeof(counts->problem)];
	bool wanted = !agent->engine.removed && ruleset && ruleset_log_group(ruleset, &group);
	int r;

	if (!agent->engine.denials)
		agent->engine.denials = denials_new(DENIALS_MAX, time(NULL));
	if (wanted && own->log && own->group == group)
		return;
	stop(agent);
	counts = denials_counts(agent->engine.denials);
	snprintf(before, sizeof(before), "%s", counts->problem);
	*counts->problem = '\0';
	if (!wanted) {
		snprintf(counts->problem, sizeof(counts->problem), "%s", why_unlogged(&agent->engine));
		return;
	}
	r = start(agent, group);
	if (r < 0)
		set_problem(agent, group, r, before);
}

void agent_denials_end(struct agent *agent)
{
	if (agent->engine.denials)
		stop(agent);
	denials_free(agent->engine.denials);
	agent->engine.denials = NULL;
}
