// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `omfwd diff`: what a reload would open and close, before it does; or what one role file opens and another does not.
 *
 * The kernel's side is read from the kernel, not asked from the agent: rules and elements are what is enforced, whoever
 * put them there, with or without an agent, and what somebody else has changed shows. Names of sets and comments of
 * rules lead back to roles and rows. That a million members are read is the price, and it is paid here and not by the
 * agent.
 */
#include "cmd/cmd.h"

#include "cmd/kernel_side.h"
#include "cmd/loaded.h"

/* A side read from a role file. */
struct file_side {
	struct loaded file;
	struct openings openings;
	struct diff_side side;
};

static enum exit_code file_side_open(struct file_side *file, const struct options *options, const char *path)
{
	enum exit_code code = loaded_open_and_print(&file->file, options, path);

	if (code != CODE_DONE)
		return code;
	openings_of_policy(file->file.policy, &file->file.lines, &file->openings);
	file->side =
	        (struct diff_side){.name = path, .openings = &file->openings, .policy = file->file.policy};
	return CODE_DONE;
}

static void file_side_close(struct file_side *file)
{
	openings_clear(&file->openings);
	loaded_close(&file->file);
}

/* Prints, and returns whether they are the same. */
static enum exit_code finish(const struct options *options, json_t *json)
{
	enum exit_code code = json_is_true(json_object_get(json, "same")) ? CODE_DONE : CODE_NO;

	json_object_set_new(json, "code", json_integer(code));
	if (options->json) {
		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		diff_print(json, stdout);
	}
	json_decref(json);
	return code;
}

static enum exit_code diff_files(const struct options *options)
{
	struct file_side old = {.side = {.name = NULL}}, new = {.side = {.name = NULL}};
	enum exit_code code = file_side_open(&old, options, options->args.items[0]), other = code;
	struct opening_diff diff;

	if (code == CODE_DONE || !options->json) /* one answer in JSON, not two */
		other = file_side_open(&new, options, options->args.items[1]);
	if (code == CODE_DONE && other == CODE_DONE) {
		opening_diff(&old.openings, &new.openings, &diff);
		code = finish(options, diff_to_json(&old.side, &new.side, &diff));
		opening_diff_clear(&diff);
	} else {
		code = CODE_BAD_INPUT;
	}
	file_side_close(&old);
	file_side_close(&new);
	return code;
}

static enum exit_code diff_sides(const struct options *options, const struct kernel_side *kernel,
                                 struct file_side *file)
{
	struct opening_diff diff;
	json_t *json;

	openings_narrow(&file->openings);
	opening_diff(&kernel->openings, &file->openings, &diff);
	json = diff_to_json(&kernel->side, &file->side, &diff);
	kernel_side_add(kernel, file->file.ruleset, &diff, json);
	if (file->openings.mode == MODE_ENFORCE)
		kernel_side_add_cut(&diff, json);
	opening_diff_clear(&diff);
	return finish(options, json);
}

static enum exit_code diff_kernel(const struct options *options)
{
	struct file_side file = {.side = {.name = NULL}};
	struct kernel_side kernel = {.strange = NULL};
	enum exit_code code =
	        file_side_open(&file, options, options->args.n ? options->args.items[0] : options->config);

	if (code == CODE_DONE)
		code = kernel_side_open(&kernel);
	if (code == CODE_DONE)
		code = diff_sides(options, &kernel, &file);
	kernel_side_close(&kernel);
	file_side_close(&file);
	return code;
}

int cmd_diff(const struct options *options)
{
	return options->args.n > 1 ? diff_files(options) : diff_kernel(options);
}
