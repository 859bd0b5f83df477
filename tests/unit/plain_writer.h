/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a random role file, and remembers what it says as a struct world. A header with its functions in it, for
 * those who have a world.
 */
#ifndef PLAIN_WRITER_H
#define PLAIN_WRITER_H

#include <stdlib.h>

#include "tests/unit/plain_world.h"
#include "util/array.h"

#define CHANCE(n) (rnd(n) == 0)

static unsigned rnd(unsigned below)
{
	return (unsigned)random() % below;
}

/* Writes one member, a host, a CIDR or a range, and returns its bits. */
static uint64_t write_member(FILE *out, bool v6)
{
	const char *prefix = v6 ? "2001:db8::" : "10.0.0.";
	const char *format = v6 ? "%s%x" : "%s%u";
	unsigned first = rnd(64), last = first, shape = rnd(4);

	if (shape == 0) {
		first &= ~3u;
		last = first + 3;
	} else if (shape == 1) {
		last = first + rnd(64 - first);
	}
	fprintf(out, format, prefix, first);
	if (shape == 0) {
		fprintf(out, "/%u", v6 ? 126 : 30);
	} else if (last > first) {
		fputc('-', out);
		fprintf(out, format, prefix, last);
	}
	return (last - first == 63 ? ~(uint64_t)0 : (((uint64_t)1 << (last - first + 1)) - 1)) << first;
}

static struct family_bits write_members(FILE *out, const char *key)
{
	struct family_bits bits = {0};
	unsigned n = 1 + rnd(3);

	fprintf(out, "%s = ", key);
	for (unsigned i = 0; i < n; i++) {
		fputs(i ? ", " : "", out);
		if (CHANCE(3))
			bits.v6 |= write_member(out, true);
		else
			bits.v4 |= write_member(out, false);
	}
	fputs("\n", out);
	return bits;
}

/* A role of its own members, or of those of the management servers, which come first. */
static void write_role(struct world_section *section, enum role role, FILE *out)
{
	if (role == ROLE_MANAGEMENT_SERVER || !CHANCE(12)) {
		section->roles[role] = write_members(out, role_name(role));
		return;
	}
	fprintf(out, "%s = @management_server\n", role_name(role));
	section->roles[role] = section->roles[ROLE_MANAGEMENT_SERVER];
}

static void write_rows(struct world_section *section, FILE *out)
{
	static const enum row_state states[] = {ROW_ON, ROW_OFF, ROW_BOTH, ROW_INSTALL, ROW_REVERSE};

	fprintf(out, "[rows %s]\n", section->name);
	for (int row = 0; row < ROW_COUNT; row++) {
		if (table_rows[row].table != section->table || !CHANCE(3))
			continue;
		section->row_set[row] = true;
		section->rows[row] = states[rnd(ARRAY_SIZE(states))];
		fprintf(out, "%s = %s\n", table_rows[row].id, row_state_name(section->rows[row]));
	}
}

static void write_ports(struct world_section *section, FILE *out)
{
	fprintf(out, "[ports %s]\n", section->name);
	if ((section->health_moved = CHANCE(3)))
		fprintf(out, "health_service = %d\n", MOVED_PORT);
	if ((section->browser_off = section->table == TABLE_CURRENT && CHANCE(3)))
		fputs("sql_browser = off\n", out);
}

static void write_section(struct world_section *section, const char *name, FILE *out)
{
	section->name = name;
	section->table = CHANCE(3) ? TABLE_2016 : TABLE_CURRENT;
	section->certificate = CHANCE(3);
	section->snmp_purpose = CHANCE(2);
	section->catalog_reply_only = CHANCE(2);
	fprintf(out, "[roles %s]\ntable = %s\n", name, port_table_name(section->table));
	fprintf(out, "authentication = %s\n", section->certificate ? "certificate" : "kerberos");
	fprintf(out, "snmp = %s\n", section->snmp_purpose ? "purpose" : "bidirectional");
	fprintf(out, "catalog_dynamic_ports = %s\n",
	        section->catalog_reply_only ? "reply_only" : "bidirectional");
	for (enum role role = 0; role < ROLE_MAX; role++)
		if (CHANCE(3) || role == ROLE_MANAGEMENT_SERVER)
			write_role(section, role, out);
	write_rows(section, out);
	write_ports(section, out);
}

static void write_rule(struct world_rule *rule, unsigned number, FILE *out)
{
	snprintf(rule->name, sizeof(rule->name), "rule%u", number);
	fprintf(out, "[site_rule %s]\n", rule->name);
	rule->from = write_members(out, "from");
	rule->to = write_members(out, "to");
	rule->proto = (enum proto)rnd(PROTO_MAX);
	rule->lo = 7000;
	rule->hi = (uint16_t)(7000 + rnd(20));
	rule->install = CHANCE(2);
	rule->expired = CHANCE(3);
	fprintf(out, "protocol = %s\nphase = %s\nreason = test\n", proto_name(rule->proto),
	        rule->install ? "install" : "both");
	if (rule->expired)
		fputs("expires = 2000-12-31\n", out);
	if (rule->proto == PROTO_ICMP)
		fputs("ports = echo-request\n", out);
	else
		fprintf(out, "ports = %u-%u\n", rule->lo, rule->hi);
}

static void write_world(struct world *world, FILE *out)
{
	static const char *const names[SECTIONS] = {"alpha", "beta", "gamma"};

	*world = (struct world){.scope = (enum deny_scope)rnd(4), .audit = CHANCE(5), .open = rnd(1000)};
	fprintf(out, "[omfwd]\nmode = %s\ndeny_scope = %s\n", world->audit ? "audit" : "enforce",
	        deny_scope_name(world->scope));
	fprintf(out, "deny_action = %s\nlog_denied = %s\naccept_mark = %s\n", CHANCE(3) ? "reject" : "drop",
	        CHANCE(2) ? "yes" : "no", CHANCE(3) ? "0x10/0xf0" : "none");
	if (CHANCE(2))
		world->never_deny = write_members(out, "never_deny");
	world->n_sections = 1 + rnd(SECTIONS);
	for (size_t i = 0; i < world->n_sections; i++)
		write_section(&world->sections[i], names[i], out);
	world->n_rules = rnd(SITE_RULES + 1);
	for (unsigned i = 0; i < world->n_rules; i++)
		write_rule(&world->rules[i], i, out);
}

#endif
