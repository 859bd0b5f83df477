// SPDX-License-Identifier: GPL-2.0-or-later
/* A proof as JSON; no list in it is cut. */
#include "prove/proof.h"

#include "words/words.h"

static json_t *counts_json(const struct row_tally *row)
{
	static const char *const names[EXPECT_MAX] = {
	        [EXPECT_OPEN] = "allowed",
	        [EXPECT_LEFT] = "left_alone",
	        [EXPECT_SHUT] = "forbidden",
	};
	json_t *json = json_object();

	for (enum expectation e = 0; e < EXPECT_MAX; e++)
		json_object_set_new(json, names[e],
		                    json_pack("{s:I, s:I}", "sent", (json_int_t)row->by[e].sent, "right",
		                              (json_int_t)row->by[e].right));
	json_object_set_new(json, "differences", json_integer((json_int_t)row->n_differences));
	return json;
}

static json_t *row_json(const struct proof *proof, size_t i)
{
	const struct proof_row *row = &proof->plan->rows[i];
	json_t *json = counts_json(&proof->tally->rows[i]);

	json_object_set_new(json, "section",
	                    row->section ? words_text_json(row->section->name) : json_null());
	json_object_set_new(json, "row", row->row ? json_string(row->row->id) : json_null());
	json_object_set_new(json, "site_rule", words_text_json(row->site_rule ? row->site_rule->name : NULL));
	json_object_set_new(json, "lines", json_integer(row->n_lines));
	return json;
}

static json_t *difference_json(const struct proof *proof, const struct difference *difference)
{
	const struct plan *plan = proof->plan;
	const struct probe *probe = &plan->probes[difference->probe];
	const struct proof_row *row = &plan->rows[probe->row];
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX], text[PROOF_DIFFERENCE_MAX];

	addr_format(&plan->hosts.items[probe->src].addr, src, sizeof(src));
	addr_format(&plan->hosts.items[probe->dst].addr, dst, sizeof(dst));
	proof_difference(proof, difference, text, sizeof(text));
	return json_pack("{s:o, s:o, s:s, s:s, s:s, s:o, s:s, s:b, s:b, s:b, s:o}", "section",
	                 words_text_json(proof_row_section(row)), "row", words_text_json(proof_row_name(row)),
	                 "source", src, "destination", dst, "protocol", proto_name(probe->proto), "port",
	                 probe->proto == PROTO_ICMP ? json_null() : json_integer(probe->port), "when",
	                 step_name(difference->step), "must_pass",
	                 probe_expectation(probe, difference->step) != EXPECT_SHUT, "passed",
	                 difference->passed, "explain_passes", difference->explained, "text",
	                 words_text_json(text));
}

json_t *proof_to_json(const struct proof *proof)
{
	const struct tally *tally = proof->tally;
	json_t *rows = json_array(), *differences = json_array(), *notes = json_array();
	const char *texts[PROOF_NOTES_MAX];
	size_t n = proof_notes(proof, texts, PROOF_NOTES_MAX);

	for (size_t i = 0; i < proof->plan->n_rows; i++)
		json_array_append_new(rows, row_json(proof, i));
	for (size_t i = 0; i < tally->n_differences; i++)
		json_array_append_new(differences, difference_json(proof, &tally->differences[i]));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(notes, json_string(texts[i]));
	return json_pack("{s:i, s:o, s:I, s:I, s:o, s:o, s:o, s:o}", "code", proof_code(proof), "file",
	                 words_text_json(proof->plan->policy->path), "packets",
	                 (json_int_t)proof->result->packets, "members", (json_int_t)proof->plan->n_members,
	                 "rows", rows, "differences", differences, "totals", counts_json(&tally->all),
	                 "notes", notes);
}
