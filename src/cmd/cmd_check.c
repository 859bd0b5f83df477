// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `omfwd check`: everything wrong with the role file, by line; with privilege the kernel validates the whole ruleset as
 * well, in a transaction that is never committed. Nothing is applied either way.
 */
#include "cmd/cmd.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cmd/loaded.h"
#include "words/words.h"
#include "kernel/kernel.h"

/* What the kernel said. */
struct kernel_opinion {
	bool asked;
	char text[1024]; /* why it was not asked, or what it refuses */
};

static void note_refusal(const struct loaded *file, const struct kernel *kernel, struct kernel_opinion *ret)
{
	char place[PLACE_MAX];
	loc_t loc = kernel_error_loc(kernel);

	words_place(file->policy, loc, place, sizeof(place));
	snprintf(ret->text, sizeof(ret->text), "%s: the kernel refuses this: %s",
	         loc ? place : file->policy->path, kernel_error(kernel));
}

static enum exit_code ask_kernel(const struct loaded *file, struct kernel_opinion *ret)
{
	const char *error = NULL;
	struct kernel *kernel;
	int r = kernel_open(&kernel, &error);

	*ret = (struct kernel_opinion){.asked = r != -EPERM};
	if (r < 0) {
		snprintf(ret->text, sizeof(ret->text), "omfwd: %s", error);
		return r == -EPERM ? CODE_DONE : CODE_UNAVAILABLE;
	}
	r = kernel_check(kernel, file->ruleset);
	ret->asked = r != -EPERM;
	if (r < 0)
		note_refusal(file, kernel, ret);
	kernel_close(kernel);
	return r < 0 && r != -EPERM ? CODE_UNAVAILABLE : CODE_DONE;
}

static void report(const struct loaded *file, enum exit_code code, const struct kernel_opinion *opinion)
{
	diag_print(&file->diags, stderr);
	if (code == CODE_UNAVAILABLE)
		fprintf(stderr, "%s\n", opinion->text);
	if (code != CODE_DONE)
		return;
	printf("%s: ok: %zu section%s, %zu lines, %zu sets; %s\n", file->policy->path,
	       file->policy->n_sections, file->policy->n_sections == 1 ? "" : "s", file->lines.n,
	       file->ruleset->n_sets,
	       opinion->asked ? "the kernel accepts it"
	                      : "the kernel was not asked, that needs CAP_NET_ADMIN");
}

static json_t *diag_json(const struct diag_list *list, const struct diag *diag)
{
	unsigned line = 0;
	const char *file = list->sources ? source_file(list->sources, diag->loc, &line) : NULL;

	return json_pack("{s:s, s:o, s:o, s:o}", "level", diag->level == DIAG_ERROR ? "error" : "warning",
	                 "file", words_text_json(file), "line", line ? json_integer(line) : json_null(),
	                 "text", words_text_json(diag->text));
}

static json_t *kernel_json(enum exit_code code, const struct kernel_opinion *opinion)
{
	if (code == CODE_BAD_INPUT || !opinion->asked)
		return json_pack("{s:s}", "verdict", "not_asked");
	if (code == CODE_DONE)
		return json_pack("{s:s}", "verdict", "accepted");
	return json_pack("{s:s, s:o}", "verdict", "refused", "text", words_text_json(opinion->text));
}

static void report_json(const struct loaded *file, const char *path, enum exit_code code,
                        const struct kernel_opinion *opinion)
{
	json_t *diagnostics = json_array(), *json;

	for (size_t i = 0; i < file->diags.n; i++)
		json_array_append_new(diagnostics, diag_json(&file->diags, &file->diags.items[i]));
	json = json_pack("{s:i, s:o, s:b, s:o, s:o}", "code", code, "file", words_text_json(path), "ok",
	                 code == CODE_DONE, "diagnostics", diagnostics, "kernel", kernel_json(code, opinion));
	if (file->policy)
		json_object_update_new(json, json_pack("{s:I, s:I, s:I}", "sections",
		                                       (json_int_t)file->policy->n_sections, "lines",
		                                       (json_int_t)file->lines.n, "sets",
		                                       (json_int_t)file->ruleset->n_sets));
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(json);
}

/* What somebody pipes in can be checked, though never enforced. */
static bool is_pipe(const char *path)
{
	struct stat about;

	return stat(path, &about) == 0 && S_ISFIFO(about.st_mode);
}

int cmd_check(const struct options *options)
{
	const char *path = options->args.n ? options->args.items[0] : options->config;
	struct kernel_opinion opinion = {.asked = false};
	struct loaded file;
	enum exit_code code;

	if (options->system)
		return cmd_check_system(options);
	code = is_pipe(path) ? loaded_open(&file, path) : loaded_open_trusted(&file, path);
	if (code == CODE_DONE)
		code = ask_kernel(&file, &opinion);
	if (options->json)
		report_json(&file, path, code, &opinion);
	else
		report(&file, code, &opinion);
	loaded_close(&file);
	return code;
}
