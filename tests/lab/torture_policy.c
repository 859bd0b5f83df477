/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is constant is what the counted traffic needs; everything around it changes. Some changes are near misses on
 * purpose: networks beside the one whose member sends, so that ranges merge and part, and hosts inside it.
 */
#include "tests/lab/torture_policy.h"

#include <stdio.h>
#include <stdlib.h>

#define LIST      "members.list"
#define MANY      2500
#define ODDS_MANY 4 /* one file in so many has a long list */

unsigned dice_roll(struct dice *dice, unsigned n)
{
	/* xorshift64* */
	dice->state ^= dice->state >> 12;
	dice->state ^= dice->state << 25;
	dice->state ^= dice->state >> 27;
	return (unsigned)((dice->state * 2685821657736338717ull >> 33) % n);
}

static bool coin(struct dice *dice)
{
	return dice_roll(dice, 2) == 0;
}

static const char *pick(struct dice *dice, const char *const *words, size_t n)
{
	return words[dice_roll(dice, (unsigned)n)];
}
#define PICK(dice, ...)                                                                                      \
	pick(dice, (const char *const[]){__VA_ARGS__},                                                       \
	     sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void settings_print(FILE *out, struct dice *dice, bool own_table)
{
	fprintf(out, "[omfwd]\nown_table = %s\n", own_table ? "yes" : "no");
	fprintf(out, "deny_scope = %s\n", PICK(dice, "everything", "servers"));
	fprintf(out, "deny_action = %s\n", PICK(dice, "drop", "drop", "drop", "reject"));
	fprintf(out, "log_denied = %s\n", PICK(dice, "yes", "no"));
	fprintf(out, "accept_mark = %s\n", PICK(dice, "none", "none", "0x10/0xf0"));
	if (coin(dice))
		fprintf(out, "never_deny = 10.2.100.%u\n", 1 + dice_roll(dice, 3));
}

/* The network of a sender is 10.2.8.0/24; that beside its neighbours, 10.2.10.0/24, belongs to nobody. */
static void neighbours_print(FILE *out, struct dice *dice)
{
	static const char *const members[] = {
	        "10.2.7.0/24",       "10.2.9.0/24",         "10.2.8.77",
	        "10.2.8.0/25",       "10.2.9.128/26",       "2001:db8:2:7::/64",
	        "2001:db8:2:9::/64", "2001:db8:2:8::77",    "2001:db8:2:8:8000::/65",
	        "10.2.0.21",         "2001:db8:2:9:1::/80", "10.2.0.22-10.2.0.29"};
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (coin(dice))
			fprintf(out, "windows_agent = %s\n", members[i]);
}

static void prod_print(FILE *out, struct dice *dice)
{
	fprintf(out, "[roles prod]\nmanagement_server = 10.1.0.10, 2001:db8:1::10\n"
	             "windows_agent = 10.2.0.20, 2001:db8:2::20, 10.2.8.0/24, 2001:db8:2:8::/64\n"
	             "operations_manager_database = 10.2.0.50, 2001:db8:2::50\n");
	if (coin(dice))
		fprintf(out, "windows_agent = @file:" LAB_DIR "/" LIST "\n");
	neighbours_print(out, dice);
	if (coin(dice))
		fprintf(out, "unix_linux_agent = 10.2.0.%u\n", 30 + dice_roll(dice, 5));
	if (coin(dice))
		fprintf(out, "network_device = 10.2.%u.0/24\n", 110 + dice_roll(dice, 5));
	if (coin(dice))
		fprintf(out, "gateway_server = 10.2.0.60\nreporting_data_warehouse = 10.1.0.%u\n",
		        20 + dice_roll(dice, 3));
}

static void second_print(FILE *out, struct dice *dice)
{
	fprintf(out, "[roles second]\nmanagement_server = 10.1.0.11\n");
	fprintf(out, "windows_agent = 10.2.0.2%u, 10.2.%u.0/22\n", dice_roll(dice, 3),
	        12 * dice_roll(dice, 3) + 12);
	if (coin(dice))
		fprintf(out, "acs_collector = 10.1.0.12\nacs_forwarder = 10.2.0.0/26\n");
}

/* Rows 1 and 16 carry the traffic and stay as they are. */
static void rows_print(FILE *out, struct dice *dice)
{
	static const char *const rows[] = {"cur-02", "cur-04", "cur-05", "cur-18",
	                                   "cur-19", "cur-20", "cur-23"};
	fprintf(out, "[rows]\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (dice_roll(dice, 4) == 0)
			fprintf(out, "%s = %s\n", rows[i], PICK(dice, "off", "on", "both", "install"));
	fprintf(out, "[ports]\nssh = %s\nacs = %u\n", PICK(dice, "22", "2222"), 51909 + dice_roll(dice, 3));
}

static void site_rule_print(FILE *out, struct dice *dice)
{
	fprintf(out,
	        "[site_rule extra]\nfrom = 10.2.8.0/24\nto = 10.1.0.10\nprotocol = %s\nports = 99%02u\n"
	        "phase = %s\nreason = torture\n",
	        PICK(dice, "tcp", "udp"), dice_roll(dice, 100), PICK(dice, "both", "install"));
}

/* Members of 10.2.32.0/19, hosts and small networks. */
static void list_write(struct dice *dice)
{
	unsigned n = dice_roll(dice, ODDS_MANY) == 0 ? MANY : dice_roll(dice, 60);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	fprintf(out, "10.2.32.0\n");
	for (unsigned i = 0; i < n; i++)
		fprintf(out, "10.2.%u.%u%s\n", 32 + dice_roll(dice, 32), 2 * dice_roll(dice, 128),
		        dice_roll(dice, 5) == 0 ? "/31" : "");
	fclose(out);
	lab_write(LIST, text);
	free(text);
}

void policy_edit(struct dice *dice, bool own_table)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	list_write(dice);
	settings_print(out, dice, own_table);
	prod_print(out, dice);
	if (coin(dice))
		second_print(out, dice);
	rows_print(out, dice);
	if (coin(dice))
		site_rule_print(out, dice);
	fclose(out);
	lab_write("omfwd.conf", text);
	free(text);
}
