// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The model as text for `nft -f`. Written apart from the encoder in src/kernel on purpose: the tests load this text
 * in one namespace and the encoder's messages in another, and compare what the kernel then lists.
 */
#include "ruleset/rule.h"

#include <netinet/in.h>

static const char *const type_names[] = {
        [SET_HOSTS4] = "ipv4_addr",   [SET_NETS4] = "ipv4_addr",   [SET_HOSTS6] = "ipv6_addr",
        [SET_NETS6] = "ipv6_addr",    [SET_WINDOW] = "inet_proto", [SET_SERVICES] = "inet_service : verdict",
        [SET_ICMPV6] = "icmpv6_type",
};

/* RFC 4861, in nft's words */
static const char *icmpv6_type_name(uint8_t type)
{
	static const char *const names[] = {
	        "nd-router-solicit",  "nd-router-advert", "nd-neighbor-solicit",
	        "nd-neighbor-advert", "nd-redirect",
	};

	return names[type - 133];
}

static const char *l4proto_name(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	default:
		return "ipv6-icmp";
	}
}

/* Starts the next element of "elements = { a, b }". */
static void print_comma(FILE *out, size_t *printed)
{
	fputs(*printed ? ",\n\t\t\t     " : "\t\telements = { ", out);
	++*printed;
}

static void print_addrs(const struct nft_set *set, FILE *out, size_t *printed)
{
	bool hosts = set->type == SET_HOSTS4 || set->type == SET_HOSTS6;
	char text[ADDR_TEXT_MAX];

	if (set_family(set) == FAMILY_4) {
		for (size_t i = 0; i < set->addrs->n4; i++) {
			const struct range4 *range = &set->addrs->v4[i];

			if ((range->lo == range->hi) != hosts)
				continue;
			print_comma(out, printed);
			fputs(addr_format4(range, text, sizeof(text)), out);
		}
		return;
	}
	for (size_t i = 0; i < set->addrs->n6; i++) {
		const struct range6 *range = &set->addrs->v6[i];

		if ((range->lo == range->hi) != hosts)
			continue;
		print_comma(out, printed);
		fputs(addr_format6(range, text, sizeof(text)), out);
	}
}

static void print_elements(const struct nft_set *set, FILE *out)
{
	size_t printed = 0;

	switch (set->type) {
	case SET_HOSTS4:
	case SET_NETS4:
	case SET_HOSTS6:
	case SET_NETS6:
		print_addrs(set, out, &printed);
		break;
	case SET_SERVICES:
		for (size_t i = 0; i < set->n_elements; i++) {
			print_comma(out, &printed);
			fprintf(out, "%u : jump %s", set->services[i].port, set->services[i].chain);
		}
		break;
	case SET_ICMPV6:
		for (size_t i = 0; i < set->n_elements; i++) {
			print_comma(out, &printed);
			fputs(icmpv6_type_name(set->types[i]), out);
		}
		break;
	case SET_WINDOW:
		break;
	}
	if (printed)
		fputs(" }\n", out);
}

static void print_set(const struct nft_set *set, FILE *out)
{
	fprintf(out, "\t%s %s {\n\t\ttype %s\n", set->type == SET_SERVICES ? "map" : "set", set->name,
	        type_names[set->type]);
	if (set->size)
		fprintf(out, "\t\tsize %zu\n", set->size);
	if (set->type == SET_NETS4 || set->type == SET_NETS6)
		fputs("\t\tflags interval\n", out);
	if (set->type == SET_WINDOW)
		fputs("\t\tflags timeout\n", out);
	print_elements(set, out);
	fputs("\t}\n\n", out);
}

static void print_mark(const struct stmt *stmt, FILE *out)
{
	if (stmt->mask == UINT32_MAX)
		fprintf(out, "meta mark set 0x%08x", stmt->value);
	else if (!stmt->value)
		fprintf(out, "meta mark set meta mark & 0x%08x", ~stmt->mask);
	else
		fprintf(out, "meta mark set meta mark & 0x%08x | 0x%08x", ~stmt->mask, stmt->value);
}

static const char *rate_unit(uint32_t seconds)
{
	return seconds == 1 ? "second" : seconds == 60 ? "minute" : seconds == 3600 ? "hour" : "day";
}

static void print_ports(struct port_range ports, FILE *out)
{
	fprintf(out, "ct reply proto-src %u", ports.lo);
	if (ports.hi != ports.lo)
		fprintf(out, "-%u", ports.hi);
}

/* What a rule does: the second half of enum stmt_kind. */
static void print_action(const struct stmt *stmt, FILE *out)
{
	switch (stmt->kind) {
	case STMT_COUNTER:
		fprintf(out, "counter name \"%s\"", stmt->name);
		break;
	case STMT_MARK:
		print_mark(stmt, out);
		break;
	case STMT_LIMIT:
		fprintf(out, "limit rate %u/%s", stmt->rate, rate_unit(stmt->unit));
		break;
	case STMT_LOG:
		fprintf(out, "log prefix \"%s\" group %u snaplen %u", stmt->name, stmt->group, LOG_SNAPLEN);
		break;
	case STMT_REJECT_RESET:
		fputs("reject with tcp reset", out);
		break;
	case STMT_REJECT_ICMP:
		fputs("reject with icmpx admin-prohibited", out);
		break;
	case STMT_ACCEPT:
		fputs("accept", out);
		break;
	case STMT_DROP:
		fputs("drop", out);
		break;
	case STMT_JUMP:
		fprintf(out, "jump %s", stmt->name);
		break;
	case STMT_GOTO:
		fprintf(out, "goto %s", stmt->name);
		break;
	default:
		break;
	}
}

/* What a rule matches: the first half. */
static void print_match(const struct stmt *stmt, FILE *out)
{
	const char *ip = stmt->set && set_family(stmt->set) == FAMILY_6 ? "ip6" : "ip";
	const char *set = stmt->set ? stmt->set->name : NULL;

	switch (stmt->kind) {
	case STMT_L4PROTO:
		fprintf(out, "meta l4proto %s", l4proto_name(stmt->proto));
		break;
	case STMT_L4PROTO_SET:
		fprintf(out, "meta l4proto @%s", set);
		break;
	case STMT_CT_INVALID:
		fputs("ct state invalid", out);
		break;
	case STMT_CT_PROTOCOL:
		fprintf(out, "ct original protocol %s", l4proto_name(stmt->proto));
		break;
	case STMT_CT_ADDR:
		fprintf(out, "ct %s %s saddr @%s", stmt->dir == CT_ORIGINAL ? "original" : "reply", ip, set);
		break;
	case STMT_CT_REPLY_PORT:
		print_ports(stmt->ports, out);
		break;
	case STMT_CT_REPLY_VMAP:
		fprintf(out, "ct reply proto-src vmap @%s", set);
		break;
	case STMT_CT_ORIGINAL_ICMP:
		fprintf(out, "ct original proto-dst %u", stmt->ports.lo);
		break;
	case STMT_SADDR:
		fprintf(out, "%s saddr @%s", ip, set);
		break;
	case STMT_DADDR:
		fprintf(out, "%s daddr @%s", ip, set);
		break;
	case STMT_ICMPV6_TYPE:
		fprintf(out, "icmpv6 type @%s", set);
		break;
	case STMT_IIF_LO:
		fputs("iif \"lo\"", out);
		break;
	case STMT_OIF_LO:
		fputs("oif \"lo\"", out);
		break;
	default:
		print_action(stmt, out);
	}
}

static void print_rule(const struct nft_rule *rule, FILE *out)
{
	fputc('\t', out);
	for (unsigned i = 0; i < rule->n; i++) {
		fputc(i ? ' ' : '\t', out);
		print_match(&rule->stmts[i], out);
	}
	if (rule->comment)
		fprintf(out, " comment \"%s\"", rule->comment);
	fputc('\n', out);
}

static void print_chain(const struct nft_chain *chain, FILE *out)
{
	static const char *const hooks[] = {
	        [HOOK_INPUT] = "input",
	        [HOOK_FORWARD] = "forward",
	        [HOOK_OUTPUT] = "output",
	};

	fprintf(out, "\tchain %s {\n", chain->name);
	if (chain->hook != HOOK_NONE)
		fprintf(out, "\t\ttype filter hook %s priority filter; policy %s;\n", hooks[chain->hook],
		        chain->policy_drop ? "drop" : "accept");
	for (size_t i = 0; i < chain->n; i++)
		print_rule(&chain->rules[i], out);
	fputs("\t}\n\n", out);
}

void ruleset_print_nft(const struct ruleset *ruleset, FILE *out)
{
	fprintf(out, "table inet %s {\n", RULESET_TABLE);
	for (size_t i = 0; i < ruleset->n_counters; i++)
		fprintf(out, "\tcounter %s {\n\t}\n\n", ruleset->counters[i]);
	for (size_t i = 0; i < ruleset->n_sets; i++)
		print_set(ruleset->sets[i], out);
	for (size_t i = 0; i < ruleset->n_chains; i++)
		print_chain(ruleset->chains[i], out);
	fputs("}\n", out);
}
