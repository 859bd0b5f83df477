/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the stages of policy_load() share, in the order they run: settings, sections, ports, rows, members, references,
 * site rules, warnings. Each reads the raw sections, fills its part of the policy, and reports what is wrong with it.
 * Internal to the loader.
 */
#ifndef OMFWD_LOAD_H
#define OMFWD_LOAD_H

#include "policy/role_file.h"

/* "@section.role" as a member. */
struct member_ref {
	struct section *section;
	enum role role;
	loc_t loc;
};

/* A list of members as written: addresses, those of list files included, and references. */
struct members {
	struct addr_set addrs; /* not canonical */
	struct member_ref *refs;
	size_t n_refs, cap_refs;
	size_t n_tokens; /* everything between commas, right or wrong */
};

enum node_state { NODE_NEW, NODE_ACTIVE, NODE_DONE };

/* A role of a section on its way from members to addresses. */
struct role_node {
	struct members members;
	enum node_state state;
};

struct section_nodes {
	struct role_node roles[ROLE_MAX];
};

struct list_file;

struct load {
	struct policy *policy;
	struct arena *arena;
	struct source_map *sources;
	struct diag_list *diags;
	struct raw_section *raw;
	bool trusted; /* only files that nobody else can write are read */
	time_t now;
	struct section_nodes *nodes; /* by index of the section */
	struct list_file *lists;     /* those read so far */
};

/* load_settings.c */
void load_settings(struct load *load);
void load_sections(struct load *load);
/* Parses the scalar key number id into its field of base; true when it was set and right. */
bool load_scalar(struct load *load, int id, const struct raw_key *raw, void *base);
/* Parses one of words; reports and returns false if it is none. what: "mode", "row cur-01". */
bool load_word(struct load *load, const char *what, const struct raw_value *value, const char *const *words,
               int *ret);
/* The section of that name or NULL, which is reported for what ("[ports pord]"). */
struct section *load_find_section(struct load *load, const char *name, loc_t loc, const char *what);

/* load_ports.c */
void load_ports(struct load *load);
/* Parses the port list of key number id; true when it was set and right. */
bool load_port_list(struct load *load, int id, const struct raw_key *raw, struct port_list *ret);

/* load_rows.c */
void load_rows(struct load *load);

/* load_members.c */
void load_role_members(struct load *load);
/* Parses the members of raw into ret. home: where a plain @role points; owner: for messages. */
void load_members(struct load *load, const struct raw_key *raw, struct section *home, const char *owner,
                  bool may_hold_everything, struct members *ret);
void members_free(struct members *members);

/* load_references.c */
struct section *load_reference_home(struct load *load);
/* Finds what "@text" refers to; reports and returns false if there is no such thing. home may be NULL. */
bool load_reference(struct load *load, const char *text, size_t len, loc_t loc, struct section *home,
                    struct member_ref *ret);

/* load_resolve.c */
/* Follows the references of all roles; afterwards every role of the policy has its canonical set. */
void load_resolve_roles(struct load *load);
/* The canonical set of members outside of [roles], once the roles are resolved. */
void load_resolve_members(struct load *load, struct members *members, const char *owner, loc_t loc,
                          struct addr_set *ret);

/* load_site_rules.c */
void load_never_deny(struct load *load);
void load_site_rules(struct load *load);

/* role_warnings.c */
void load_warnings(struct load *load);

/* list_file.c */
/* Adds the addresses of the list file at path (relative: to the file of loc) to ret. */
void load_list_file(struct load *load, const char *path, size_t len, loc_t loc, const char *owner,
                    bool may_hold_everything, struct addr_set *ret);
void load_free_list_files(struct load *load);

/* The next part of a comma separated list, trimmed, in [*at, *at + *len); moves *text. False at its end. */
bool load_next_part(const char **text, const char **at, size_t *len);

#endif
