// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `omfwd report`: the evidence, as a page, as a table for spreadsheets, or as JSON. What is in it is gathered by the
 * agent, or here when there is none; a page that is written to a file is there as a whole or not at all.
 */
#include "cmd/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/client.h"
#include "cmd/local.h"
#include "report/report.h"
#include "util/reply.h"

#define FILE_MODE 0666

static void print_json(const json_t *report, FILE *out)
{
	json_dumpf(report, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	fputc('\n', out);
}

static void print_report(const struct options *options, const json_t *report, FILE *out)
{
	const char *format = options->format ? options->format : options->json ? "json" : "html";

	if (strcmp(format, "json") == 0)
		print_json(report, out);
	else if (strcmp(format, "csv") == 0)
		report_print_csv(report, out);
	else
		report_print_html(report, out);
}

/* Closes out. Returns 0, or -errno when anything could not be written. */
static int finish(FILE *out)
{
	int r = ferror(out) ? -EIO : 0;

	if (fflush(out) != 0 || fsync(fileno(out)) < 0)
		r = -errno;
	return fclose(out) != 0 && r == 0 ? -errno : r;
}

/*
 * mkstemp() gives the file to us alone; the report is to be as any other file that its user writes. NULL, and errno: there
 * is no such file.
 */
static FILE *create_aside(char *aside)
{
	mode_t mask = umask(0);
	int fd = mkstemp(aside), err;
	FILE *out;

	umask(mask);
	if (fd < 0)
		return NULL;
	out = fchmod(fd, FILE_MODE & ~mask) == 0 ? fdopen(fd, "w") : NULL;
	if (out)
		return out;
	err = errno;
	close(fd);
	unlink(aside);
	errno = err;
	return NULL;
}

static int write_file(const struct options *options, const json_t *report)
{
	FILE *out;
	char *aside;
	int r;

	if (asprintf(&aside, "%s.XXXXXX", options->output) < 0)
		abort();
	out = create_aside(aside);
	if (!out) {
		r = -errno;
	} else {
		print_report(options, report, out);
		r = finish(out);
		if (r == 0 && rename(aside, options->output) < 0)
			r = -errno;
		if (r < 0)
			unlink(aside);
	}
	free(aside);
	return r;
}

int cmd_report(const struct options *options)
{
	json_t *reply = local_reply(options, VERB_REPORT), *report = json_object_get(reply, "report");
	int code, r = 0;

	if (report && options->output)
		r = write_file(options, report);
	else if (report)
		print_report(options, report, stdout);
	if (r < 0)
		reply_fail(reply, reply_code_of_errno(r), "cannot write %s: %s", options->output,
		           strerror(-r));
	client_print_complaints(reply);
	code = (int)reply_code(reply);
	json_decref(reply);
	return code;
}
