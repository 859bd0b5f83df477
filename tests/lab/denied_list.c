/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/lab/denied_list.h"

#include <stdlib.h>

void denied_agent_start(struct lab *lab, const char *config)
{
	int notify;

	lab_write("omfwd.conf", config);
	omfwd_agent_start(lab, &notify, "");
}

json_t *denied_json(const struct lab *lab, int code, const char *args)
{
	struct run run;
	json_t *report;

	omfwd_run(lab, &run, "denied --json %s", args);
	if (run.code != code)
		fail_msg("denied %s: exit code %d: %s", args, run.code, run.err);
	report = json_loads(run.out, 0, NULL);
	assert_non_null(report);
	lab_run_free(&run);
	return report;
}

/* The log comes up to 100 ms after the packets. */
json_t *denied_await(const struct lab *lab, size_t n)
{
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;; lab_sleep_ms(50)) {
		json_t *report = denied_json(lab, 0, "");

		if (json_array_size(json_object_get(report, "entries")) >= n)
			return report;
		if (lab_now_ms() > end)
			fail_msg("%zu entries, not %zu: %s",
			         json_array_size(json_object_get(report, "entries")), n,
			         json_dumps(report, JSON_INDENT(1)));
		json_decref(report);
	}
}

const char *denied_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

long denied_number(const json_t *object, const char *key)
{
	return (long)json_integer_value(json_object_get(object, key));
}
