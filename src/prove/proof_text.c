// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table: a line for every row of every section, with how many packets were sent and how many of them did what they
 * must. Rows at one end of which there is nobody are named below it, since nothing was sent for them.
 */
#include "prove/proof.h"

#include <string.h>

#include "words/words.h"

#define COUNT_MAX 32

static const char *const opinions[] = {"shut", "open"};

char *proof_difference(const struct proof *proof, const struct difference *difference, char *buf, size_t size)
{
	const struct plan *plan = proof->plan;
	const struct probe *probe = &plan->probes[difference->probe];
	const struct proof_row *row = &plan->rows[probe->row];
	bool passes = probe_expectation(probe, difference->step) != EXPECT_SHUT;
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX], port[PORTS_MAX] = "";
	int n;

	addr_format(&plan->hosts.items[probe->src].addr, src, sizeof(src));
	addr_format(&plan->hosts.items[probe->dst].addr, dst, sizeof(dst));
	if (probe->proto != PROTO_ICMP)
		snprintf(port, sizeof(port), "/%u", probe->port);
	n = snprintf(buf, size, "%s %s: %s -> %s %s%s, %s: ", proof_row_section(row), proof_row_name(row),
	             src, dst, proto_name(probe->proto), port, step_name(difference->step));
	if (difference->by_packet)
		snprintf(buf + n, size - (size_t)n, "%s, but must %s; explain says %s",
		         difference->passed ? "passed" : "did not pass", passes ? "pass" : "be shut",
		         opinions[difference->explained]);
	else
		snprintf(buf + n, size - (size_t)n, "%s as it must, but explain says %s",
		         passes ? "passed" : "was shut", opinions[difference->explained]);
	return buf;
}

enum exit_code proof_code(const struct proof *proof)
{
	return proof->tally->n_differences ? CODE_NO : CODE_DONE;
}

size_t proof_notes(const struct proof *proof, const char **ret, size_t max)
{
	const struct policy *policy = proof->plan->policy;
	const struct {
		bool holds;
		const char *text;
	} notes[] = {
	        {proof->plan->n_probes > 0, "of each role the first, middle and last members, both ends of "
	                                    "its networks, those it shares "
	                                    "with other roles, and the addresses beside them were used; all "
	                                    "packets were forwarded, those "
	                                    "of the gateway's own addresses too"},
	        {proof->was_audit, "mode = audit denies nothing yet; this is what mode = enforce would do"},
	        {policy->settings.deny_scope == DENY_NONE,
	         "deny_scope = none: nothing is denied, so that no packet is forbidden"},
	        {proof->plan->n_probes == 0,
	         "no line has a member at both ends: nothing was sent, nothing is proved"},
	        {proof->plan->depth->note, proof->plan->depth->note},
	        {!proof->result->has_v6, "this kernel is without IPv6: members of that family were left out"},
	};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		if (notes[i].holds && n < max)
			ret[n++] = notes[i].text;
	return n;
}

static const char *count_text(const struct row_tally *row, enum expectation e, char *buf)
{
	if (row->by[e].sent == 0)
		return "-";
	snprintf(buf, COUNT_MAX, "%zu/%zu", row->by[e].right, row->by[e].sent);
	return buf;
}

static void print_line(const char *section, const char *name, const char *lines, const struct row_tally *row,
                       FILE *out)
{
	char open[COUNT_MAX], shut[COUNT_MAX], left[COUNT_MAX];

	fprintf(out, "%-16s %-20s %5s %15s %15s %15s  %s\n", section, name, lines,
	        count_text(row, EXPECT_OPEN, open), count_text(row, EXPECT_SHUT, shut),
	        count_text(row, EXPECT_LEFT, left), row->n_differences ? "DIFFERS" : "ok");
}

static void print_row(const struct proof *proof, size_t i, FILE *out)
{
	const struct row_tally *row = &proof->tally->rows[i];
	const struct proof_row *about = &proof->plan->rows[i];
	char lines[16], text[PROOF_DIFFERENCE_MAX];

	snprintf(lines, sizeof(lines), "%u", about->n_lines);
	print_line(proof_row_section(about), proof_row_name(about), lines, row, out);
	for (size_t k = 0; k < row->n_differences && k < DIFFERENCES_SHOWN; k++)
		fprintf(out, "    %s\n",
		        proof_difference(proof, &proof->tally->differences[row->first_difference + k], text,
		                         sizeof(text)));
	if (row->n_differences > DIFFERENCES_SHOWN)
		fprintf(out, "    ... and %zu more\n", row->n_differences - DIFFERENCES_SHOWN);
}

static bool row_was_tried(const struct proof *proof, size_t i)
{
	const struct row_tally *row = &proof->tally->rows[i];

	return row->by[EXPECT_OPEN].sent + row->by[EXPECT_SHUT].sent + row->by[EXPECT_LEFT].sent > 0;
}

/* "prod: cur-10, cur-12", a line for each section. */
static void print_untried(const struct proof *proof, FILE *out)
{
	const char *section = NULL;

	for (size_t i = 0; i < proof->plan->n_rows; i++) {
		const struct proof_row *row = &proof->plan->rows[i];

		if (row_was_tried(proof, i))
			continue;
		if (!section)
			fputs("\nNobody to send a packet for, at one end or at both:", out);
		if (!section || strcmp(section, proof_row_section(row)) != 0)
			fprintf(out, "\n  %s: %s", proof_row_section(row), proof_row_name(row));
		else
			fprintf(out, ", %s", proof_row_name(row));
		section = proof_row_section(row);
	}
	if (section)
		fputc('\n', out);
}

static void print_notes(const struct proof *proof, FILE *out)
{
	const char *notes[PROOF_NOTES_MAX];
	size_t n = proof_notes(proof, notes, PROOF_NOTES_MAX);

	fputc('\n', out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "note: %s\n", notes[i]);
}

static void print_summary(const struct proof *proof, FILE *out)
{
	const struct tally *tally = proof->tally;

	fprintf(out,
	        "%s: %llu packets of %zu members, in the run phase, the install phase and the run phase "
	        "again: ",
	        proof->plan->policy->path, (unsigned long long)proof->result->packets,
	        proof->plan->n_members);
	if (tally->n_differences == 0)
		fputs("no difference\n", out);
	else
		fprintf(out, "%zu difference%s (%zu of packets, %zu of explain)\n", tally->n_differences,
		        tally->n_differences == 1 ? "" : "s", tally->n_by_packet, tally->n_by_explain);
}

void proof_print(const struct proof *proof, FILE *out)
{
	fprintf(out, "%-16s %-20s %5s %15s %15s %15s\n", "section", "row", "lines", "allowed, passed",
	        "forbidden, shut", "left alone");
	for (size_t i = 0; i < proof->plan->n_rows; i++)
		if (row_was_tried(proof, i))
			print_row(proof, i, out);
	print_line("all", "", "", &proof->tally->all, out);
	print_untried(proof, out);
	print_notes(proof, out);
	print_summary(proof, out);
}
