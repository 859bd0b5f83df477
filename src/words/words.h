/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small pieces of text that reports share: places in the role file, ports, roles, members. */
#ifndef OMFWD_WORDS_H
#define OMFWD_WORDS_H

#include <jansson.h>
#include <stdio.h>

#include "policy/absence.h"
#include "policy/compile.h"

/* "FILE:LINE", "FILE" for a file as a whole, "" for nowhere (loc 0). Returns buf, of PLACE_MAX. */
char *words_place(const struct policy *policy, loc_t loc, char *buf, size_t size);
#define PLACE_MAX 512

/* "5723", "49152-65535"; "echo-request" for icmp. Returns buf, of PORTS_MAX. */
char *words_ports(enum proto proto, const struct port_range *ports, char *buf, size_t size);
#define PORTS_MAX 24

/* A member as text: host, CIDR or a-b. Returns buf, of ADDR_TEXT_MAX. */
char *words_range(const struct addr_range *range, char *buf, size_t size);

/* "5723, 5724", or "off" for no ports at all. */
void words_print_port_list(const struct port_list *ports, FILE *out);

/* "management_server, gateway_server". */
void words_print_roles(role_mask roles, FILE *out);

/* "always", "install". */
const char *words_phase(enum line_phase phase);

/* "the row is off (FILE:LINE)", "no members: windows_agent" ...; key is the line's. */
void words_print_absence(const struct policy *policy, const struct absence *absence, enum port_key key,
                         FILE *out);

/* "row_off", "setting" ... */
const char *words_absence(enum absence_reason reason);

/* " (FILE:LINE)", or nothing for what was not written anywhere. */
void words_print_place(const struct policy *policy, loc_t loc, FILE *out);

/* Text of the administrator's: what is unprintable as \xNN, for terminals and because JSON has to be UTF-8. */
void words_print_text(const char *text, FILE *out);
json_t *words_text_json(const char *text); /* null for NULL */

/* "FILE:LINE", or null for nowhere. */
json_t *words_place_json(const struct policy *policy, loc_t loc);

/* "10.20.1.11, 10.20.1.12" when they fit, else "3 hosts, 1 network"; "nobody". */
void words_print_members(const struct addr_set *addrs, FILE *out);

/* The text an open_memstream() of *text has gathered; aborts when memory ran out. */
FILE *words_begin(char **text, size_t *size);
char *words_end(FILE *out, char **text);

#endif
