/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `omfwd denied` lists, for the tests that are about it. */
#ifndef LAB_DENIED_LIST_H
#define LAB_DENIED_LIST_H

#include "tests/lab/program.h"

/* One group; the members are what the tests send packets between. */
#define ROLES                                                                                                \
	"[roles prod]\nmanagement_server = 10.1.0.10, 2001:db8:1::10\n"                                      \
	"windows_agent = 10.2.0.20, 10.2.0.21, 2001:db8:2::20\n"

/* Writes the role file and starts an agent with it; it ends with the test. */
void denied_agent_start(struct lab *lab, const char *config);

/* `omfwd denied --json ARGS`, which must end with this exit code; json_decref() it. */
json_t *denied_json(const struct lab *lab, int code, const char *args);

/* The same once it has n entries, LAB_PATIENCE_MS at most: the log comes up to 100 ms after the packets. */
json_t *denied_await(const struct lab *lab, size_t n);

/* "" and 0 when it is not there. */
const char *denied_text(const json_t *object, const char *key);
long denied_number(const json_t *object, const char *key);

#endif
