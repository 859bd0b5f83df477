/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The role file, resolved: what every later stage works on. Built by policy_load(), immutable afterwards, freed at
 * once. Everything hangs off one arena (the address sets off the heap, freed with it).
 */
#ifndef OMFWD_POLICY_H
#define OMFWD_POLICY_H

#include <stdbool.h>
#include <time.h>

#include "policy/addr.h"
#include "policy/port_tables.h"
#include "util/arena.h"
#include "util/diag.h"

enum policy_mode { MODE_ENFORCE, MODE_AUDIT };
enum deny_scope { DENY_NONE, DENY_ROLES, DENY_SERVERS, DENY_EVERYTHING };
enum deny_action { DENY_DROP, DENY_REJECT };
enum authentication { AUTHENTICATION_KERBEROS, AUTHENTICATION_CERTIFICATE };
enum snmp_mode { SNMP_BIDIRECTIONAL, SNMP_PURPOSE };
enum catalog_mode { CATALOG_BIDIRECTIONAL, CATALOG_REPLY_ONLY };
enum own_table { OWN_TABLE_AUTO, OWN_TABLE_YES, OWN_TABLE_NO };

/* Their words in the role file ("enforce", "roles", "drop" ...). */
const char *policy_mode_name(enum policy_mode mode);
const char *deny_scope_name(enum deny_scope scope);
const char *deny_action_name(enum deny_action action);
const char *authentication_name(enum authentication authentication);
const char *snmp_mode_name(enum snmp_mode mode);
const char *catalog_mode_name(enum catalog_mode mode);
const char *own_table_name(enum own_table own);

/* [rows]: as documented, or overridden. */
enum row_state {
	ROW_ON,      /* as documented */
	ROW_OFF,     /* no line */
	ROW_BOTH,    /* every line in either phase */
	ROW_INSTALL, /* every line in the install phase alone */
	ROW_REVERSE, /* opens from the other end */
};
const char *row_state_name(enum row_state state);

struct row_override {
	enum row_state state;
	loc_t loc; /* 0: not overridden */
};

/* The ports behind one key; never empty except sql_browser = off. */
struct port_list {
	struct port_range *ranges; /* sorted, disjoint */
	size_t n;
	loc_t loc; /* 0: the default of the table */
};

struct role_members {
	bool assigned; /* named in the section, even if its lists are empty */
	loc_t loc;     /* first line that assigns it */
	struct addr_set addrs;
};

/* [omfwd] */
struct settings {
	enum port_table table;
	enum policy_mode mode;
	enum deny_scope deny_scope;
	enum deny_action deny_action;
	uint64_t install_window;     /* seconds */
	uint64_t install_window_max; /* seconds */
	enum authentication authentication;
	enum snmp_mode snmp;
	enum catalog_mode catalog_dynamic_ports;
	bool log_denied;
	uint16_t log_group;
	uint32_t log_rate;      /* packets ... */
	uint32_t log_rate_unit; /* ... in this many seconds: 1, 60, 3600, 86400 */
	bool accept_mark_set;
	uint32_t accept_mark_value, accept_mark_mask;
	enum own_table own_table;
	const char *metrics_file; /* NULL: none */
};

/* One [roles NAME]. Plain [roles] is the section "default". */
struct section {
	const char *name;
	loc_t loc;
	enum port_table table;
	enum authentication authentication;
	enum snmp_mode snmp;
	enum catalog_mode catalog_dynamic_ports;
	struct role_members roles[ROLE_MAX];
	struct port_list
	        ports[PORT_KEY_MAX]; /* resolved: [ports NAME], else [ports], else the table's default */
	struct row_override rows[ROW_COUNT]; /* by index in table_rows; [rows NAME], else [rows] */
};

/* [site_rule NAME] */
struct site_rule {
	const char *name;
	loc_t loc;
	struct addr_set from, to;
	const char *from_text, *to_text; /* as written, for people */
	/* When an end is exactly one reference, its section and role, so that the set can be shared; else NULL. */
	const struct section *from_section, *to_section;
	enum role from_role, to_role;
	enum proto proto;
	struct port_list ports; /* empty for icmp: echo-request */
	enum line_phase phase;
	const char *reason, *ticket; /* NULL: not given */
	time_t expires;              /* first second it is no longer valid (local time); 0: never */
	bool expired;                /* at the time of loading: opens nothing */
};

#define DEFAULT_SECTION "default"

struct policy {
	struct arena *arena;
	struct source_map *sources;
	const char *path; /* the main file */
	struct settings settings;
	struct section *sections;
	size_t n_sections;
	struct site_rule *site_rules;
	size_t n_site_rules;
	struct addr_set never_deny;
};

/*
 * Reads path, then path.d/ *.conf in name order (for /etc/omfwd/omfwd.conf: /etc/omfwd/omfwd.conf.d), and the list
 * files they name; now is for the expiry of site rules. Everything wrong is added to diags, all of it; returns NULL if
 * there was an error, else a policy to be freed with policy_free(). diags->sources is set in either case and stays
 * valid until policy_free() or, after an error, policy_load_free_sources().
 */
struct policy *policy_load(const char *path, time_t now, struct diag_list *diags);

/* The same for what is to be enforced: files that others can write, and files that are none, are errors too. */
struct policy *policy_load_trusted(const char *path, time_t now, struct diag_list *diags);
void policy_free(struct policy *policy);
void policy_load_free_sources(struct diag_list *diags);

/* The section of that name, or NULL. */
const struct section *policy_section(const struct policy *policy, const char *name);

/*
 * The roles that act for `role` in the lines of a row: push_target falls back to windows_agent, omed_service to
 * management_server and gateway_server, sql_reporting_services to reporting_server. Any other role stands for itself.
 */
role_mask section_acting_roles(const struct section *section, enum role role);

/* Nearest known word to a misspelt one, or NULL when nothing is near; candidates end with NULL. */
const char *nearest_word(const char *word, const char *const *candidates);

#endif
