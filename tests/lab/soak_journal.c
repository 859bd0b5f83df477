/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the agent says. Nothing is searched for that would be wrong: whatever is not in the table below is, and some of
 * the table only when the action under way gives reason to say it.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/soak_internal.h"

#define PREFIX "omfwd: "

static const struct {
	const char *pattern; /* fnmatch(3) */
	unsigned may;        /* 0: at any time */
} sentences[] = {
        {SOAK_CONFIG " applied", 0},
        {"agent ready", 0},
        {"agent stopped; the policy stays in the kernel", 0},
        {"install phase open for *", 0},
        {"run phase for *: install windows closed, by root*", 0},
        {"install window for * closed by the kernel, its time is up", 0},
        {"install window for * ends in *", 0},
        {"install windows *; omfwd status lists them", 0},
        {SOAK_CONFIG " confirmed by root", 0},
        {LAB_DIR "/*: *; *", MAY_REFUSE},
        {LAB_DIR "/*:*: *; *", MAY_REFUSE},
        {SOAK_CONFIG " not applied, the policy before it stays", MAY_REFUSE | MAY_RETURN},
        {SOAK_CONFIG " not applied, the kernel is as it was", MAY_REFUSE},
        {"degraded: the role file is wrong, the last good policy of * is in force", MAY_REFUSE},
        {"a policy is on trial already; *", MAY_RETURN},
        {SOAK_CONFIG " was not confirmed*: the policy before it is in force again", MAY_RETURN},
        {"degraded: the role file was on trial *", MAY_RETURN},
        {"the last good policy, of *, is in force until the role file is read", MAY_RETURN | MAY_REMOVE},
        {"nft table removed by root: nothing is denied any more", MAY_REMOVE},
        {"agent stopped; there is no policy", MAY_REMOVE},
        {"nft (pid *) *: repaired", MAY_REPAIR},
        {"the nft table was left alone for * s: repaired at once again", MAY_REPAIR},
        {"cannot * " SOAK_STATE ": Permission denied", MAY_FORGET},
};

off_t journal_end(const struct torture *torture)
{
	return lseek(torture->log, 0, SEEK_END);
}

/* What it says from since on, malloc'ed. */
static char *journal_read(const struct torture *torture, off_t since)
{
	off_t end = journal_end(torture);
	char *text = calloc(1, (size_t)(end - since) + 1);

	if (!text || pread(torture->log, text, (size_t)(end - since), since) != end - since)
		fail_msg("cannot read the journal");
	return text;
}

void journal_await(struct torture *torture, off_t since, const char *text)
{
	for (uint64_t end = lab_now_ms() + SOAK_WAIT;; lab_sleep_ms(5)) {
		char *said = journal_read(torture, since);
		bool found = strstr(said, text) != NULL;

		if (!found && lab_now_ms() > end)
			fail_msg("%s: the agent never says \"%s\" but\n%s", torture->what, text, said);
		free(said);
		if (found)
			return;
	}
}

static bool may_say(const struct soak *soak, const char *line)
{
	if (strncmp(line, PREFIX, strlen(PREFIX)) != 0)
		return false;
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
		if ((!sentences[i].may || sentences[i].may & soak->may) &&
		    fnmatch(sentences[i].pattern, line + strlen(PREFIX), 0) == 0)
			return true;
	return false;
}

/* A line that is not yet complete waits for the next time. */
void journal_judge(struct soak *soak)
{
	char *said = journal_read(&soak->torture, soak->journal_at), *line = said, *end;

	for (; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		soak->result->journal_lines++;
		if (!may_say(soak, line))
			torture_fail(&soak->torture, "the journal says: %s", line);
	}
	soak->journal_at += line - said;
	soak->may &= MAY_REPAIR;
	free(said);
}
