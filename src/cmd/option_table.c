/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables behind the command line, and the help, which is nothing but the tables printed. A new command or option
 * is a new row here; the parser in options.c does not change.
 */
#include "cmd/option_table.h"

#include <string.h>

static const char *const show_formats[] = {"table", "nft", "json", NULL};
static const char *const script_formats[] = {"powershell", "sh", NULL};
static const char *const report_formats[] = {"html", "csv", "json", NULL};

/* clang-format off */
const struct command_spec command_specs[COMMAND_MAX] = {
	[COMMAND_NONE] = { .synopsis = "[OPTIONS] COMMAND" },
	[COMMAND_PHASE] = {
		.synopsis = "--phase install|run [--for TIME] [--section NAME] [--rows ID,...] [--reason TEXT] "
			    "[--ticket TEXT]",
		.help = "open the install window, or close it and cut what it had let in",
	},
	[COMMAND_AGENT] = {
		.name = "agent",
		.synopsis = "agent [--phase install|run] [--confirm TIME]",
		.help = "enforce the role file and stay in the foreground; what the unit runs",
	},
	[COMMAND_CHECK] = {
		.name = "check",
		.synopsis = "check [FILE] [--system]",
		.help = "say everything that is wrong with the role file; apply nothing",
		.max_args = 1,
	},
	[COMMAND_SHOW] = {
		.name = "show",
		.synopsis = "show [--section NAME] [--format table|nft|json]",
		.help = "what the role file means: rows, members and ports, or the nft ruleset",
		.formats = show_formats,
	},
	[COMMAND_DIFF] = {
		.name = "diff",
		.synopsis = "diff [FILE | OLD NEW]",
		.help = "what applying a role file would open and close: against the kernel, or another file",
		.max_args = 2,
	},
	[COMMAND_STATUS] = {
		.name = "status",
		.synopsis = "status",
		.help = "phase, time left, who opened it and why, last error, packets by row",
	},
	[COMMAND_EXPLAIN] = {
		.name = "explain",
		.synopsis = "explain SRC DST [PROTO[/PORT]] [--phase install|run]",
		.help = "whether a connection is allowed, by which row, or what would allow it; or all that may pass",
		.min_args = 2,
		.max_args = 3,
	},
	[COMMAND_DENIED] = {
		.name = "denied",
		.synopsis = "denied [--since TIME] [--follow|--suggest]",
		.help = "what was denied (or would be, in audit mode), each with its explanation",
	},
	[COMMAND_VERIFY_SCRIPT] = {
		.name = "verify-script",
		.synopsis = "verify-script ROLE [--section NAME] [--format powershell|sh]",
		.help = "a script that tests from a host of the role what the role may open",
		.formats = script_formats,
		.min_args = 1,
		.max_args = 1,
	},
	[COMMAND_RELOAD] = {
		.name = "reload",
		.synopsis = "reload [--confirm TIME]",
		.help = "apply the role file again; a bad file changes nothing",
	},
	[COMMAND_CONFIRM] = {
		.name = "confirm",
		.synopsis = "confirm",
		.help = "keep the policy that reload --confirm has put on trial",
	},
	[COMMAND_METRICS] = {
		.name = "metrics",
		.synopsis = "metrics [--output FILE]",
		.help = "counters and state for Prometheus, as the agent writes them to metrics_file",
	},
	[COMMAND_REPORT] = {
		.name = "report",
		.synopsis = "report [--format html|csv|json] [--output FILE]",
		.help = "evidence as a page: who may talk to whom, rows, packets, windows, tickets, drift",
		.formats = report_formats,
	},
	[COMMAND_PROVE] = {
		.name = "prove",
		.synopsis = "prove [--section NAME]",
		.help = "try the role file out with packets in a network of its own; nothing is applied",
	},
	[COMMAND_REMOVE] = {
		.name = "remove",
		.synopsis = "remove",
		.help = "take the nft table and the last good policy away: nothing is denied any more",
	},
};

static const char *const formats[] = { "table", "nft", "json", "html", "csv", "powershell", "sh", NULL };
static const char *const phase_words[] = { "install", "run", NULL };

#define AT(member)   .offset = offsetof(struct options, member)
#define FOR(command) COMMAND_BIT(COMMAND_##command)
#define FOR_ALL	     (~0u)

const struct option_spec option_specs[OPTION_COUNT] = {
	{ .name = "--phase", .value = "PHASE", .kind = VALUE_PHASE, AT(phase), .words = phase_words,
	  .commands = FOR(NONE) | FOR(PHASE) | FOR(AGENT) | FOR(EXPLAIN), .help = "install or run" },
	{ .name = "--for", .value = "TIME", .kind = VALUE_DURATION, AT(for_seconds), .commands = FOR(PHASE),
	  .help = "how long the window stays open: 30m, 4h, 1h30m" },
	{ .name = "--confirm", .value = "TIME", .kind = VALUE_DURATION, AT(confirm_seconds),
	  .commands = FOR(AGENT) | FOR(RELOAD),
	  .help = "the policy before returns unless omfwd confirm follows within this time" },
	{ .name = "--section", .value = "NAME", .kind = VALUE_LIST, AT(sections),
	  .commands = FOR(PHASE) | FOR(PROVE) | FOR(SHOW) | FOR(VERIFY_SCRIPT), .help = "only this section; may be repeated" },
	{ .name = "--rows", .value = "ID,...", .kind = VALUE_LIST, AT(rows), .commands = FOR(PHASE),
	  .help = "only these rows; may be repeated" },
	{ .name = "--reason", .value = "TEXT", .kind = VALUE_TEXT, AT(reason), .commands = FOR(PHASE),
	  .help = "why, for status, the journal and the report" },
	{ .name = "--ticket", .value = "TEXT", .kind = VALUE_TEXT, AT(ticket), .commands = FOR(PHASE),
	  .help = "the change it belongs to, likewise" },
	{ .name = "--format", .value = "FORMAT", .kind = VALUE_WORD, AT(format), .words = formats,
	  .commands = FOR(SHOW) | FOR(REPORT) | FOR(VERIFY_SCRIPT),
	  .help = "table, nft or json of show; html, csv or json of report; powershell or sh of verify-script" },
	{ .name = "--output", .value = "FILE", .kind = VALUE_TEXT, AT(output),
	  .commands = FOR(METRICS) | FOR(REPORT),
	  .help = "write this file instead of standard output; it is replaced as a whole" },
	{ .name = "--since", .value = "TIME", .kind = VALUE_DURATION, AT(since_seconds), .commands = FOR(DENIED),
	  .help = "only what was seen in this time: 10m, 1h, 1d" },
	{ .name = "--follow", .kind = VALUE_NONE, AT(follow), .commands = FOR(DENIED),
	  .help = "go on and print what comes, until Ctrl-C" },
	{ .name = "--suggest", .kind = VALUE_NONE, AT(suggest), .commands = FOR(DENIED),
	  .help = "role file lines that would allow what is listed, for you to judge" },
	{ .name = "--config", .value = "FILE", .kind = VALUE_TEXT, AT(config), .commands = FOR_ALL,
	  .help = "the role file (" DEFAULT_CONFIG ")" },
	{ .name = "--run-dir", .value = "DIR", .kind = VALUE_TEXT, AT(run_dir), .commands = FOR_ALL,
	  .help = "where the control socket is ($RUNTIME_DIRECTORY, else " DEFAULT_RUN_DIR ")" },
	{ .name = "--state-dir", .value = "DIR", .kind = VALUE_TEXT, AT(state_dir), .commands = FOR_ALL,
	  .help = "where windows and the last good policy are remembered ($STATE_DIRECTORY, else " DEFAULT_STATE_DIR ")" },
	{ .name = "--system", .kind = VALUE_NONE, AT(system), .commands = FOR(CHECK),
	  .help = "look also at the machine: other firewalls, routes, settings of the kernel" },
	{ .name = "--json", .kind = VALUE_NONE, AT(json), .commands = FOR_ALL, .help = "report as JSON" },
	{ .name = "--help", .kind = VALUE_NONE, AT(help), .commands = FOR_ALL, .help = "this text" },
	{ .name = "--version", .kind = VALUE_NONE, AT(version), .commands = FOR_ALL, .help = "the version" },
};
/* clang-format on */

static void print_commands(FILE *out)
{
	fputs("\nCommands:\n", out);
	for (enum command command = COMMAND_NONE + 1; command < COMMAND_MAX; command++)
		fprintf(out, "  omfwd %s\n        %s\n", command_specs[command].synopsis,
		        command_specs[command].help);
}

static void print_option(const struct option_spec *spec, FILE *out)
{
	fprintf(out, "  %s %-*s  %s\n", spec->name, 20 - (int)strlen(spec->name),
	        spec->value ? spec->value : "", spec->help);
}

void options_print_help(enum command command, FILE *out)
{
	fprintf(out, "Usage: omfwd %s\n", command_specs[command].synopsis);
	if (command == COMMAND_NONE) {
		fputs("\nKeeps the port tables of System Center Operations Manager enforced on a gateway.\n",
		      out);
		print_commands(out);
	} else {
		fprintf(out, "\n%s\n", command_specs[command].help);
	}
	fputs("\nOptions:\n", out);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (command == COMMAND_NONE || option_specs[i].commands & COMMAND_BIT(command))
			print_option(&option_specs[i], out);
}
