/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's part of cutting connections that flowtables carry (cut.c): after every change it asks whether there are
 * flowtables, which costs one small question, and only then looks through the connections, a piece in each iteration
 * of the loop and behind everything else that waits.
 */
#include "agent/agent_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "util/log.h"

static bool is_known(const struct agent_cut *own, const char *name)
{
	for (size_t i = 0; i < own->n_flowtables; i++)
		if (strcmp(own->flowtables[i].name, name) == 0)
			return true;
	return false;
}

static void log_new(const struct agent_cut *own, const struct flowtable *flowtables, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_known(own, flowtables[i].name))
			log_event(&(const struct log_event){.priority = LOG_WARNING,
			                                    .id = LOG_ID_FLOWTABLE,
			                                    .fields[LOG_FIELD_EVENT] = "flowtable"},
			          "flowtable %s carries connections past every rule; while the agent lives, "
			          "those that are no longer allowed are cut within a second or two",
			          flowtables[i].name);
}

static void log_result(const struct cut_result *result)
{
	if (result->deleted > 0)
		log_event(&(const struct log_event){.priority = LOG_NOTICE,
		                                    .id = LOG_ID_CUT,
		                                    .fields[LOG_FIELD_EVENT] = "connections-cut"},
		          "%zu connections that are no longer allowed were cut, because of a flowtable",
		          result->deleted);
	if (result->left > 0)
		log_error("%zu connections that are no longer allowed could not be cut: %s", result->left,
		          strerror(-result->error));
	else if (result->error)
		log_error("cannot look through the connections that a flowtable may carry: %s",
		          strerror(-result->error));
}

static int on_piece(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct agent *agent = data;
	int r = cut_step(agent->cut.work);

	(void)fd;
	(void)events;
	if (r > 0)
		return 0;
	log_result(&agent->engine.cut);
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	if (r < 0) /* the next run has another descriptor */
		agent->cut.source = sd_event_source_disable_unref(agent->cut.source);
	return 0;
}

static int watch(struct agent *agent)
{
	sd_event_source **source = &agent->cut.source;
	int r = 0;

	if (!*source)
		r = sd_event_add_io(agent->event, source, cut_fd(agent->cut.work), EPOLLIN, on_piece, agent);
	if (r >= 0)
		r = sd_event_source_set_priority(*source, SD_EVENT_PRIORITY_IDLE);
	return r < 0 ? r : sd_event_source_set_enabled(*source, SD_EVENT_ON);
}

static int begin(struct agent *agent)
{
	int r;

	if (!agent->cut.work)
		agent->cut.work = cut_new(&agent->engine);
	r = cut_begin(agent->cut.work);
	return r < 0 ? r : watch(agent);
}

void agent_cut_look(struct agent *agent)
{
	struct agent_cut *own = &agent->cut;
	struct flowtable *flowtables = NULL;
	size_t n = 0;
	int r = kernel_flowtables(agent->engine.kernel, &flowtables, &n);

	if (r == 0) {
		log_new(own, flowtables, n);
		free(own->flowtables);
		own->flowtables = flowtables;
		own->n_flowtables = n;
		if (n > 0)
			r = begin(agent);
	}
	if (r < 0)
		log_error("cannot cut connections that a flowtable may carry: %s", strerror(-r));
}

void agent_cut_end(struct agent *agent)
{
	sd_event_source_disable_unref(agent->cut.source);
	cut_free(agent->cut.work);
	free(agent->cut.flowtables);
}
