// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `omfwd prove`: the role file tried out with packets, in a network of its own. The agent has no part in it. With
 * mode = audit the file is proved as it will be with enforce: that is the question before the change.
 */
#include "cmd/cmd.h"

#include <stdio.h>
#include <time.h>

#include "cmd/loaded.h"
#include "prove/proof.h"

static bool sections_exist(const struct options *options, const struct policy *policy)
{
	const struct word_list *wanted = &options->sections;
	bool exist = true;

	for (size_t i = 0; i < wanted->n; i++) {
		if (policy_section(policy, wanted->items[i]))
			continue;
		fprintf(stderr, "omfwd: there is no section '%s'; %s has", wanted->items[i], policy->path);
		for (size_t s = 0; s < policy->n_sections; s++)
			fprintf(stderr, "%s %s", s ? "," : "", policy->sections[s].name);
		fputs(policy->n_sections ? "\n" : " none\n", stderr);
		exist = false;
	}
	return exist;
}

static void print(const struct options *options, const struct proof *proof)
{
	json_t *json;

	if (!options->json) {
		proof_print(proof, stdout);
		return;
	}
	json = proof_to_json(proof);
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(json);
}

static void print_failure(const struct options *options, const struct run_result *result)
{
	json_t *json;

	if (!options->json) {
		fprintf(stderr, "omfwd: %s\n", result->error);
		return;
	}
	json = json_pack("{s:i, s:[s]}", "code", result->code, "errors", result->error);
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(json);
}

static int prove(const struct options *options, struct loaded *file, bool was_audit)
{
	struct plan *plan = plan_new(file->policy, options->sections.items, options->sections.n);
	struct run_result *result = prove_run(plan, file->ruleset);
	int code = result->code;

	if (code != CODE_DONE) {
		print_failure(options, result);
	} else {
		struct tally *tally = tally_new(plan, &file->lines, result);
		struct proof proof = {plan, result, tally, was_audit};

		print(options, &proof);
		code = proof_code(&proof);
		tally_free(tally);
	}
	run_result_free(result);
	plan_free(plan);
	return code;
}

/* The rules that mode = enforce makes; lines do not depend on it. */
static bool enforce(struct loaded *file)
{
	if (file->policy->settings.mode == MODE_ENFORCE)
		return false;
	file->policy->settings.mode = MODE_ENFORCE;
	ruleset_free(file->ruleset);
	file->ruleset = ruleset_build(file->policy, &file->lines);
	return true;
}

int cmd_prove(const struct options *options)
{
	struct loaded file;
	int code = loaded_open_and_print(&file, options, options->config);

	if (code == CODE_DONE)
		code = sections_exist(options, file.policy) ? prove(options, &file, enforce(&file))
		                                            : CODE_BAD_INPUT;
	loaded_close(&file);
	return code;
}
