// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The exact line that makes a firewall let pass what carries accept_mark, in that firewall's own words. Each keeps its
 * rules in its own place and forgets what others put beside them, so the remedy says how the line stays.
 */
#include "doctor/findings.h"

#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

#include "ruleset/ruleset.h"
#include "util/array.h"

#define MARK_SUGGESTED 0x8000000u /* a bit that nobody is known to use */

struct honouring {
	struct checkup *checkup;
	const struct foreign_verdict *verdict;
	struct finding *finding;
	uint32_t mark, mask;
};

static bool has_chain(const struct honouring *at, const char *name)
{
	const struct foreign_chain *base = at->verdict->base;
	const struct foreign *foreign = at->checkup->foreign;

	for (size_t i = 0; i < foreign->n_chains; i++)
		if (foreign->chains[i].family == base->family &&
		    !strcmp(foreign->chains[i].table, base->table) && !strcmp(foreign->chains[i].name, name))
			return true;
	return false;
}

static bool is_v6(const struct honouring *at)
{
	return at->verdict->base->family == NFPROTO_IPV6;
}

static const char *iptables(const struct honouring *at)
{
	return is_v6(at) ? "ip6tables" : "iptables";
}

/* "ufw-before-forward" */
static const char *ufw_chain(const struct honouring *at)
{
	return arena_printf(at->checkup->arena, "ufw%s-before-%s", is_v6(at) ? "6" : "",
	                    foreign_hook_name(at->verdict->base->hook));
}

static bool is_firewalld(const struct honouring *at)
{
	return at->verdict->base->family == NFPROTO_INET && !strcmp(at->verdict->base->table, "firewalld");
}

/* What iptables-nft makes: its tables by name, and chains in capitals. */
static bool is_iptables(const struct honouring *at)
{
	static const char *const tables[] = {"filter", "mangle", "raw", "security"};
	static const char *const chains[] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"};
	const struct foreign_chain *base = at->verdict->base;
	bool table = false, chain = false;

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		table |= !strcmp(base->table, tables[i]);
	for (size_t i = 0; i < ARRAY_SIZE(chains); i++)
		chain |= !strcmp(base->name, chains[i]);
	return table && chain && (base->family == NFPROTO_IPV4 || base->family == NFPROTO_IPV6);
}

static bool is_docker(const struct honouring *at)
{
	return is_iptables(at) && at->verdict->base->hook == NF_INET_FORWARD && has_chain(at, "DOCKER-USER");
}

static bool is_ufw(const struct honouring *at)
{
	return is_iptables(at) && !strcmp(at->verdict->base->table, "filter") && has_chain(at, ufw_chain(at));
}

static bool is_any(const struct honouring *at)
{
	(void)at;
	return true;
}

static void nft_line(const struct honouring *at)
{
	const struct foreign_chain *base = at->verdict->base;

	finding_line(at->checkup, &at->finding->commands,
	             "nft insert rule %s %s %s meta mark and 0x%x == 0x%x accept",
	             foreign_family_name(base->family), base->table, base->name, at->mask, at->mark);
}

static void honour_nft(const struct honouring *at)
{
	nft_line(at);
	finding_line(
	        at->checkup, &at->finding->remedy,
	        "have that table accept what omfwd has marked; put the line also where the table is loaded "
	        "from (often /etc/nftables.conf)");
}

/* Nothing of firewalld's matches a mark, and its direct rules come in another table, which cannot save a packet. */
static void honour_firewalld(const struct honouring *at)
{
	struct finding *finding = at->finding;
	uint32_t hook = at->verdict->base->hook;

	if (!at->verdict->base->owned) {
		nft_line(at);
		finding_line(
		        at->checkup, &finding->remedy,
		        "the command holds until firewalld reloads its rules; nothing of firewalld's own "
		        "matches a mark");
	}
	finding_line(
	        at->checkup, &finding->remedy,
	        "to stay, a policy that leaves all of this to omfwd (then with deny_scope = everything):");
	finding_line(at->checkup, &finding->remedy, "  firewall-cmd --permanent --new-policy omfwd");
	finding_line(at->checkup, &finding->remedy,
	             "  firewall-cmd --permanent --policy omfwd --add-ingress-zone %s",
	             hook == NF_INET_LOCAL_OUT ? "HOST" : "ANY");
	finding_line(at->checkup, &finding->remedy,
	             "  firewall-cmd --permanent --policy omfwd --add-egress-zone %s",
	             hook == NF_INET_LOCAL_IN ? "HOST" : "ANY");
	finding_line(at->checkup, &finding->remedy,
	             "  firewall-cmd --permanent --policy omfwd --set-target ACCEPT");
	finding_line(at->checkup, &finding->remedy, "  firewall-cmd --reload");
}

static void iptables_line(const struct honouring *at, const char *how, const char *chain)
{
	const char *table = at->verdict->base->table;

	finding_line(at->checkup, &at->finding->commands, "%s%s%s %s %s -m mark --mark 0x%x/0x%x -j ACCEPT",
	             iptables(at), strcmp(table, "filter") != 0 ? " -t " : "",
	             strcmp(table, "filter") != 0 ? table : "", how, chain, at->mark, at->mask);
}

static void honour_docker(const struct honouring *at)
{
	iptables_line(at, "-I", "DOCKER-USER");
	finding_line(at->checkup, &at->finding->remedy,
	             "Docker keeps DOCKER-USER over its own restarts; over a reboot, run the command again "
	             "or save it "
	             "(iptables-persistent)");
}

static void honour_ufw(const struct honouring *at)
{
	iptables_line(at, "-A", ufw_chain(at));
	finding_line(at->checkup, &at->finding->remedy,
	             "to stay: in /etc/ufw/before%s.rules, above COMMIT, the line: -A %s -m mark --mark "
	             "0x%x/0x%x -j "
	             "ACCEPT",
	             is_v6(at) ? "6" : "", ufw_chain(at), at->mark, at->mask);
}

static void honour_iptables(const struct honouring *at)
{
	iptables_line(at, "-I", at->verdict->base->name);
	finding_line(at->checkup, &at->finding->remedy,
	             "put the line also where the rules are loaded from (iptables-persistent: "
	             "/etc/iptables/rules.v%c)",
	             is_v6(at) ? '6' : '4');
}

/* The first that it is. */
static const struct {
	bool (*is)(const struct honouring *at);
	void (*honour)(const struct honouring *at);
} firewalls[] = {
        {is_firewalld, honour_firewalld}, {is_docker, honour_docker}, {is_ufw, honour_ufw},
        {is_iptables, honour_iptables},   {is_any, honour_nft},
};

/* Before our own chain nothing carries the mark: there only a rule about the connection itself helps. */
static bool sees_mark(const struct foreign_chain *base)
{
	return base->hook == NF_INET_POST_ROUTING ||
	       (base->hook != NF_INET_PRE_ROUTING && base->priority > RULESET_PRIORITY);
}

static void set_mark(struct honouring *at)
{
	const struct settings *settings = &at->checkup->question->policy->settings;

	at->mark = settings->accept_mark_set ? settings->accept_mark_value : MARK_SUGGESTED;
	at->mask = settings->accept_mark_set ? settings->accept_mark_mask : MARK_SUGGESTED;
	if (settings->accept_mark_set)
		return;
	finding_line(at->checkup, &at->finding->role_file, "accept_mark = 0x%x/0x%x", at->mark, at->mask);
	finding_line(at->checkup, &at->finding->remedy,
	             "in [omfwd] of the role file set accept_mark, then omfwd reload: what omfwd accepts "
	             "carries it");
}

void honour_mark(struct checkup *checkup, const struct foreign_verdict *verdict, const struct sample *sample,
                 struct finding *finding)
{
	struct honouring at = {.checkup = checkup, .verdict = verdict, .finding = finding};

	if (!sees_mark(verdict->base)) {
		finding_line(checkup, &finding->remedy,
		             "that chain comes before omfwd's, so no mark helps: except there what the roles "
		             "need, "
		             "as %s",
		             sample_text(checkup, sample));
		return;
	}
	set_mark(&at);
	for (size_t i = 0; i < ARRAY_SIZE(firewalls); i++)
		if (firewalls[i].is(&at)) {
			firewalls[i].honour(&at);
			return;
		}
}
