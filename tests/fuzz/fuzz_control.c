// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A request as it comes over the control socket, answered by an engine on a kernel that takes everything. Every reply
 * has a code, and is valid JSON.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "agent/denials.h"
#include "agent/origin.h"
#include "agent/verbs.h"
#include "tests/unit/fake_kernel.h"
#include "util/reply.h"

static const char role_file[] = "[omfwd]\n"
                                "[roles prod]\n"
                                "management_server = 10.0.1.11, 2001:db8::11\n"
                                "gateway_server = 10.0.1.21\n"
                                "operations_manager_database = 10.0.2.50\n"
                                "windows_agent = 10.1.0.0/16\n"
                                "[site_rule ping]\n"
                                "from = @prod.management_server\n"
                                "to = @prod.windows_agent\n"
                                "protocol = icmp\n"
                                "ports = echo-request\n"
                                "phase = install\n"
                                "reason = diagnosis\n";

/* 10.1.0.5 to 10.0.2.50, tcp/1433: denied lately, for who asks about that. */
static const uint8_t packet[40] = {0x45, [3] = 40, [8] = 64, 6,    [12] = 10, 1, 0,    5,           10,
                                   0,    2,        50,       0xc0, 1,         5, 0x99, [32] = 0x50, 2};

static struct engine *engine_get(void)
{
	static char dir[] = "/tmp/omfwd-fuzz.XXXXXX";
	static struct engine engine;
	struct engine_config config = {.state_dir = dir, .watched = true};
	json_t *reply = reply_new();

	if (!engine.kernel) {
		config.config = fuzz_file(0, (const uint8_t *)role_file, sizeof(role_file) - 1);
		FUZZ_HOLDS(mkdtemp(dir) && engine_open(&engine, &config, reply) == CODE_DONE);
		FUZZ_HOLDS(engine_load(&engine, reply) == CODE_DONE);
		engine.denials = denials_new(4, time(NULL));
		denials_add(engine.denials, packet, sizeof(packet), PATH_FORWARD, time(NULL));
	}
	json_decref(reply);
	return &engine;
}

static void answer(const json_t *request)
{
	struct origin origin;
	const char *word = json_string_value(json_object_get(request, "verb"));
	enum verb verb = word ? verb_find(word) : VERB_MAX;
	json_t *reply;
	char *text;

	if (verb == VERB_MAX)
		return;
	origin_of_request(0, request, &origin);
	strcpy(origin.user, "root"); /* and no look-up each time */
	reply = verb_answer(engine_get(), verb, request, &origin);
	FUZZ_HOLDS(reply_code(reply) >= CODE_DONE && reply_code(reply) <= CODE_FORBIDDEN);
	text = json_dumps(reply, JSON_COMPACT);
	FUZZ_HOLDS(text);
	free(text);
	json_decref(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *request = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(request))
		answer(request);
	json_decref(request);
	return 0;
}
