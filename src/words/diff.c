// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changes of lines, gathered into sentences: those between the same groups of addresses become one,
 *
 *   10.9.0.0/16 as windows_agent gains tcp 5723 to management_server (10.20.1.11, 10.20.1.12): cur-16
 *
 * An end that is the whole role is called by the role, one that is a part of it by its addresses.
 */
#include "words/diff.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "policy/addr_algebra.h"
#include "util/array.h"
#include "util/reply.h"
#include "util/text.h"
#include "words/words.h"

/* The changes of one sentence. */
struct group {
	const struct opening_change **changes;
	size_t n, cap;
};

struct groups {
	struct group *items;
	size_t n, cap;
};

char *diff_members(const struct addr_set *addrs)
{
	char *text;
	size_t size;
	FILE *out = words_begin(&text, &size);

	words_print_members(addrs, out);
	return words_end(out, &text);
}

void diff_say(json_t *list, const char *what, const char *fmt, ...)
{
	char *text;
	size_t size;
	FILE *out = words_begin(&text, &size);
	va_list ap;

	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	words_end(out, &text);
	json_array_append_new(list, json_pack("{s:s, s:o}", "what", what, "sentence", reply_string(text)));
	free(text);
}

static bool group_takes(const struct group *group, const struct opening_change *change)
{
	const struct opening_change *first = group->changes[0];
	const struct opening *a = first->line, *b = change->line;

	return first->judged == change->judged && text_same(a->section, b->section) &&
	       text_same(a->from_name, b->from_name) && text_same(a->to_name, b->to_name) &&
	       (a->section || text_same(a->rows, b->rows)) &&
	       addr_set_equal(&first->box.from, &change->box.from) &&
	       addr_set_equal(&first->box.to, &change->box.to);
}

static void groups_add(struct groups *groups, const struct opening_change *change)
{
	struct group *group = NULL;

	for (size_t i = 0; i < groups->n && !group; i++)
		if (group_takes(&groups->items[i], change))
			group = &groups->items[i];
	if (!group) {
		group = ARRAY_PUSH(groups->items, groups->n, groups->cap);
		*group = (struct group){.n = 0};
	}
	*ARRAY_PUSH(group->changes, group->n, group->cap) = change;
}

static void groups_clear(struct groups *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		free(groups->items[i].changes);
	free(groups->items);
}

/* "management_server (10.20.1.11)", "10.9.0.0/16 as windows_agent", or addresses alone. */
static void print_end(const char *role, const struct addr_set *part, const struct addr_set *whole, FILE *out)
{
	bool is_whole = addr_set_equal(part, whole);

	if (role && is_whole)
		fprintf(out, "%s (", role);
	words_print_members(part, out);
	if (role)
		fprintf(out, is_whole ? ")" : " as %s", role);
}

/* The ends of a line less what has nobody to talk to in its family. */
static struct box whole_box(const struct opening *line)
{
	struct boxes boxes = {.n = 0};
	struct box whole = {.any = true};

	boxes_add(&boxes, (struct box){.from = *line->from, .to = *line->to, .any = true});
	if (boxes.n)
		whole = boxes.items[0];
	boxes_clear(&boxes);
	return whole;
}

/* In which of the three ways a service changes. */
enum service_way { WAY_PLAIN, WAY_INSTALL, WAY_PHASE, WAY_MAX };

static enum service_way way_of(const struct opening_change *change)
{
	if (change->phase == PHASE_INSTALL)
		return WAY_INSTALL;
	return change->in_install ? WAY_PHASE : WAY_PLAIN;
}

static void print_services(const struct group *group, enum service_way way, bool *any, FILE *out)
{
	static const char *const before[WAY_MAX] = {"", "while installing ", ""};
	const char *proto = NULL;
	char ports[PORTS_MAX];

	for (size_t i = 0; i < group->n; i++) {
		const struct opening_change *change = group->changes[i];
		const char *name = proto_name(change->box.proto);

		if (way_of(change) != way)
			continue;
		if (proto)
			fprintf(out, ", %s%s", strcmp(proto, name) == 0 ? "" : name,
			        strcmp(proto, name) == 0 ? "" : " ");
		else
			fprintf(out, "%s%s%s ", *any ? "; " : "", before[way], name);
		fputs(words_ports(change->box.proto, &change->box.ports, ports, sizeof(ports)), out);
		proto = name;
		*any = true;
	}
}

static bool group_has(const struct group *group, enum service_way way)
{
	for (size_t i = 0; i < group->n; i++)
		if (way_of(group->changes[i]) == way)
			return true;
	return false;
}

/* "tcp 1433, udp 1434; while installing tcp 135, 445", and what merely changes its phase */
static void print_all_services(const struct group *group, bool opens, FILE *out)
{
	bool any = false;

	print_services(group, WAY_PLAIN, &any, out);
	print_services(group, WAY_INSTALL, &any, out);
	print_services(group, WAY_PHASE, &any, out);
	if (group_has(group, WAY_PHASE))
		fputs(opens ? " always (so far only while installing)"
		            : " (from now on only while installing)",
		      out);
}

static bool is_listed(const json_t *list, const char *text, size_t len)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) if (strlen(json_string_value(item)) == len &&
	                                      strncmp(json_string_value(item), text, len) == 0) return true;
	return false;
}

static json_t *rows_json(const struct group *group)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < group->n; i++)
		for (const char *at = group->changes[i]->line->rows; *at; at += strspn(at, ", ")) {
			size_t len = strcspn(at, ",");

			if (!is_listed(rows, at, len))
				json_array_append_new(rows, json_stringn(at, len));
			at += len;
		}
	return rows;
}

static void print_rows(const json_t *rows, FILE *out)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) fprintf(out, "%s%s", i ? ", " : "", json_string_value(row));
}

static json_t *sentence_json(const struct group *group, const json_t *rows, bool opens)
{
	const struct opening_change *first = group->changes[0];
	struct box whole = whole_box(first->line);
	char *text;
	size_t size;
	FILE *out = words_begin(&text, &size);
	json_t *json;

	print_end(first->line->from_name, &first->box.from, &whole.from, out);
	fputs(opens ? " gains " : " loses ", out);
	print_all_services(group, opens, out);
	fputs(" to ", out);
	print_end(first->line->to_name, &first->box.to, &whole.to, out);
	if (first->line->section)
		fprintf(out, " in %s: ", first->line->section);
	else
		fputs(": site rule ", out);
	print_rows(rows, out);
	json = reply_string(words_end(out, &text));
	free(text);
	return json;
}

static json_t *addrs_json(const struct addr_set *addrs)
{
	json_t *list = json_array();
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < addrs->n4; i++)
		json_array_append_new(list, json_string(addr_format4(&addrs->v4[i], text, sizeof(text))));
	for (size_t i = 0; i < addrs->n6; i++)
		json_array_append_new(list, json_string(addr_format6(&addrs->v6[i], text, sizeof(text))));
	return list;
}

static json_t *services_json(const struct group *group)
{
	static const char *const phases[WAY_MAX] = {
	        [WAY_PLAIN] = "always",
	        [WAY_INSTALL] = "install",
	        [WAY_PHASE] = "run", /* in the install phase it is open either way */
	};
	json_t *list = json_array();
	char ports[PORTS_MAX];

	for (size_t i = 0; i < group->n; i++) {
		const struct box *box = &group->changes[i]->box;

		json_array_append_new(
		        list, json_pack("{s:s, s:s, s:s}", "protocol", proto_name(box->proto), "ports",
		                        words_ports(box->proto, &box->ports, ports, sizeof(ports)), "phase",
		                        phases[way_of(group->changes[i])]));
	}
	return list;
}

static json_t *group_json(const struct group *group, bool opens)
{
	const struct opening_change *first = group->changes[0];
	json_t *rows = rows_json(group), *sentence = sentence_json(group, rows, opens);

	return json_pack("{s:s?, s:{s:s?, s:o}, s:{s:s?, s:o}, s:o, s:o, s:o}", "section",
	                 first->line->section, "from", "role", first->line->from_name, "members",
	                 addrs_json(&first->box.from), "to", "role", first->line->to_name, "members",
	                 addrs_json(&first->box.to), "services", services_json(group), "rows", rows,
	                 "sentence", sentence);
}

static int compare_changes(const void *a, const void *b)
{
	const struct opening_change *left = *(const struct opening_change *const *)a;
	const struct opening_change *right = *(const struct opening_change *const *)b;

	if (left->box.proto != right->box.proto)
		return left->box.proto < right->box.proto ? -1 : 1;
	return (left->box.ports.lo > right->box.ports.lo) - (left->box.ports.lo < right->box.ports.lo);
}

/* Those that mean something for packets go to list, the others to anyhow. */
static void add_groups(const struct opening_change *changes, size_t n, bool opens, json_t *list,
                       json_t *anyhow)
{
	struct groups groups = {.n = 0};

	for (size_t i = 0; i < n; i++)
		groups_add(&groups, &changes[i]);
	for (size_t i = 0; i < groups.n; i++) {
		struct group *group = &groups.items[i];

		qsort(group->changes, group->n, sizeof(*group->changes), compare_changes);
		json_array_append_new(group->changes[0]->judged ? list : anyhow, group_json(group, opens));
	}
	groups_clear(&groups);
}

/* Who is reached by deny_scope or never_deny and was not, or the other way round. */
enum reach { NO_ROLE, A_ROLE, NO_SERVER_ROLE, A_SERVER_ROLE, NEVER_DENIED, DENIED_AGAIN, REACH_MAX };

/* Of one member, and of more. */
static const char *const reach_sentences[REACH_MAX][2] = {
        [NO_ROLE] = {"holds no role any more: nothing of it is denied (deny_scope = roles)",
                     "hold no role any more: nothing of them is denied (deny_scope = roles)"},
        [A_ROLE] = {"holds a role from now on: between it and server roles is denied what no row opens "
                    "(deny_scope = roles)",
                    "hold a role from now on: between them and server roles is denied what no row opens "
                    "(deny_scope = roles)"},
        [NO_SERVER_ROLE] = {"holds no server role any more: from and to it less is denied",
                            "hold no server role any more: from and to them less is denied"},
        [A_SERVER_ROLE] = {"holds a server role from now on: from and to it is denied what no row opens",
                           "hold a server role from now on: from and to them is denied what no row opens"},
        [NEVER_DENIED] = {"is in never_deny: nothing of it is denied",
                          "are in never_deny: nothing of them is denied"},
        [DENIED_AGAIN] = {"is not in never_deny any more: of it is denied what no row opens",
                          "are not in never_deny any more: of them is denied what no row opens"},
};

/* "10.9.0.5 holds no role any more: ...", of those in a and not in b; deny_scope stays and reaches somebody else. */
static void add_reach(json_t *list, const struct addr_set *a, const struct addr_set *b, enum reach reach)
{
	struct arena *arena = arena_new();
	struct addr_set left = addr_set_minus(arena, a, b);
	bool many = left.n4 + left.n6 > 1;
	char *text;

	if (!addr_set_is_empty(&left)) {
		text = diff_members(&left);
		diff_say(list, "judged", "%s %s", text, reach_sentences[reach][many]);
		json_object_set_new(json_array_get(list, json_array_size(list) - 1), "members",
		                    addrs_json(&left));
		free(text);
	}
	arena_free(arena);
}

static void add_reaches(json_t *opens, json_t *closes, const struct openings *old, const struct openings *new)
{
	if (old->scope != new->scope)
		return;
	if (new->scope == DENY_ROLES) {
		add_reach(opens, &old->members, &new->members, NO_ROLE);
		add_reach(closes, &new->members, &old->members, A_ROLE);
	}
	if (new->scope == DENY_ROLES || new->scope == DENY_SERVERS) {
		add_reach(opens, &old->servers, &new->servers, NO_SERVER_ROLE);
		add_reach(closes, &new->servers, &old->servers, A_SERVER_ROLE);
	}
	add_reach(opens, &new->never_deny, &old->never_deny, NEVER_DENIED);
	add_reach(closes, &old->never_deny, &new->never_deny, DENIED_AGAIN);
}

json_t *diff_to_json(const struct diff_side *before, const struct diff_side *after,
                     const struct opening_diff *diff)
{
	json_t *changes = diff_changes(before, after);
	json_t *opens = json_array(), *closes = json_array(), *by_row = json_array(),
	       *without_row = json_array();
	bool packets = opening_diff_is_empty(diff) && before->openings->mode == after->openings->mode;
	bool same = packets && json_array_size(changes) == 0;

	add_groups(diff->opens, diff->n_opens, true, opens, by_row);
	add_groups(diff->closes, diff->n_closes, false, closes, without_row);
	add_reaches(opens, closes, before->openings, after->openings);
	return json_pack("{s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:o}", "before",
	                 words_text_json(before->name), "after", words_text_json(after->name), "same",
	                 (int)same, "same_for_packets", (int)packets, "changes", changes, "opens", opens,
	                 "closes", closes, "stays_open_by_row", by_row, "stays_open_without_row",
	                 without_row);
}
