// SPDX-License-Identifier: GPL-2.0-or-later
/* A question on its way from the command to whoever answers it: words into JSON, and JSON into a query. */
#include "words/explain_text.h"

#include <ifaddrs.h>
#include <netinet/in.h>

void explain_request_set(json_t *request, const char *src, const char *dst, const char *proto,
                         const char *port)
{
	json_object_set_new(request, "src", json_string(src));
	json_object_set_new(request, "dst", json_string(dst));
	if (proto)
		json_object_set_new(request, "proto", json_string(proto));
	if (port)
		json_object_set_new(request, "port", json_string(port));
}

static bool sockaddr_is(const struct sockaddr *sockaddr, const struct addr *addr)
{
	u128 v6 = 0;

	if (!sockaddr)
		return false;
	if (sockaddr->sa_family == AF_INET)
		return !addr->is_v6 &&
		       ntohl(((const struct sockaddr_in *)(const void *)sockaddr)->sin_addr.s_addr) ==
		               addr->v4;
	if (sockaddr->sa_family != AF_INET6)
		return false;
	for (size_t i = 0; i < 16; i++)
		v6 = v6 << 8 | ((const struct sockaddr_in6 *)(const void *)sockaddr)->sin6_addr.s6_addr[i];
	return addr->is_v6 && v6 == addr->v6;
}

/* Packets to and from the machine's own addresses pass input and output; all others are forwarded. */
static enum packet_path path_here(const struct query *query)
{
	struct ifaddrs *list = NULL;
	enum packet_path path = PATH_FORWARD;

	if (getifaddrs(&list) < 0)
		return PATH_FORWARD;
	for (struct ifaddrs *i = list; i; i = i->ifa_next)
		if (sockaddr_is(i->ifa_addr, &query->src) || sockaddr_is(i->ifa_addr, &query->dst))
			path = PATH_LOCAL;
	freeifaddrs(list);
	return path;
}

/* What is no text is as wrong as no text at all. */
static const char *word_of(const json_t *word)
{
	return json_is_string(word) ? json_string_value(word) : "";
}

int explain_request_parse(const json_t *request, struct query *ret, char *error, size_t size)
{
	const json_t *proto = json_object_get(request, "proto");
	const json_t *port = json_object_get(request, "port");
	const char *port_text = json_string_value(port);
	char number[24];
	int r;

	if (json_is_integer(port)) {
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(port));
		port_text = number;
	}
	r = query_parse(word_of(json_object_get(request, "src")), word_of(json_object_get(request, "dst")),
	                proto ? word_of(proto) : NULL, port_text, ret, error, size);
	if (r == 0)
		ret->path = path_here(ret);
	return r;
}
