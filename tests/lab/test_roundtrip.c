/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Printer against encoder, for every good role file there is: the text of `omfwd show --format nft` loaded by nft, and
 * omfwd itself over netlink, make the same table; and what nft lists of it loads again.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/listing.h"

#define FILES_MIN 12

static void command_expect(const struct lab *lab, enum lab_ns ns, const char *file, const char *command)
{
	struct run run;
	lab_run(lab, ns, NULL, &run, "%s", command);
	if (run.code != 0)
		fail_msg("%s: exit code %d from %s\n%s", file, run.code, command, run.err);
	lab_run_free(&run);
}

/* The gateway gets the table over netlink, far from the printed text, and right from nft's own listing. */
static size_t file_differs(struct lab *lab, const char *file)
{
	char command[16384];
	snprintf(command, sizeof(command),
	         "'%s' --phase run --config '%s' --run-dir " LAB_DIR " --state-dir " LAB_DIR, lab->binary,
	         file);
	command_expect(lab, NS_GATEWAY, file, command);
	snprintf(command, sizeof(command),
	         "'%s' show --format nft --config '%s' > " LAB_DIR "/printed.nft && nft -f " LAB_DIR
	         "/printed.nft",
	         lab->binary, file);
	command_expect(lab, NS_FAR, file, command);
	command_expect(lab, NS_GATEWAY, file, "nft list table inet omfwd > " LAB_DIR "/listed.nft");
	command_expect(lab, NS_RIGHT, file, "nft -f " LAB_DIR "/listed.nft");
	size_t n = listings_compare(lab, NS_GATEWAY, NS_FAR, "only over netlink", "only printed");
	n += listings_compare(lab, NS_GATEWAY, NS_RIGHT, "only in the kernel", "only in nft's text");
	command_expect(lab, NS_RIGHT, file,
	               "nft list table inet omfwd > " LAB_DIR "/again.nft; cmp " LAB_DIR
	               "/listed.nft " LAB_DIR "/again.nft");
	command_expect(lab, NS_GATEWAY, file, "nft delete table inet omfwd");
	command_expect(lab, NS_FAR, file, "nft delete table inet omfwd");
	command_expect(lab, NS_RIGHT, file, "nft delete table inet omfwd");
	return n;
}

static void test_printer_and_encoder_agree(void **state)
{
	struct lab *lab = lab_need(state);
	glob_t files;
	assert_int_equal(glob(TOP_SRCDIR "/tests/golden/good/*.conf", 0, NULL, &files), 0);
	glob(TOP_SRCDIR "/etc/examples/*.conf", GLOB_APPEND, NULL, &files);
	size_t wrong = 0;
	for (size_t i = 0; i < files.gl_pathc; i++) {
		size_t n = file_differs(lab, files.gl_pathv[i]);
		if (n)
			fprintf(stderr, "%s: %zu differences\n", files.gl_pathv[i], n);
		wrong += n;
	}
	assert_true(files.gl_pathc >= FILES_MIN);
	globfree(&files);
	assert_int_equal(wrong, 0);
}

/* A comparison that can see: one element, rule, chain or counter too many. */
static void test_differences_are_seen(void **state)
{
	struct lab *lab = lab_need(state);
	static const char *const changes[] = {
	        "nft add element inet omfwd prod.management_server.hosts4 { 10.99.0.1 }",
	        "nft insert rule inet omfwd denied counter",
	        "nft add chain inet omfwd surplus",
	        "nft add counter inet omfwd surplus",
	};
	lab_must(lab, NS_GATEWAY, "'%s' --phase run --config '%s' --run-dir " LAB_DIR " --state-dir " LAB_DIR,
	         lab->binary, TOP_SRCDIR "/tests/golden/good/all_roles_2016.conf");
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		lab_must(lab, NS_FAR, "'%s' show --format nft --config '%s' | nft -f -", lab->binary,
		         TOP_SRCDIR "/tests/golden/good/all_roles_2016.conf");
		assert_int_equal(listings_compare(lab, NS_GATEWAY, NS_FAR, "netlink", "printed"), 0);
		lab_must(lab, NS_FAR, "%s", changes[i]);
		assert_true(listings_compare(lab, NS_GATEWAY, NS_FAR, "as wanted", "as wanted") > 0);
		lab_must(lab, NS_FAR, "nft delete table inet omfwd");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_printer_and_encoder_agree),
	        LAB_TEST(test_differences_are_seen),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
