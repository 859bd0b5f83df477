// SPDX-License-Identifier: GPL-2.0-or-later
/* What netfilter can do here, and what it holds besides base chains: flowtables, an open window, an owned table. */
#include <stdlib.h>

#include "doctor/findings.h"
#include "doctor/nft_version.h"
#include "kernel/flowtables.h"
#include "kernel/kernel.h"
#include "ruleset/ruleset.h"
#include "util/duration.h"

static void check_features(struct checkup *checkup)
{
	struct kernel_features features;
	struct finding *finding;

	if (kernel_probe(checkup->kernel, &features) < 0 || features.supported)
		return;
	finding = finding_add(checkup, FINDING_KERNEL_TOO_OLD, "this kernel lacks %s", features.missing);
	finding_line(checkup, &finding->remedy,
	             "a kernel from 5.10 on, with nf_tables and connection tracking built in or as modules");
}

static void check_flowtables(struct checkup *checkup)
{
	struct flowtable *flowtables;
	size_t n;

	if (kernel_flowtables(checkup->kernel, &flowtables, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		struct finding *finding = finding_add(checkup, FINDING_FLOWTABLE, "there is a flowtable, %s",
		                                      flowtables[i].name);

		finding_line(checkup, &finding->remedy,
		             "except the members of the roles from the rule with \"flow add\", or keep the "
		             "agent running");
	}
	free(flowtables);
}

static void check_window(struct checkup *checkup)
{
	const struct settings *settings = &checkup->question->policy->settings;
	int64_t left = kernel_window_left(checkup->kernel, INSTALL_WINDOW);
	char left_text[DURATION_TEXT_MAX];
	struct finding *finding;

	if (left <= (int64_t)settings->install_window * 1000)
		return;
	finding = finding_add(checkup, FINDING_WINDOW_OPEN, "the install window stays open for %s",
	                      duration_format((uint64_t)left / 1000, left_text, sizeof(left_text)));
	finding_line(checkup, &finding->commands, "omfwd --phase run");
	finding_line(checkup, &finding->remedy, "close it as soon as the installation is done");
}

static void check_nft(struct checkup *checkup)
{
	struct nft_version version;
	struct table_state state;
	struct finding *finding;

	if (kernel_table_state(checkup->kernel, &state) < 0 || !state.owned || !nft_version_here(&version) ||
	    nft_version_knows_persist(&version))
		return;
	finding = finding_add(checkup, FINDING_NFT_TOO_OLD, "nft is version %u.%u.%u", version.major,
	                      version.minor, version.patch);
	finding_line(checkup, &finding->remedy,
	             "nft from 1.1.0 on, or load what omfwd show --format nft prints instead of the listing");
}

void check_kernel(struct checkup *checkup)
{
	if (!checkup->kernel)
		return;
	check_features(checkup);
	check_flowtables(checkup);
	check_window(checkup);
	check_nft(checkup);
}
