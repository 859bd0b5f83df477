// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The script for sh. It needs bash and timeout for TCP and UDP, or nc for TCP alone; checks run sixteen at a time. What
 * came back is told apart as far as the host's own network code tells it: an answer, a refusal, nothing.
 */
#include "words/verify_script.h"

#include "words/words.h"

/* clang-format off */
static const char head[] =
"LC_ALL=C\n"
"export LC_ALL\n"
"seconds=3 # of patience for one check\n"
"at_once=16\n"
"install=no\n"
"targets=\n"
"usage() {\n"
"\techo \"usage: sh $0 [--install] [--target ROLE=ADDRESS]...\" >&2\n"
"\texit 2\n"
"}\n"
"while [ $# -gt 0 ]; do\n"
"\tcase $1 in\n"
"\t--install) install=yes ;;\n"
"\t--target)\n"
"\t\tcase ${2-} in\n"
"\t\t*[!A-Za-z0-9_.:=-]*) usage ;;\n"
"\t\t?*=?*) targets=\"$targets $2\" ;;\n"
"\t\t*) usage ;;\n"
"\t\tesac\n"
"\t\tshift\n"
"\t\t;;\n"
"\t*) usage ;;\n"
"\tesac\n"
"\tshift\n"
"done\n"
"dir=$(mktemp -d) || exit 2\n"
"trap 'rm -rf \"$dir\"' EXIT\n"
"trap 'exit 2' HUP INT TERM\n"
"number=0\n"
"skipped=0\n"
"wide=\n"
"has() {\n"
"\tcommand -v \"$1\" >/dev/null 2>&1\n"
"}\n"
"failure() { # what was said\n"
"\tcase $1 in\n"
"\t*efused*) echo refused ;;\n"
"\t*nreachable* | *'o route'*) echo unreachable ;;\n"
"\t*) echo 'no answer' ;;\n"
"\tesac\n"
"}\n"
"try_tcp() { # address port\n"
"\tif has bash && has timeout; then\n"
"\t\tsaid=$(timeout \"$seconds\" bash -c 'exec 3<>\"/dev/tcp/$1/$2\"' - \"$1\" \"$2\" 2>&1) && echo open || failure \"$said\"\n"
"\telif has nc; then\n"
"\t\tsaid=$(nc -z -v -w \"$seconds\" \"$1\" \"$2\" 2>&1) && echo open || failure \"$said\"\n"
"\telse\n"
"\t\techo 'not tried: needs bash and timeout, or nc'\n"
"\tfi\n"
"}\n"
"try_udp() { # address port probe\n"
"\tcase $3 in\n"
"\tdns) ask='\\022\\064\\001\\000\\000\\001\\000\\000\\000\\000\\000\\000\\000\\000\\002\\000\\001' ;;\n"
"\tsnmp) ask='\\060\\046\\002\\001\\001\\004\\006public\\240\\031\\002\\001\\001\\002\\001\\000\\002\\001\\000\\060\\016\\060\\014\\006\\010\\053\\006\\001\\002\\001\\001\\003\\000\\005\\000' ;;\n"
"\tsql_browser) ask='\\002' ;;\n"
"\t*) echo 'cannot be told over UDP'; return ;;\n"
"\tesac\n"
"\tif ! has bash || ! has timeout; then\n"
"\t\techo 'not tried: needs bash and timeout'\n"
"\t\treturn\n"
"\tfi\n"
"\tgot=$(timeout \"$seconds\" bash -c 'exec 3<>\"/dev/udp/$1/$2\" && printf \"$3\" >&3 && dd bs=1 count=1 <&3 2>/dev/null | wc -c' - \"$1\" \"$2\" \"$ask\" 2>/dev/null)\n"
"\tif [ \"${got:-0}\" -ge 1 ]; then echo open; else echo 'no answer, which UDP may mean anything by'; fi\n"
"}\n"
"try_icmp() { # address\n"
"\tif ! has ping; then\n"
"\t\techo 'not tried: needs ping'\n"
"\telif ping -c 1 -W \"$seconds\" \"$1\" >/dev/null 2>&1; then\n"
"\t\techo open\n"
"\telse\n"
"\t\techo 'no answer'\n"
"\tfi\n"
"}\n"
"try() { # row phase protocol port ports role address probe\n"
"\tcase $3 in\n"
"\ttcp) said=$(try_tcp \"$7\" \"$4\") ;;\n"
"\tudp) said=$(try_udp \"$7\" \"$4\" \"$8\") ;;\n"
"\t*) said=$(try_icmp \"$7\") ;;\n"
"\tesac\n"
"\tcase $3/$said in\n"
"\tudp/* | */open | */not\\ tried*) ;;\n"
"\t*/refused) [ \"$reject\" = no ] || : >\"$dir/blocked.$2.$9\" ;;\n"
"\t*) : >\"$dir/blocked.$2.$9\" ;;\n"
"\tesac\n"
"\t[ \"$said\" != refused ] || said=$refused\n"
"\tprintf '%-16s %-8s %-5s %-13s %-36s %-26s %s\\n' \"$1\" \"$2\" \"$3\" \"$5\" \"$6\" \"$7\" \"$said\" >\"$dir/$2.$9\"\n"
"}\n"
"check() { # row phase protocol port ports role address probe\n"
"\tif [ \"$2\" = install ] && [ \"$install\" = no ]; then\n"
"\t\tskipped=$((skipped + 1))\n"
"\t\treturn\n"
"\tfi\n"
"\tnumber=$((number + 1))\n"
"\ttry \"$@\" \"$(printf %05d \"$number\")\" &\n"
"\t[ $((number % at_once)) -ne 0 ] || wait\n"
"}\n"
"network() { # row phase protocol port ports role members probe\n"
"\tfor target in $targets; do\n"
"\t\t[ \"${target%%=*}\" = \"$6\" ] || continue\n"
"\t\tcheck \"$1\" \"$2\" \"$3\" \"$4\" \"$5\" \"$6\" \"${target#*=}\" \"$8\"\n"
"\t\treturn\n"
"\tdone\n"
"\tcase \" $wide \" in\n"
"\t*\" $6 \"*) ;;\n"
"\t*) wide=\"$wide $6\" ;;\n"
"\tesac\n"
"}\n";

static const char tail[] =
"wait\n"
"count() { # files\n"
"\t[ -e \"$1\" ] || set --\n"
"\techo $#\n"
"}\n"
"printf '%-16s %-8s %-5s %-13s %-36s %-26s %s\\n' ROW PHASE PROTO PORT DESTINATION ADDRESS RESULT\n"
"for file in \"$dir\"/always.* \"$dir\"/install.*; do\n"
"\t[ ! -e \"$file\" ] || cat \"$file\"\n"
"done\n"
"blocked=$(count \"$dir\"/blocked.always.*)\n"
"echo\n"
"echo \"always: $(count \"$dir\"/always.*) tried, $blocked blocked\"\n"
"if [ \"$install\" = yes ]; then\n"
"\techo \"install: $(count \"$dir\"/install.*) tried, $(count \"$dir\"/blocked.install.*) blocked, which they are while the window is closed\"\n"
"elif [ \"$skipped\" -gt 0 ]; then\n"
"\techo \"install: $skipped not tried; --install tries them\"\n"
"fi\n"
"for role in $wide; do\n"
"\techo \"networks of $role: not tried; name a host of them with --target $role=ADDRESS\"\n"
"done\n"
"[ \"$blocked\" -eq 0 ]\n";
/* clang-format on */

static void print_check(const struct script_check *check, FILE *out)
{
	const struct line *line = check->line;
	char ports[PORTS_MAX];

	fprintf(out, "%s '", check->is_network ? "network" : "check");
	script_print_word(check->rows, out);
	fprintf(out, "' %s %s %u %s '", words_phase(line->phase), proto_name(line->proto), line->ports.lo,
	        words_ports(line->proto, &line->ports, ports, sizeof(ports)));
	script_print_word(check->role, out);
	fprintf(out, "' %s %s\n", check->address, probe_name(check->probe));
}

void script_print_sh(const struct script *script, FILE *out)
{
	bool reject = script->policy->settings.deny_action == DENY_REJECT;

	fputs("#!/bin/sh\n", out);
	script_print_origin(script, out);
	fprintf(out,
	        "\n# Exit status: 0, or 1 when a line that is always open is "
	        "blocked.\nreject=%s\nrefused='%s'\n",
	        reject ? "yes" : "no",
	        reject ? "refused, by the host or by the gateway" : "refused: it passes, nothing listens");
	fputs(head, out);
	for (size_t i = 0; i < script->n; i++)
		print_check(&script->checks[i], out);
	fputs(tail, out);
}
