// SPDX-License-Identifier: GPL-2.0-or-later
/* What others did to the table, as the monitor tells it, becomes what the engine no longer trusts. */
#include "agent/drift_note.h"

#include "agent/drift_history.h"

/* Whoever extends a window deletes its elements and adds them again. */
static bool note_element_change(struct engine *engine, const struct monitor_group *group,
                                const struct monitor_change *change)
{
	bool set_gone = monitor_group_has(group, MONITOR_SET, true, change->name);

	if (!engine_set_is_window(engine, change->name)) {
		engine_distrust(engine, change->name);
		return false;
	}
	if (change->removed && !set_gone && !monitor_group_has(group, MONITOR_ELEMENT, false, change->name))
		engine_window_closed(engine, change->name);
	return true;
}

static bool note_change(struct engine *engine, const struct monitor_group *group,
                        const struct monitor_change *change)
{
	switch (change->object) {
	case MONITOR_ELEMENT:
		return note_element_change(engine, group, change);
	case MONITOR_SET:
		engine_distrust(engine, change->name);
		return true;
	case MONITOR_TABLE:
		engine_distrust(engine, change->removed ? NULL : "");
		return true;
	case MONITOR_CHAIN:
	case MONITOR_RULE:
	case MONITOR_OBJECT:
	case MONITOR_FLOWTABLE:
		engine_distrust(engine, "");
		break;
	case MONITOR_MAX:
		break;
	}
	return false;
}

bool drift_note(struct engine *engine, const struct monitor_group *group)
{
	bool windows = false;

	if (!engine->applied || engine->removed)
		return false;
	drift_history_add(&engine->drift, group);
	for (size_t i = 0; i < group->n; i++)
		windows |= note_change(engine, group, &group->changes[i]);
	if (group->overflow)
		engine_distrust(engine, NULL);
	return windows || group->overflow;
}
