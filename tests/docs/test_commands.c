/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every command line of README.md and of the manual, one after the other as a reader would type them, in a private network
 * with an /etc, a /run and a /var/lib of its own. A line ends with 0 unless the table below says otherwise, and answers
 * what the document shows. What cannot run here stands in the other table, with what is checked of it instead. No line is
 * passed over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/options.h"
#include "tests/docs/document.h"
#include "tests/lab/expect.h"
#include "tests/lab/program.h"
#include "util/array.h"

#define README     TOP_SRCDIR "/README.md"
#define OMFWD_8    TOP_SRCDIR "/man/omfwd.8"
#define OMFWD_CONF TOP_SRCDIR "/man/omfwd.conf.5"
#define SETUP      TOP_SRCDIR "/scripts/setup"
#define ROLE_FILE  "/etc/omfwd/omfwd.conf"
#define HOME       "/run/docs"

/* What answers with another code than 0, and why that is right. */
static const struct {
	const char *command;
	int code;
} answers[] = {
        {"omfwd explain 10.20.1.11 10.20.64.21 tcp/445", 1}, /* denied: the window is closed */
        {"omfwd diff", 1},                                   /* the mode differs */
};

struct world {
	struct lab *lab;
	const char *path;
};

static void expect_in_file(const char *path, const char *what)
{
	char *text = lab_read(path);
	if (!strstr(text, what))
		fail_msg("%s does not have \"%s\"", path, what);
	free(text);
}

/* Every package that is named is one that scripts/setup installs. */
static void check_packages(struct world *world, const char *command)
{
	char *words = strdup(command), *setup = lab_read(SETUP), *rest = NULL, wanted[128];
	(void)world;
	for (char *c = setup; *c; c++)
		if (strchr("()\n", *c))
			*c = ' ';
	strtok_r(words, " ", &rest);
	strtok_r(NULL, " ", &rest);
	for (char *word = strtok_r(NULL, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		snprintf(wanted, sizeof(wanted), " %s ", word);
		if (!strstr(setup, wanted))
			fail_msg("README installs %s, which scripts/setup does not", word);
	}
	free(words);
	free(setup);
}

/* All that scripts/setup installs for building and testing is named: the lists have the same length. */
static size_t count_words(const char *text, const char *end)
{
	size_t n = 0;
	while (text < end) {
		text += strspn(text, " \n");
		n += text < end;
		text += strcspn(text, " \n)");
	}
	return n;
}

static void check_all_packages(struct world *world, const char *command)
{
	char *setup = lab_read(SETUP);
	const char *list =
	        strstr(setup, strstr(command, "dnf") ? "\nfedora_packages=(" : "\ndebian_packages=(");
	assert_non_null(list);
	list = strchr(list, '(') + 1;
	check_packages(world, command);
	assert_int_equal(count_words(list, strchr(list, ')')),
	                 count_words(command, command + strlen(command)) - 2);
	free(setup);
}

/* An agent of Operations Manager that tries what no row opens, and omfwd's agent that hears of it. */
static void deny_something(struct world *world)
{
	struct run run;
	lab_must(world->lab, NS_RIGHT, "ip route add 10.20.0.0/18 via 10.2.255.1 src 10.20.64.21");
	lab_run(world->lab, NS_RIGHT, NULL, &run, "timeout 2 bash -c 'exec 3<>/dev/tcp/10.20.2.50/1433'");
	lab_run_free(&run);
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;; lab_sleep_ms(50)) {
		lab_run(world->lab, NS_GATEWAY, NULL, &run, "%s omfwd denied", world->path);
		bool listed = strstr(run.out, "10.20.64.21") != NULL;
		if (!listed && lab_now_ms() > end)
			fail_msg("omfwd denied does not list 10.20.64.21:\n%s", run.out);
		lab_run_free(&run);
		if (listed)
			return;
	}
}

static void start_agent(struct world *world, const char *command)
{
	(void)command;
	expect_in_file(TOP_BUILDDIR "/etc/omfwd.service", "WantedBy=");
	lab_start(world->lab, NS_GATEWAY, -1, "env PATH=" HOME "/bin:$PATH omfwd agent 2>" HOME "/journal");
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; access("/run/omfwd/control.sock", F_OK) < 0;
	     lab_sleep_ms(10))
		if (lab_now_ms() > end)
			fail_msg("the agent did not start: %s", lab_read(HOME "/journal"));
	deny_something(world);
}

/* Packages of that name are made; tests/vm installs them. A tarball has no debian/. */
static void check_package(struct world *world, const char *command)
{
	(void)world;
	expect_in_file(TOP_SRCDIR "/scripts/package", strstr(command, ".deb") ? "deb | rpm)" : "| rpm)");
	expect_in_file(TOP_SRCDIR "/rpm/omfwd.spec", "Name:");
	if (access(TOP_SRCDIR "/debian/control", F_OK) == 0)
		expect_in_file(TOP_SRCDIR "/debian/control", "\nPackage: omfwd\n");
}

/* There is no node_exporter here; what the link leads to is what the role file says. */
static void check_link(struct world *world, const char *command)
{
	char target[128] = "", wanted[256];
	(void)world;
	assert_int_equal(sscanf(command, "ln -s %127s", target), 1);
	snprintf(wanted, sizeof(wanted), "\nmetrics_file = %s\n", target);
	expect_in_file(README, wanted);
}

static void check_script(struct world *world, const char *command)
{
	char path[256];
	(void)world;
	snprintf(path, sizeof(path), TOP_SRCDIR "/%.*s", (int)strcspn(command, " "), command);
	assert_int_equal(access(path, X_OK), 0);
}

/* The build itself is what is being tested. */
static void check_build(struct world *world, const char *command)
{
	(void)command;
	(void)world;
	assert_int_equal(access(TOP_SRCDIR "/bootstrap", X_OK), 0);
	assert_int_equal(access(TOP_BUILDDIR "/Makefile", F_OK), 0);
}

/*
 * Goes on until it is told to stop. Told once: in the background timeout sends SIGCONT after SIGTERM, and who stops a
 * process that LeakSanitizer is looking through by then waits for ever, since a SIGCONT takes back the SIGSTOP of an attach.
 */
static void run_until_stopped(struct world *world, const char *command)
{
	struct run run;
	lab_run(world->lab, NS_GATEWAY, NULL, &run, "%s timeout --foreground 2 %s", world->path, command);
	if (run.code != 124)
		fail_msg("\"%s\" ended by itself with %d\n%s%s", command, run.code, run.out, run.err);
	lab_run_free(&run);
}

/* Lines that are not simply run: how they begin, and what is done instead. */
static const struct {
	const char *begins;
	void (*check)(struct world *world, const char *command);
} elsewhere[] = {
        {"apt install ./omfwd_*.deb", check_package},  {"dnf install ./omfwd-*.rpm", check_package},
        {"apt-get install ", check_all_packages}, /* would change the machine */
        {"dnf install ", check_all_packages},     /* likewise */
        {"systemctl enable --now omfwd", start_agent}, {"scripts/", check_script}, /* they run this test */
        {"./bootstrap && ./configure", check_build},   {"ln -s ", check_link},
        {"omfwd denied --follow", run_until_stopped},
};

static int expected_code(const char *command)
{
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (strcmp(answers[i].command, command) == 0)
			return answers[i].code;
	return 0;
}

static void run_line(struct world *world, const struct document *document, const struct step *step)
{
	struct run run;
	lab_run(world->lab, NS_GATEWAY, NULL, &run, "cd " HOME " && %s %s", world->path, step->text);
	if (run.code != expected_code(step->text))
		fail_msg("%s: \"%s\" ends with %d, not %d\n%s%s", document->path, step->text, run.code,
		         expected_code(step->text), run.out, run.err);
	if (step->output && !document_output_matches(step->output, run.out))
		fail_msg("%s: \"%s\" answers\n%s\nand not\n%s", document->path, step->text, run.out,
		         step->output);
	lab_run_free(&run);
}

/* A line that is neither omfwd's nor in the table is one that nobody checks. */
static void do_command(struct world *world, const struct document *document, const struct step *step)
{
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		if (strncmp(step->text, elsewhere[i].begins, strlen(elsewhere[i].begins)) == 0) {
			elsewhere[i].check(world, step->text);
			return;
		}
	if (strncmp(step->text, "omfwd ", 6) != 0 && strncmp(step->text, "nft list ", 9) != 0)
		fail_msg("%s: nobody knows how to check \"%s\"", document->path, step->text);
	run_line(world, document, step);
}

/* Without errors; a piece that has no roles is one to add to a file that has. */
static void do_role_file(struct world *world, const struct document *document, const struct step *step)
{
	struct run run;
	FILE *out =
	        fopen(strstr(step->text, "[roles") ? ROLE_FILE : "/etc/omfwd/omfwd.conf.d/piece.conf", "we");
	assert_non_null(out);
	fputs(step->text, out);
	fclose(out);
	lab_run(world->lab, NS_GATEWAY, NULL, &run, "%s omfwd check", world->path);
	if (run.code != 0)
		fail_msg("%s has a wrong role file:\n%s\n%s%s", document->path, step->text, run.out, run.err);
	lab_run_free(&run);
	unlink("/etc/omfwd/omfwd.conf.d/piece.conf");
}

/* The machine of a reader, with the addresses of the documents on both sides of it. */
static void world_open(struct world *world, struct lab *lab, const char *role_file)
{
	*world = (struct world){.lab = lab, .path = "export PATH=" HOME "/bin:$PATH;"};
	lab_must(lab, NS_GATEWAY,
	         "mkdir -p " HOME "/bin " HOME "/lib && ln -sf '%s' " HOME "/bin/omfwd && "
	         "cp -a /etc " HOME "/etc && mount --bind " HOME "/etc /etc && mount --bind " HOME
	         "/lib /var/lib && "
	         "mkdir -p /etc/omfwd/omfwd.conf.d && cp " TOP_SRCDIR "/etc/omfwd.conf " ROLE_FILE " && "
	         "echo 10.20.64.21 >/etc/omfwd/agents.list",
	         lab->binary);
	lab_must(lab, NS_LEFT, "ip route add local 10.20.0.0/18 dev lo");
	lab_must(lab, NS_RIGHT, "ip route add local 10.20.64.0/18 dev lo");
	lab_must(lab, NS_GATEWAY,
	         "ip route add 10.20.0.0/18 via 10.1.255.2 && ip route add 10.20.64.0/18 via 10.2.255.2");
	if (role_file)
		lab_must(lab, NS_GATEWAY, "printf '%s' >" ROLE_FILE, role_file);
}

/* After every test, however it ended. */
static int world_gone(void **state)
{
	struct lab *lab = *state;
	struct run run;
	int r = lab_refresh(state);
	if (lab->problem)
		return r;
	lab_run(lab, NS_LEFT, NULL, &run, "ip route del local 10.20.0.0/18 dev lo");
	lab_run_free(&run);
	lab_run(lab, NS_RIGHT, NULL, &run,
	        "ip route del 10.20.0.0/18; ip route del local 10.20.64.0/18 dev lo");
	lab_run_free(&run);
	lab_run(lab, NS_GATEWAY, NULL, &run,
	        "ip route del 10.20.0.0/18; ip route del 10.20.64.0/18; umount /var/lib; umount /etc; "
	        "rm -rf " HOME " /run/omfwd");
	lab_run_free(&run);
	return r;
}

static void follow(struct world *world, const struct document *document)
{
	for (size_t i = 0; i < document->n; i++)
		switch (document->steps[i].kind) {
		case STEP_COMMAND:
			do_command(world, document, &document->steps[i]);
			break;
		case STEP_ROLE_FILE:
			do_role_file(world, document, &document->steps[i]);
			break;
		}
}

static void test_readme(void **state)
{
	struct document document;
	struct world world;
	world_open(&world, lab_need(state), NULL);
	document_open_markdown(README, &document);
	assert_true(document.n > 20);
	follow(&world, &document);
	document_close(&document);
}

/* Examples of the manual are about an installation that has a section prod. */
static void test_manual(void **state)
{
	static const char *const pages[] = {OMFWD_8, OMFWD_CONF};
	struct world world;
	size_t n = 0;
	world_open(&world, lab_need(state),
	           "[roles prod]\\nmanagement_server = 10.20.1.11\\nwindows_agent = 10.20.64.0/18\\n");
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		struct document document;
		document_open_man(pages[i], &document);
		n += document.n;
		follow(&world, &document);
		document_close(&document);
	}
	assert_true(n > 3);
}

/* Commands inside sentences and tables, with words in capitals for addresses: the command line takes them. */
static void expect_parses(const char *path, const char *span, size_t len)
{
	char *line = strndup(span, len), *rest = NULL, *argv[32] = {NULL}, error[512];
	struct options options;
	int argc = 0;
	for (char *word = strtok_r(line, " ", &rest); word && argc < 31; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	if (options_parse(argc, argv, &options, error, sizeof(error)) < 0)
		fail_msg("%s: `%.*s`: %s", path, (int)len, span, error);
	options_free(&options);
	free(line);
}

static void test_commands_in_sentences(void **state)
{
	char *text = lab_read(README);
	size_t n = 0;
	(void)state;
	for (const char *at = text; (at = strstr(at, "`omfwd ")); at += 2, n++) {
		size_t len = strcspn(at + 1, "`");
		expect_parses(README, at + 1, len);
	}
	assert_true(n > 10);
	free(text);
}

/* The comparison itself: it is what the rest rests on. */
static void test_comparison(void **state)
{
	(void)state;
	assert_true(document_output_matches("a b\nc\n", "a b\n\nc \n"));
	assert_true(document_output_matches("at ... by root\n", "at 11:00 by root\n"));
	assert_true(document_output_matches("a\n...\nz\n", "a\nb\nc\nz\n"));
	assert_true(document_output_matches("a\n...\n", "a\n"));
	assert_true(document_output_matches("on 2026-01-01 00:00:00 x\n", "on 2031-12-30 11:22:33 x\n"));
	assert_false(document_output_matches("on 2026-01-01 x\n", "on 2031-12-30 x\n"));
	assert_false(document_output_matches("a\n", "a\nb\n"));
	assert_false(document_output_matches("a\nb\n", "a\n"));
	assert_false(document_output_matches("at ... by root\n", "at 11:00 by bob\n"));
	assert_false(document_output_matches("a\n...\nz\n", "a\nb\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_comparison),
	        cmocka_unit_test(test_commands_in_sentences),
	        cmocka_unit_test_teardown(test_readme, world_gone),
	        cmocka_unit_test_teardown(test_manual, world_gone),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
