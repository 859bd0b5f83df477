// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page as a browser shows it: a copy of it gets a script that measures, and headless Chromium says what it measured.
 * The print style is looked at by making it the style of the screen, in the width of A4 without its margins. Skipped where
 * there is no Chromium; with CI=true that is a failure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "report/report.h"
#include "util/array.h"
#include "words/words.h"

#define DIRECTORY TOP_SRCDIR "/tests/golden/report/"
#define A4_WIDTH  703 /* CSS pixels between the margins */

static const char measuring[] =
        "<script>\n"
        "addEventListener('load',()=>{const bad=[],root=document.documentElement;\n"
        "const box=e=>e.getBoundingClientRect(),say=(w,e)=>bad.push(w+': "
        "'+(e.textContent||'').slice(0,60));\n"
        "const cross=(a,b,s)=>a.left+s<b.right&&b.left+s<a.right&&a.top+s<b.bottom&&b.top+s<a.bottom;\n"
        "const "
        "inside=(a,b)=>a.left>=b.left-.5&&a.right<=b.right+.5&&a.top>=b.top-.5&&a.bottom<=b.bottom+.5;\n"
        "if(root.scrollWidth>root.clientWidth)bad.push('the page is '+root.scrollWidth+' wide');\n"
        "for(const svg of document.querySelectorAll('figure>svg')){\n"
        "const texts=[...svg.querySelectorAll('text')],nodes=[...svg.querySelectorAll('.node')];\n"
        "for(const t of texts)if(!inside(box(t),box(svg)))say('outside the picture',t);\n"
        "for(const n of nodes)for(const t of n.querySelectorAll('text'))\n"
        "if(!inside(box(t),box(n.querySelector('rect'))))say('outside its node',t);\n"
        "const scale=box(svg).width/svg.viewBox.baseVal.width;\n"
        "texts.forEach((a,i)=>texts.slice(i+1).forEach(b=>{if(cross(box(a),box(b),3*scale))\n"
        "say('over '+a.textContent,b)}));\n"
        "for(const n of nodes)for(const t of svg.querySelectorAll('.edge:not(.own) text'))\n"
        "if(cross(box(n.querySelector('rect')),box(t),scale))say('label over a node',t);\n"
        "nodes.forEach((a,i)=>nodes.slice(i+1).forEach(b=>{if(cross(box(a.querySelector('rect')),\n"
        "box(b.querySelector('rect')),0))say('node over '+a.textContent,b)}));}\n"
        "const shown=[...document.querySelectorAll('tbody.row "
        "th')].filter(e=>box(e).height>0&&box(e).width>0)\n"
        ".map(e=>e.firstChild.textContent);\n"
        "const drawn=[...document.querySelectorAll('figure .row')].map(e=>e.textContent).join(', ')\n"
        ".split(/, */);\n"
        "const pre=document.createElement('pre');pre.id='measured';pre.textContent='MEASURED\\n'+\n"
        "shown.join(' ')+'\\n'+drawn.join(' ')+'\\n'+bad.join('\\n')+'\\nEND';document.body.append(pre)});\n"
        "</script>\n";

static const char *browser;

static bool runs(const char *name)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", name);
	return system(command) == 0;
}

static int find_browser(void **state)
{
	static const char *const names[] = {"chromium", "chromium-browser", "google-chrome"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names) && !browser; i++)
		browser = runs(names[i]) ? names[i] : NULL;
	return 0;
}

static void need_browser(void)
{
	const char *ci = getenv("CI");

	if (browser)
		return;
	if (ci && strcmp(ci, "true") == 0)
		fail_msg("no chromium here; scripts/setup --ci installs it");
	fprintf(stderr, "SKIPPED: no chromium here, nobody has looked at the page\n");
	skip();
}

static json_t *load(const char *name)
{
	char path[512];
	json_t *report;

	snprintf(path, sizeof(path), DIRECTORY "%s.json", name);
	report = json_load_file(path, 0, NULL);
	assert_non_null(report);
	return report;
}

/* The page with the script, and with style added. */
static void write_page(const char *path, const json_t *report, bool print, const char *style)
{
	char *text, *media;
	size_t size;
	FILE *out = words_begin(&text, &size);

	report_print_html(report, out);
	words_end(out, &text);
	media = strstr(text, "@media print");
	assert_non_null(media);
	if (print)
		memcpy(media, "@media all  ", strlen("@media print"));
	out = fopen(path, "w");
	assert_non_null(out);
	fprintf(out, "%s<style>%s</style>%s", text, style, measuring);
	fclose(out);
	free(text);
}

/* What was measured: three lines, then one for everything that is wrong. free() it. */
static char *browse(const char *dir, unsigned width)
{
	char command[1024], *text, *begin, *end, *measured;
	size_t size;
	FILE *out = words_begin(&text, &size), *in;
	int c;

	snprintf(
	        command, sizeof(command),
	        "HOME=%s timeout 120 %s --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
	        "--disable-background-networking --disable-component-update --disable-sync --hide-scrollbars "
	        "--user-data-dir=%s/profile --window-size=%u,1000 --dump-dom file://%s/page.html 2>%s/errors",
	        dir, browser, dir, width, dir, dir);
	in = popen(command, "r");
	assert_non_null(in);
	while ((c = fgetc(in)) != EOF)
		fputc(c, out);
	pclose(in);
	words_end(out, &text);
	begin = strstr(text, "\">MEASURED\n");
	end = begin ? strstr(begin, "\nEND") : NULL;
	if (!end)
		fail_msg("%s measured nothing: %s", browser, text);
	*end = '\0';
	measured = strdup(begin + strlen("\">MEASURED\n"));
	assert_non_null(measured);
	free(text);
	return measured;
}

static char *measure(const json_t *report, unsigned width, bool print, const char *style)
{
	char dir[] = "/tmp/test_render.XXXXXX", path[64], command[64], *measured;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/page.html", dir);
	write_page(path, report, print, style);
	measured = browse(dir, width);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
	return measured;
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strstr(words, word); at; at = strstr(at + 1, word))
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

/* Every row of the report is in the table, and those that open something in the picture. */
static void check_rows(const json_t *report, const char *shown, const char *drawn)
{
	json_t *section, *row;
	size_t i, j;

	json_array_foreach(json_object_get(report, "sections"), i, section)
	{
		json_array_foreach(json_object_get(section, "rows"), j, row)
		{
			const char *id = json_string_value(json_object_get(row, "id"));

			if (!has_word(shown, id))
				fail_msg("row %s is not to be seen; there are: %s", id, shown);
			if (json_array_size(json_object_get(row, "lines")) > 0 && !has_word(drawn, id))
				fail_msg("row %s is not in the picture; there are: %s", id, drawn);
		}
	}
}

static void check_page(const char *name, unsigned width, bool print)
{
	json_t *report = load(name);
	char *measured = measure(report, width, print, ""), *shown, *drawn, *rest = measured;

	shown = strsep(&rest, "\n");
	drawn = strsep(&rest, "\n");
	assert_non_null(rest);
	if (*rest)
		fail_msg("%s at %u%s:\n%s", name, width, print ? " in print" : "", rest);
	check_rows(report, shown, drawn);
	free(measured);
	json_decref(report);
}

static void check_report(const char *name)
{
	need_browser();
	check_page(name, 1280, false);
	check_page(name, 800, false);
	check_page(name, A4_WIDTH, true);
}

static void test_small(void **state)
{
	(void)state;
	check_report("small");
}

static void test_full(void **state)
{
	(void)state;
	check_report("full");
}

static void test_two_sections(void **state)
{
	(void)state;
	check_report("two");
}

/* The measure itself: a page that is spoilt on purpose is found to be. */
static void test_spoilt_page(void **state)
{
	static const char *const styles[][2] = {
	        {"svg text{font-size:22px!important}", "outside its node"},
	        {"svg text{font-size:22px!important}", "over "},
	        {"h1{width:3000px}", "the page is "},
	        {".edge .label{font-size:18px!important}", "label over a node"},
	};
	json_t *report = load("small");

	(void)state;
	need_browser();
	for (size_t i = 0; i < ARRAY_SIZE(styles); i++) {
		char *measured = measure(report, 1280, false, styles[i][0]);

		if (!strstr(measured, styles[i][1]))
			fail_msg("%s was not noticed: %s", styles[i][1], measured);
		free(measured);
	}
	json_decref(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_small),
	        cmocka_unit_test(test_full),
	        cmocka_unit_test(test_two_sections),
	        cmocka_unit_test(test_spoilt_page),
	};

	return cmocka_run_group_tests(tests, find_browser, NULL);
}
