// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The model as text for `nft -f`. Written apart from the encoder in src/kernel on purpose: the tests load this text
 * in one namespace and the encoder's messages in another, and compare what the kernel then lists.
 */
#include "ruleset/rule.h"

#include <netinet/in.h>

static const char *const type_names[SET_TYPE_MAX] = {
        [SET_HOSTS4] = "ipv4_addr",
        [SET_NETS4] = "ipv4_addr",
        [SET_HOSTS6] = "ipv6_addr",
        [SET_NETS6] = "ipv6_addr",
        [SET_WINDOW] = "inet_proto",
        [SET_SERVICES] = "inet_service : verdict",
        [SET_ENDS4] = "ipv4_addr : verdict",
        [SET_ENDS6] = "ipv6_addr : verdict",
        [SET_ICMPV6] = "icmpv6_type",
        [SET_FLOWS4] = "ipv4_addr . ipv4_addr . inet_proto . inet_service",
        [SET_FLOWS6] = "ipv6_addr . ipv6_addr . inet_proto . inet_service",
        [SET_PAIRS4] = "ipv4_addr . ipv4_addr . inet_proto",
        [SET_PAIRS6] = "ipv6_addr . ipv6_addr . inet_proto",
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
	static const char *const names[] = {
	        [IPPROTO_ICMP] = "icmp",
	        [IPPROTO_TCP] = "tcp",
	        [IPPROTO_UDP] = "udp",
	        [IPPROTO_ICMPV6] = "ipv6-icmp",
	};

	return names[proto];
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

static void print_ends(const struct nft_set *set, FILE *out, size_t *printed)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < set->n_elements; i++) {
		print_comma(out, printed);
		fprintf(out, "%s : jump %s", addr_format(&set->ends[i].addr, text, sizeof(text)),
		        set->ends[i].chain);
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
	case SET_ENDS4:
	case SET_ENDS6:
		print_ends(set, out, &printed);
		break;
	case SET_ICMPV6:
		for (size_t i = 0; i < set->n_elements; i++) {
			print_comma(out, &printed);
			fputs(icmpv6_type_name(set->types[i]), out);
		}
		break;
	case SET_WINDOW:
	case SET_FLOWS4:
	case SET_FLOWS6:
	case SET_PAIRS4:
	case SET_PAIRS6:
	case SET_TYPE_MAX:
		break;
	}
	if (printed)
		fputs(" }\n", out);
}

static void print_set(const struct nft_set *set, FILE *out)
{
	bool map = set->type == SET_SERVICES || set->type == SET_ENDS4 || set->type == SET_ENDS6;

	fprintf(out, "\t%s %s {\n\t\ttype %s\n", map ? "map" : "set", set->name, type_names[set->type]);
	if (set->size)
		fprintf(out, "\t\tsize %zu\n", set->size);
	if (set->type == SET_NETS4 || set->type == SET_NETS6)
		fputs("\t\tflags interval\n", out);
	if (set->type == SET_WINDOW)
		fputs("\t\tflags timeout\n", out);
	if (set_is_dynamic(set))
		fprintf(out, "\t\tflags dynamic,timeout\n\t\ttimeout %us\n", LOUD_SECONDS);
	print_elements(set, out);
	fputs("\t}\n\n", out);
}

static void print_l4proto(const struct stmt *stmt, FILE *out)
{
	fprintf(out, "meta l4proto %s", l4proto_name(stmt->proto));
}

static void print_l4proto_set(const struct stmt *stmt, FILE *out)
{
	fprintf(out, "meta l4proto @%s", stmt->set->name);
}

static void print_ct_protocol(const struct stmt *stmt, FILE *out)
{
	fprintf(out, "ct original protocol %s", l4proto_name(stmt->proto));
}

static const char *ip_word(const struct nft_set *set)
{
	return set_family(set) == FAMILY_6 ? "ip6" : "ip";
}

static void print_ct_addr(const struct stmt *stmt, FILE *out)
{
	fprintf(out, "ct %s %s saddr @%s", stmt->dir == CT_ORIGINAL ? "original" : "reply",
	        ip_word(stmt->set), stmt->set->name);
}

static void print_ct_addr_vmap(const struct stmt *stmt, FILE *out)
{
	fprintf(out, "ct %s %s saddr vmap @%s", stmt->dir == CT_ORIGINAL ? "original" : "reply",
	        ip_word(stmt->set), stmt->set->name);
}

static void print_ct_reply_port(const struct stmt *stmt, FILE *out)
{
	fprintf(out, "ct reply proto-src %u", stmt->ports.lo);
	if (stmt->ports.hi != stmt->ports.lo)
		fprintf(out, "-%u", stmt->ports.hi);
}

static void print_ct_reply_vmap(const struct stmt *stmt, FILE *out)
{
	fprintf(out, "ct reply proto-src vmap @%s", stmt->set->name);
}

static void print_ct_original_vmap(const struct stmt *stmt, FILE *out)
{
	fprintf(out, "ct original proto-src vmap @%s", stmt->set->name);
}

static void print_ct_original_icmp(const struct stmt *stmt, FILE *out)
{
	fprintf(out, "ct original proto-dst %u", stmt->ports.lo);
}

static void print_addr(const struct stmt *stmt, FILE *out)
{
	fprintf(out, "%s %s @%s", ip_word(stmt->set), stmt->kind == STMT_SADDR ? "saddr" : "daddr",
	        stmt->set->name);
}

static void print_icmpv6_type(const struct stmt *stmt, FILE *out)
{
	fprintf(out, "icmpv6 type @%s", stmt->set->name);
}

static void print_counter(const struct stmt *stmt, FILE *out)
{
	fprintf(out, "counter name \"%s\"", stmt->name);
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

static const char *unit_name(uint32_t seconds)
{
	return seconds == 1 ? "second" : seconds == 60 ? "minute" : seconds == 3600 ? "hour" : "day";
}

static void print_limit(const struct stmt *stmt, FILE *out)
{
	fprintf(out, "limit rate %u/%s burst %u packets", stmt->rate, unit_name(stmt->unit),
	        limit_burst(stmt->rate));
}

static void print_loud(const struct stmt *stmt, FILE *out)
{
	bool flows = stmt->set->type == SET_FLOWS4 || stmt->set->type == SET_FLOWS6;
	const char *ip = ip_word(stmt->set);

	fprintf(out,
	        "update @%s { %s saddr . %s daddr . meta l4proto%s limit rate over %u/%s burst %u packets }",
	        stmt->set->name, ip, ip, flows ? " . th dport" : "", stmt->rate, unit_name(stmt->unit),
	        LOUD_BURST);
}

static void print_log(const struct stmt *stmt, FILE *out)
{
	fprintf(out, "log prefix \"%s\" group %u snaplen %u", stmt->name, stmt->group, LOG_SNAPLEN);
}

static void print_jump(const struct stmt *stmt, FILE *out)
{
	fprintf(out, "jump %s", stmt->name);
}

static void print_goto(const struct stmt *stmt, FILE *out)
{
	fprintf(out, "goto %s", stmt->name);
}

/* How a statement is printed: fixed words, or a function. */
static const struct {
	const char *words;
	void (*print)(const struct stmt *stmt, FILE *out);
} printers[STMT_MAX] = {
        [STMT_L4PROTO] = {.print = print_l4proto},
        [STMT_L4PROTO_SET] = {.print = print_l4proto_set},
        [STMT_CT_INVALID] = {.words = "ct state invalid"},
        [STMT_CT_UNPLACED] = {.words = "ct state invalid,untracked"},
        [STMT_CT_PROTOCOL] = {.print = print_ct_protocol},
        [STMT_CT_ADDR] = {.print = print_ct_addr},
        [STMT_CT_ADDR_VMAP] = {.print = print_ct_addr_vmap},
        [STMT_CT_REPLY_PORT] = {.print = print_ct_reply_port},
        [STMT_CT_REPLY_VMAP] = {.print = print_ct_reply_vmap},
        [STMT_CT_ORIGINAL_VMAP] = {.print = print_ct_original_vmap},
        [STMT_CT_ESTABLISHED] = {.words = "ct state established"},
        [STMT_CT_RELATED] = {.words = "ct state related"},
        [STMT_TCP_RST] = {.words = "tcp flags rst"},
        [STMT_CT_IS_REPLY] = {.words = "ct direction reply"},
        [STMT_TCP_NOT_SYN] = {.words = "tcp flags & (syn | ack) != syn"},
        [STMT_CT_ORIGINAL_ICMP] = {.print = print_ct_original_icmp},
        [STMT_SADDR] = {.print = print_addr},
        [STMT_DADDR] = {.print = print_addr},
        [STMT_ICMPV6_TYPE] = {.print = print_icmpv6_type},
        [STMT_IIF_LO] = {.words = "iif \"lo\""},
        [STMT_OIF_LO] = {.words = "oif \"lo\""},
        [STMT_COUNTER] = {.print = print_counter},
        [STMT_MARK] = {.print = print_mark},
        [STMT_LIMIT] = {.print = print_limit},
        [STMT_LOUD] = {.print = print_loud},
        [STMT_LOG] = {.print = print_log},
        [STMT_REJECT_RESET] = {.words = "reject with tcp reset"},
        [STMT_REJECT_ICMP] = {.words = "reject with icmpx admin-prohibited"},
        [STMT_ACCEPT] = {.words = "accept"},
        [STMT_DROP] = {.words = "drop"},
        [STMT_RETURN] = {.words = "return"},
        [STMT_JUMP] = {.print = print_jump},
        [STMT_GOTO] = {.print = print_goto},
};

static void print_stmt(const struct stmt *stmt, FILE *out)
{
	if (printers[stmt->kind].print)
		printers[stmt->kind].print(stmt, out);
	else
		fputs(printers[stmt->kind].words, out);
}

static void print_rule(const struct nft_rule *rule, FILE *out)
{
	fputc('\t', out);
	for (unsigned i = 0; i < rule->n; i++) {
		fputc(i ? ' ' : '\t', out);
		print_stmt(&rule->stmts[i], out);
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
		fprintf(out, "\t\ttype filter hook %s priority filter - 5; policy %s;\n", hooks[chain->hook],
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
