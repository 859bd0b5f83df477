/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The role file, as people treat it: edited, half written by an editor, with lists that vanish and permissions that are
 * wrong. What is wrong must be refused and change nothing; mended, it is taken.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/soak_internal.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))
#define EXTRA         LAB_DIR "/extra.list"
#define NAME_LIST(text)                                                                                      \
	"printf '[roles prod]\\nnetwork_device = @file:" EXTRA "\\n' >" SOAK_DROPIN "/list.conf; " text
#define PART(text) "printf '" text "' >" SOAK_DROPIN "/wrong.conf"

/* Shell commands. Root may read any file, the agent has given that up: only it is asked. */
static const struct {
	const char *name, *spoil, *mend;
} wrongs[] = {
        {"everybody may write it", "chmod 666 " SOAK_CONFIG, "chmod 644 " SOAK_CONFIG},
        {"nobody may read it", "chmod 000 " SOAK_CONFIG, "chmod 644 " SOAK_CONFIG},
        {"a stranger's", "chown 12345 " SOAK_CONFIG, "chown 0 " SOAK_CONFIG},
        {"strangers may write it", "chgrp 12345 " SOAK_CONFIG "; chmod 664 " SOAK_CONFIG,
         "chgrp 0 " SOAK_CONFIG "; chmod 644 " SOAK_CONFIG},
        {"everybody may replace it", "chmod 777 " LAB_DIR, "chmod 755 " LAB_DIR},
        {"gone", "mv " SOAK_CONFIG " " LAB_DIR "/aside", "mv " LAB_DIR "/aside " SOAK_CONFIG},
        {"a directory", "mv " SOAK_CONFIG " " LAB_DIR "/aside; mkdir " SOAK_CONFIG,
         "rmdir " SOAK_CONFIG "; mv " LAB_DIR "/aside " SOAK_CONFIG},
        {"its list is gone", NAME_LIST("rm -f " EXTRA), "echo 10.2.120.7 >" EXTRA},
        {"its list is a directory", NAME_LIST("rm -f " EXTRA "; mkdir " EXTRA),
         "rmdir " EXTRA "; rm " SOAK_DROPIN "/list.conf"},
        {"its list is a pipe", NAME_LIST("rm -f " EXTRA "; mkfifo " EXTRA),
         "rm " EXTRA "; echo 10.2.121.0/24 >" EXTRA},
        {"its list is none", NAME_LIST("printf '10.2.120.7\\n10.2.120\\n' >" EXTRA),
         "echo 10.2.120.9 >" EXTRA},
        {"everybody may write its list", NAME_LIST("echo 10.2.120.8 >" EXTRA "; chmod 666 " EXTRA),
         "chmod 644 " EXTRA},
        {"a member with host bits", PART("[roles prod]\\nwindows_agent = 10.2.7.1/24\\n"), ""},
        {"a member of loopback", PART("[roles prod]\\nmanagement_server = 127.0.0.1\\n"), ""},
        {"no such row", PART("[rows]\\ncur-99 = off\\n"), ""},
        {"no such mode", PART("[omfwd]\\nmode = audi\\n"), ""},
        {"no such port", PART("[ports]\\nssh = 99999\\n"), ""},
        {"no such role", PART("[roles prod]\\nwindow_agent = 10.2.0.7\\n"), ""},
        {"a loop", PART("[roles prod]\\ngateway_server = @omed_service\\nomed_service = @gateway_server\\n"),
         ""},
        {"half a section", PART("[roles pr"), ""},
        {"a rule without a reason", PART("[site_rule x]\\nfrom = 10.2.7.7\\n"), ""},
};

static unsigned roll(struct torture *torture, unsigned n)
{
	return dice_roll(&torture->dice, n);
}

static void edit(struct torture *torture)
{
	policy_edit(&torture->dice, torture->options->own_table);
}

void soak_edit(struct torture *torture)
{
	edit(torture);
	soak_ask(torture, CODE(0), "applied", "reload");
	torture->result->loads++;
	if (roll(torture, 4) == 0)
		json_decref(soak_ask_json(torture, CODE(0), "reload --json"));
}

void soak_edit_signal(struct torture *torture)
{
	off_t since = journal_end(torture);

	edit(torture);
	kill(torture->agent, SIGHUP);
	journal_await(torture, since, SOAK_CONFIG " applied");
	torture->result->loads++;
}

/* First asked what it would do, then done. */
void soak_diff(struct torture *torture)
{
	edit(torture);
	soak_ask(torture, CODE(0), "the kernel accepts it", "check");
	soak_ask(torture, CODE(0) | CODE(1), NULL, "diff");
	json_decref(soak_ask_json(torture, CODE(0) | CODE(1), "diff --json"));
	soak_ask(torture, CODE(0), NULL, "reload");
	soak_ask(torture, CODE(0), "the same", "diff");
	torture->result->loads++;
}

/* Files of conf.d come and go. */
void soak_part(struct torture *torture)
{
	static const char *const parts[] = {
	        "[omfwd]\\nlog_denied = yes\\nlog_rate = 50/second\\n",
	        "[omfwd]\\ninstall_window = 2h\\nmetrics_file = " LAB_DIR "/metrics.prom\\n",
	        "[roles third]\\nmanagement_server = 10.1.0.30\\nwindows_agent = 10.2.122.0/24\\n",
	        "[site_rule ping]\\nfrom = @prod.management_server\\nto = @prod.windows_agent\\nprotocol = "
	        "icmp\\n"
	        "ports = echo-request\\nphase = both\\nreason = heartbeat\\nticket = CHG0012345\\n"
	        "expires = 2099-12-31\\n",
	};
	size_t i = roll(torture, N_ELEMENTS(parts));

	lab_must(torture->lab, NS_GATEWAY,
	         "cd " SOAK_DROPIN " && if [ -e %zu.conf ]; then rm %zu.conf; else printf '%s' >%zu.conf; fi",
	         i, i, parts[i], i);
	soak_ask(torture, CODE(0), NULL, "reload");
	torture->result->loads++;
}

/* An editor is half through: the last line lacks its '='. */
static void file_halve(struct torture *torture)
{
	char *text = lab_read(SOAK_CONFIG), *at = text + roll(torture, (unsigned)strlen(text));
	FILE *file = fopen(SOAK_CONFIG, "we");

	while (at > text && at[-1] != '\n')
		at--;
	assert_non_null(file);
	fprintf(file, "%.*s%.3s", (int)(at - text), text, at);
	assert_int_equal(fclose(file), 0);
	free(text);
}

static size_t file_spoil(struct torture *torture)
{
	size_t i = roll(torture, N_ELEMENTS(wrongs) + 3);

	soak_of(torture)->may |= MAY_REFUSE;
	if (i < N_ELEMENTS(wrongs))
		lab_must(torture->lab, NS_GATEWAY, "%s", wrongs[i].spoil);
	else
		file_halve(torture);
	snprintf(torture->what + strlen(torture->what), sizeof(torture->what) - strlen(torture->what), ", %s",
	         i < N_ELEMENTS(wrongs) ? wrongs[i].name : "half written");
	return i;
}

static void file_mend(struct torture *torture, size_t i)
{
	if (i < N_ELEMENTS(wrongs))
		lab_must(torture->lab, NS_GATEWAY, "rm -f " SOAK_DROPIN "/wrong.conf; %s", wrongs[i].mend);
	else
		edit(torture);
	soak_ask(torture, CODE(0), NULL, "reload");
}

static void wrong_refused(struct torture *torture)
{
	off_t since = journal_end(torture);

	switch (roll(torture, 3)) {
	case 0:
		kill(torture->agent, SIGHUP);
		journal_await(torture, since, "not applied, the policy before it stays");
		break;
	case 1:
		soak_ask(torture, CODE(2), NULL, "reload --confirm 5s");
		break;
	default:
		soak_ask(torture, CODE(2), NULL, "reload");
	}
}

/* It is asked about while it is wrong, too; a command of root's may see nothing wrong with it. */
void soak_wrong(struct torture *torture)
{
	static const char *const questions[] = {"check",   "diff",
	                                        "show",    "report --format csv",
	                                        "metrics", "explain 10.2.0.20 10.1.0.10 tcp/5723"};
	size_t i;

	if (roll(torture, 2) == 0)
		edit(torture);
	i = file_spoil(torture);
	wrong_refused(torture);
	soak_ask(torture, CODE(0), "failed, the policy before it stays", "status");
	soak_ask(torture, CODE(0) | CODE(1) | CODE(2), NULL, "%s",
	         questions[roll(torture, N_ELEMENTS(questions))]);
	file_mend(torture, i);
}

/* An agent that starts with it enforces the last good policy. */
void soak_wrong_start(struct torture *torture)
{
	size_t i;

	agent_stop(torture);
	i = file_spoil(torture);
	agent_need(torture);
	soak_ask(torture, CODE(1), "degraded", "status");
	soak_ask(torture, CODE(2), NULL, "reload");
	file_mend(torture, i);
	soak_ask(torture, CODE(0), "in step", "status");
}
