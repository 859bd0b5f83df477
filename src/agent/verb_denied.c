// SPDX-License-Identifier: GPL-2.0-or-later
/* The verb "denied": the agent's list, or the kernel's totals alone where no agent keeps one. */
#include "agent/verb_denied.h"

#include <stdlib.h>
#include <time.h>

#include "agent/denials.h"
#include "util/reply.h"

static struct denials_filter filter_of(const json_t *request)
{
	json_int_t seconds = json_integer_value(json_object_get(request, "since"));
	json_int_t after = json_integer_value(json_object_get(request, "after"));

	return (struct denials_filter){
	        .since = seconds > 0 ? time(NULL) - (time_t)seconds : 0,
	        .after = after > 0 ? (uint64_t)after : 0,
	};
}

static void answer_list(struct engine *engine, const struct denials_filter *filter, json_t *reply)
{
	json_t *report = denials_report(engine, filter);
	char *text = denials_text(report);

	json_object_update_new(reply, report);
	json_object_set_new(reply, "text", json_string(text));
	free(text);
}

void verb_denied_answer(struct engine *engine, const json_t *request, const struct origin *origin,
                        json_t *reply)
{
	struct denials_filter filter = filter_of(request);

	(void)origin;
	answer_list(engine, &filter, reply);
	if (!engine->denials)
		reply_fail(reply, CODE_UNAVAILABLE,
		           "no agent answers, and only a running one keeps a list of what was denied");
}
