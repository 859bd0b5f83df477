/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts behind the metrics: those of the status, and a few that nobody reads but a program. */
#include "agent/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "agent/status.h"
#include "ruleset/hash.h"
#include "util/reply.h"
#include "words/metrics_text.h"
#include "words/words.h"

#define US_PER_SECOND 1e6

static const char *source_word(const struct engine *engine)
{
	static const char *const words[] = {
	        [FROM_FILE] = "role_file", [FROM_LAST_GOOD] = "last_good", [FROM_KERNEL] = "kernel"};

	return engine->removed || !engine->current.ruleset ? "none" : words[engine->current.source];
}

static void report_role(const struct section *section, enum role role, json_t *list)
{
	const struct addr_set *addrs = &section->roles[role].addrs;

	if (!section->roles[role].assigned)
		return;
	json_array_append_new(list, json_pack("{s:o, s:s, s:I, s:I}", "section", reply_string(section->name),
	                                      "role", role_name(role), "ipv4", (json_int_t)addrs->n4, "ipv6",
	                                      (json_int_t)addrs->n6));
}

/* Only what was read from the role file knows its members. */
static json_t *members_to_json(const struct generation *generation)
{
	json_t *list = json_array();

	if (!generation->policy || generation->source != FROM_FILE)
		return list;
	for (size_t i = 0; i < generation->policy->n_sections; i++)
		for (enum role role = 0; role < ROLE_MAX; role++)
			report_role(&generation->policy->sections[i], role, list);
	return list;
}

/* The moments of a load; a command that only reads the file has loaded nothing. */
static void report_load(const struct engine *engine, json_t *reply)
{
	time_t good = engine->current.source == FROM_LAST_GOOD ? engine->current.saved : engine->loaded_at;

	if (!engine->config.watched)
		return;
	json_object_set_new(reply, "last_load",
	                    json_integer(engine->last_error ? engine->failed_at : engine->loaded_at));
	if (!engine->applied)
		return;
	json_object_set_new(reply, "apply_seconds", json_real((double)engine->apply_us / US_PER_SECOND));
	json_object_set_new(reply, "last_good", json_integer(good));
}

/* Only an agent listens. */
static void report_denials(struct engine *engine, json_t *reply)
{
	const struct denials_counts *counts;

	if (!engine->denials)
		return;
	counts = denials_counts(engine->denials);
	denial_pairs_tally(&engine->denial_pairs, engine->denials, engine->current.policy);
	json_object_set_new(reply, "denials",
	                    json_pack("{s:I, s:I, s:o}", "lost", (json_int_t)counts->lost, "evicted",
	                              (json_int_t)counts->evicted, "pairs",
	                              denial_pairs_to_json(&engine->denial_pairs)));
}

static void report_hash(struct engine *engine, json_t *reply)
{
	if (engine->removed || !engine->current.ruleset || engine->current.source == FROM_KERNEL)
		return;
	json_object_set_new(
	        reply, "table_hash",
	        json_sprintf("%016llx", (unsigned long long)ruleset_hash(engine->current.ruleset)));
}

void metrics_say(json_t *reply)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = words_begin(&text, &size);

	metrics_print(reply, time(NULL), out);
	json_object_set_new(reply, "text", json_string(words_end(out, &text)));
	free(text);
}

void metrics_report(struct engine *engine, json_t *reply)
{
	status_report(engine, reply);
	if (json_array_size(json_object_get(reply, "errors")) > 0)
		return;
	reply_set_code(reply, CODE_DONE);
	json_object_set_new(reply, "version", json_string(PACKAGE_VERSION));
	json_object_set_new(reply, "source", json_string(source_word(engine)));
	json_object_set_new(reply, "is_degraded", json_boolean(json_object_get(reply, "degraded") != NULL));
	json_object_set_new(reply, "members", members_to_json(&engine->current));
	report_load(engine, reply);
	report_denials(engine, reply);
	report_hash(engine, reply);
	metrics_say(reply);
}
