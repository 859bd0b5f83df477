/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is not as it should be: a role file that is not in force, a policy on trial, a directory that cannot be written.
 * Each in words of its own, because each is mended in another way.
 */
#include "agent/status.h"

#include <stdlib.h>
#include <string.h>

#include "agent/confirm.h"
#include "agent/denials.h"
#include "agent/state_dir.h"
#include "util/duration.h"
#include "util/timestamp.h"

#define MS_PER_SECOND 1000u

static json_t *sentence_on_policy(const struct engine *engine)
{
	char saved[TIMESTAMP_MAX];

	if (engine->unconfirmed && !engine->config.watched)
		return json_string("the role file was on trial and never confirmed; omfwd reload applies it");
	if (engine->unconfirmed && engine->removed)
		return json_string(
		        "the role file was not confirmed, and there was no policy before it; omfwd "
		        "reload applies it");
	if (engine->unconfirmed)
		return json_string("the role file was not confirmed, the policy before it is in force; omfwd "
		                   "reload applies it");
	if (engine->current.source == FROM_LAST_GOOD)
		return json_sprintf("the role file is wrong, the last good policy of %s is in force",
		                    timestamp_format(engine->current.saved, saved, sizeof(saved)));
	return json_string(
	        "the role file is wrong, and there is no last good policy; what the kernel has stays in "
	        "force");
}

static void report_degraded(const struct engine *engine, json_t *reply)
{
	json_t *list = json_array();

	if (engine_is_degraded(engine))
		json_array_append_new(list, sentence_on_policy(engine));
	if (engine->state_error < 0)
		json_array_append_new(list, json_sprintf("cannot remember windows in %s: %s",
		                                         engine->config.state_dir,
		                                         state_strerror(engine->state_error)));
	if (engine->good_error < 0)
		json_array_append_new(list, json_sprintf("cannot keep the last good policy in %s: %s",
		                                         engine->config.state_dir,
		                                         state_strerror(engine->good_error)));
	if (engine->history.error < 0)
		json_array_append_new(list, json_sprintf("cannot write the history in %s: %s",
		                                         engine->config.state_dir,
		                                         state_strerror(engine->history.error)));
	if (engine->activity.error < 0)
		json_array_append_new(list, json_sprintf("cannot remember in %s when rows were used: %s",
		                                         engine->config.state_dir,
		                                         state_strerror(engine->activity.error)));
	if (engine->metrics_error < 0)
		json_array_append_new(list, json_sprintf("cannot write metrics to %s: %s",
		                                         engine->current.policy->settings.metrics_file,
		                                         strerror(-engine->metrics_error)));
	if (json_array_size(list) > 0)
		json_object_set(reply, "degraded", list);
	json_decref(list);
}

/* Nothing where all is well; that nothing is logged may be what the file says. */
static void report_denials(const struct engine *engine, json_t *reply)
{
	const struct denials_counts *counts = engine->denials ? denials_counts(engine->denials) : NULL;
	const struct ruleset *ruleset = engine->current.ruleset;
	uint16_t group;

	if (counts && !engine->removed && ruleset && ruleset_log_group(ruleset, &group) &&
	    (*counts->problem || counts->lost || counts->overruns))
		json_object_set_new(reply, "denials",
		                    json_pack("{s:I, s:I, s:I, s:o}", "logged", (json_int_t)counts->logged,
		                              "lost", (json_int_t)counts->lost, "overruns",
		                              (json_int_t)counts->overruns, "problem",
		                              *counts->problem ? json_string(counts->problem) : json_null()));
}

static void print_denials(const json_t *denials, FILE *out)
{
	const char *problem = json_string_value(json_object_get(denials, "problem"));
	long long lost = json_integer_value(json_object_get(denials, "lost"));

	if (problem)
		fprintf(out, "denials   counted, not listed: %s\n", problem);
	if (lost > 0)
		fprintf(out, "denials   %lld logged packets were lost on the way, %lld were heard of\n", lost,
		        (long long)json_integer_value(json_object_get(denials, "logged")));
}

void status_troubles_report(const struct engine *engine, json_t *reply)
{
	if (engine->trial.pending)
		json_object_set_new(reply, "trial",
		                    json_pack("{s:I, s:s}", "seconds",
		                              (json_int_t)(confirm_left_ms(engine) / MS_PER_SECOND),
		                              "returns",
		                              engine->trial.before.ruleset ? "policy" : "nothing"));
	if (engine->last_error)
		json_object_set_new(reply, "last_error",
		                    json_pack("{s:I, s:O}", "at", (json_int_t)engine->failed_at, "lines",
		                              engine->last_error));
	report_degraded(engine, reply);
	report_denials(engine, reply);
}

static void print_trial(const json_t *trial, FILE *out)
{
	const char *returns = json_string_value(json_object_get(trial, "returns"));
	uint64_t seconds = (uint64_t)json_integer_value(json_object_get(trial, "seconds"));
	char left[DURATION_TEXT_MAX];

	fprintf(out, "on trial  omfwd confirm keeps this policy; in %s %s\n",
	        duration_format(seconds, left, sizeof(left)),
	        returns && strcmp(returns, "policy") == 0 ? "the one before it returns"
	                                                  : "the nft table is taken away again");
}

void status_troubles_print(const json_t *reply, FILE *out)
{
	const json_t *failure = json_object_get(reply, "last_error");
	const json_t *trial = json_object_get(reply, "trial");
	char at[TIMESTAMP_MAX];
	json_t *line;
	size_t i;

	if (trial)
		print_trial(trial, out);
	json_array_foreach(json_object_get(reply, "degraded"), i, line)
	        fprintf(out, "degraded  %s\n", json_string_value(line));
	print_denials(json_object_get(reply, "denials"), out);
	if (!failure)
		return;
	if (json_is_null(json_object_get(reply, "agent")))
		fputs("the file is wrong:\n", out);
	else
		fprintf(out, "the reload of %s failed, the policy before it stays:\n",
		        timestamp_format((time_t)json_integer_value(json_object_get(failure, "at")), at,
		                         sizeof(at)));
	json_array_foreach(json_object_get(failure, "lines"), i, line)
	        fprintf(out, "  %s\n", json_string_value(line));
}
