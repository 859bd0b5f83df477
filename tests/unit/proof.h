/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of src/prove share: a role file with one case of each, and a lab that does everything right. */
#ifndef TESTS_PROOF_H
#define TESTS_PROOF_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "prove/proof.h"
#include "util/array.h"

static const char proof_role_file[] =
        "[omfwd]\n"
        "never_deny = 10.0.250.0/28\n"
        "[roles prod]\n"
        "management_server = 10.0.1.1, 10.0.1.5, 10.0.1.9, 2001:db8:1::1\n"
        "operations_manager_database = 10.0.2.1\n"
        "windows_agent = 10.0.3.0/24, 10.0.1.5, 2001:db8:3::/64, @dmz.gateway_server\n"
        "domain_controller = 10.0.4.1\n"
        "ceip_client = 10.0.5.1\n"
        "ceip_endpoint = 10.0.5.9\n"
        "acs_collector = 10.0.6.1\n"
        "acs_database = 10.0.6.9\n"
        "aem_client = 10.0.7.1\n"
        "aem_file_share = 10.0.7.9\n"
        "network_device = 10.0.8.1\n"
        "unix_linux_agent = 10.0.9.1\n"
        "omed_service = 10.0.9.9\n"
        "[roles dmz]\n"
        "authentication = certificate\n"
        "gateway_server = 10.9.1.1\n"
        "unix_linux_agent = 10.9.2.1\n"
        "domain_controller = 10.9.4.1\n"
        "[ports prod]\n"
        "health_service = 5800\n"
        "sql_browser = off\n"
        "[rows prod]\n"
        "cur-25 = off\n"
        "cur-28 = reverse\n"
        "cur-24 = install\n"
        "cur-20 = both\n"
        "[site_rule backup]\n"
        "from = 10.0.11.1\n"
        "to = @prod.management_server\n"
        "protocol = tcp\n"
        "ports = 20000-20010\n"
        "phase = install\n"
        "reason = nightly backup\n"
        "[site_rule gone]\n"
        "from = 10.0.3.0/24\n"
        "to = @prod.management_server\n"
        "protocol = tcp\n"
        "ports = 7777\n"
        "reason = not any more\n"
        "expires = 2020-01-01\n";

#define NOW 1800000000

static inline struct policy *load_path(const char *path)
{
	struct diag_list diags = {0};
	struct policy *policy = policy_load(path, NOW, &diags);

	if (!policy)
		diag_print(&diags, stderr);
	assert_non_null(policy);
	diag_clear(&diags);
	return policy;
}

static inline struct policy *load_text(const char *text)
{
	char path[] = "/tmp/test_prove_XXXXXX";
	int fd = mkstemp(path);
	struct policy *policy;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	policy = load_path(path);
	unlink(path);
	return policy;
}

static inline size_t host_of(struct hosts *hosts, const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse_host(text, &addr), 0);
	return hosts_add(hosts, &addr);
}

/* A result in which every packet did as expected; the caller spoils it. */
static inline struct run_result *perfect_result(const struct plan *plan)
{
	size_t size = sizeof(struct run_result) + (plan->n_probes + 1) * sizeof(struct outcome);
	struct run_result *result =
	        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(result, MAP_FAILED);
	result->size = size;
	result->has_v6 = true;
	result->outcomes = (struct outcome *)(result + 1);
	for (size_t i = 0; i < plan->n_probes; i++) {
		bool run = plan->probes[i].run != EXPECT_SHUT,
		     install = plan->probes[i].install != EXPECT_SHUT;
		uint8_t opened = (uint8_t)(run << STEP_RUN | install << STEP_INSTALL);

		result->outcomes[i].sent = (uint8_t)(1 << STEP_RUN | 1 << STEP_INSTALL);
		result->outcomes[i].seen = opened;
		if (install) {
			result->outcomes[i].sent |= 1 << STEP_ANSWER_INSTALL | 1 << STEP_CUT;
			result->outcomes[i].seen |= (uint8_t)(1 << STEP_ANSWER_INSTALL | run << STEP_CUT);
		}
	}
	return result;
}

#endif
