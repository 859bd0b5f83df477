// SPDX-License-Identifier: GPL-2.0-or-later
/* Small pieces of text that reports share, so that the same thing reads the same everywhere. */
#include "words/words.h"

#include <stdlib.h>
#include <string.h>

#include "util/reply.h"
#include "util/text.h"

#define MEMBERS_WIDTH 72

char *words_place(const struct policy *policy, loc_t loc, char *buf, size_t size)
{
	unsigned line = 0;
	const char *file = source_file(policy->sources, loc, &line);

	if (!file)
		snprintf(buf, size, "%s", "");
	else if (line)
		snprintf(buf, size, "%s:%u", file, line);
	else
		snprintf(buf, size, "%s", file);
	return buf;
}

char *words_ports(enum proto proto, const struct port_range *ports, char *buf, size_t size)
{
	if (proto == PROTO_ICMP)
		snprintf(buf, size, "echo-request");
	else if (ports->lo == ports->hi)
		snprintf(buf, size, "%u", ports->lo);
	else
		snprintf(buf, size, "%u-%u", ports->lo, ports->hi);
	return buf;
}

char *words_range(const struct addr_range *range, char *buf, size_t size)
{
	return range->is_v6 ? addr_format6(&range->v6, buf, size) : addr_format4(&range->v4, buf, size);
}

void words_print_port_list(const struct port_list *ports, FILE *out)
{
	char text[PORTS_MAX];

	if (!ports->n)
		fputs("off", out);
	for (size_t i = 0; i < ports->n; i++)
		fprintf(out, "%s%s", i ? ", " : "",
		        words_ports(PROTO_TCP, &ports->ranges[i], text, sizeof(text)));
}

void words_print_roles(role_mask roles, FILE *out)
{
	const char *separator = "";

	for (enum role role = 0; role < ROLE_MAX; role++)
		if (roles & ROLE_BIT(role)) {
			fprintf(out, "%s%s", separator, role_name(role));
			separator = ", ";
		}
}

const char *words_phase(enum line_phase phase)
{
	return phase == PHASE_INSTALL ? "install" : "always";
}

void words_print_place(const struct policy *policy, loc_t loc, FILE *out)
{
	char place[PLACE_MAX];

	if (loc)
		fprintf(out, " (%s)", words_place(policy, loc, place, sizeof(place)));
}

const char *words_absence(enum absence_reason reason)
{
	static const char *const names[ABSENT_MAX] = {
	        [ABSENT_NOT] = "none",
	        [ABSENT_ROW_OFF] = "row_off",
	        [ABSENT_BY_SETTING] = "setting",
	        [ABSENT_PORT_OFF] = "port_off",
	        [ABSENT_UNASSIGNED] = "unassigned",
	};

	return names[reason];
}

void words_print_absence(const struct policy *policy, const struct absence *absence, enum port_key key,
                         FILE *out)
{
	switch (absence->reason) {
	case ABSENT_ROW_OFF:
		fputs("the row is off", out);
		break;
	case ABSENT_BY_SETTING:
		fprintf(out, "%s leaves it out", absence->setting);
		break;
	case ABSENT_PORT_OFF:
		fprintf(out, "%s is off", port_key_name(key));
		break;
	case ABSENT_UNASSIGNED:
		fputs("no members: ", out);
		words_print_roles(absence->missing, out);
		break;
	case ABSENT_NOT:
	case ABSENT_MAX:
		break;
	}
	words_print_place(policy, absence->loc, out);
}

void words_print_text(const char *text, FILE *out)
{
	char printable[8];

	for (size_t len = strlen(text), n; len > 0; text += n, len -= n) {
		n = text_char_len(text, len);
		n += !n;
		fputs(text_escape(text, n, printable, sizeof(printable)), out);
	}
}

json_t *words_text_json(const char *text)
{
	return text ? reply_string(text) : json_null();
}

json_t *words_place_json(const struct policy *policy, loc_t loc)
{
	char place[PLACE_MAX];

	return words_text_json(loc ? words_place(policy, loc, place, sizeof(place)) : NULL);
}

static void print_count(size_t n, const char *what, const char **separator, FILE *out)
{
	if (!n)
		return;
	fprintf(out, "%s%zu %s%s", *separator, n, what, n == 1 ? "" : "s");
	*separator = ", ";
}

static void print_counts(const struct addr_set *addrs, FILE *out)
{
	const char *separator = "";
	size_t hosts4, nets4, hosts6, nets6;

	addr_set_count4(addrs, &hosts4, &nets4);
	addr_set_count6(addrs, &hosts6, &nets6);
	print_count(hosts4 + hosts6, "host", &separator, out);
	print_count(nets4 + nets6, "network", &separator, out);
}

/* The members one by one, as far as they fit into the width; false when they do not. */
static bool list_members(const struct addr_set *addrs, char *buf, size_t size)
{
	char text[ADDR_TEXT_MAX];
	size_t used = 0;

	for (size_t i = 0; i < addrs->n4 + addrs->n6 && used < size; i++)
		used += (size_t)snprintf(
		        buf + used, size - used, "%s%s", i ? ", " : "",
		        i < addrs->n4 ? addr_format4(&addrs->v4[i], text, sizeof(text))
		                      : addr_format6(&addrs->v6[i - addrs->n4], text, sizeof(text)));
	return used < size;
}

void words_print_members(const struct addr_set *addrs, FILE *out)
{
	char list[MEMBERS_WIDTH + 1];

	if (addr_set_is_empty(addrs))
		fputs("nobody", out);
	else if (list_members(addrs, list, sizeof(list)))
		fputs(list, out);
	else
		print_counts(addrs, out);
}

FILE *words_begin(char **text, size_t *size)
{
	FILE *out = open_memstream(text, size);

	if (!out)
		abort();
	return out;
}

char *words_end(FILE *out, char **text)
{
	if (fclose(out))
		abort();
	return *text;
}
