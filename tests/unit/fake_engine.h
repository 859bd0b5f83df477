/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An engine for tests, on a kernel that remembers (fake_kernel.h), with a directory of its own that holds its role file
 * and what it writes. A test includes this once; setup ends with one of the first three functions.
 */
#ifndef OMFWD_FAKE_ENGINE_H
#define OMFWD_FAKE_ENGINE_H

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

#include "agent/verbs.h"
#include "tests/unit/fake_kernel.h"
#include "util/reply.h"

static char dir[64], config[96];
static struct engine engine;

/* The path of a file in the directory, until the next call. */
static inline char *fake_engine_path(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static inline void fake_engine_write(const char *name, const char *text)
{
	FILE *out = fopen(fake_engine_path(name), "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static inline void write_config(const char *text)
{
	fake_engine_write("omfwd.conf", text);
}

/* Opens an engine on what the directory holds; nothing is loaded. */
static inline void fake_engine_open(void)
{
	const struct engine_config engine_config = {.config = config, .state_dir = dir, .watched = true};
	json_t *reply = reply_new();

	assert_int_equal(engine_open(&engine, &engine_config, reply), CODE_DONE);
	json_decref(reply);
}

/* A new directory with this role file, a kernel that has nothing, and an engine that has loaded nothing. */
static inline int fake_engine_new(const char *role_file)
{
	strcpy(dir, "/tmp/omfwd-engine.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(config, sizeof(config), "%s/omfwd.conf", dir);
	write_config(role_file);
	fake = (struct fake_kernel){.fail = 0};
	fake_engine_open();
	return 0;
}

/* The same, and the role file is in force. */
static inline int fake_engine_load(const char *role_file)
{
	json_t *reply;
	enum exit_code code;

	if (fake_engine_new(role_file) < 0)
		return -1;
	reply = reply_new();
	code = engine_load(&engine, reply);
	json_decref(reply);
	return (int)code;
}

/* For teardown; the files of the directory go with it. */
static inline int fake_engine_remove(void **state)
{
	DIR *listing = opendir(dir);
	const struct dirent *entry;

	(void)state;
	engine_close(&engine);
	while (listing && (entry = readdir(listing)))
		unlink(fake_engine_path(entry->d_name));
	if (listing)
		closedir(listing);
	return rmdir(dir);
}

/* Answers a request in JSON, and writes what is to be on disk then. The reply is the caller's where ret is not NULL. */
static inline enum exit_code fake_engine_ask(enum verb verb, const char *request_text,
                                             const struct origin *origin, json_t **ret)
{
	json_t *request = json_loads(request_text, 0, NULL);
	json_t *reply = verb_answer(&engine, verb, request, origin);
	enum exit_code code = reply_code(reply);

	assert_non_null(request);
	json_decref(request);
	if (ret)
		*ret = reply;
	else
		json_decref(reply);
	engine_state_save(&engine);
	return code;
}

#endif
