/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The expressions that statements are made of, appended to a rule one by one; for the files that encode statements. */
#ifndef OMFWD_ENCODE_EXPR_H
#define OMFWD_ENCODE_EXPR_H

#include <stdbool.h>
#include <stdint.h>

struct nftnl_expr;
struct nftnl_rule;
struct stmt;

/* An expression of that name, the rule's; never NULL. */
struct nftnl_expr *expr_add(struct nftnl_rule *rule, const char *name);

/* [ meta load KEY => REG ] */
void expr_add_meta(struct nftnl_rule *rule, uint32_t key, uint32_t reg);

/* [ cmp OP reg 1 DATA ] */
void expr_add_cmp(struct nftnl_rule *rule, uint32_t op, const void *data, uint32_t len);

/* [ meta load KEY => reg 1 ] [ cmp eq reg 1 VALUE ] */
void expr_add_meta_is(struct nftnl_rule *rule, uint32_t key, uint8_t value);

/* [ payload load LENb @ BASE + OFFSET => REG ] */
void expr_add_payload(struct nftnl_rule *rule, uint32_t base, uint32_t offset, uint32_t len, uint32_t reg);

/* The source or destination of the network header; the family must be known by then. */
void expr_add_address(struct nftnl_rule *rule, bool is_v6, bool source, uint32_t reg);

/* encode_log.c: limit rate 20/second; log prefix "..." group 5 snaplen 96; update @set { ... limit rate over ... } */
void encode_limit(struct nftnl_rule *rule, const struct stmt *stmt);
void encode_log(struct nftnl_rule *rule, const struct stmt *stmt);
void encode_loud(struct nftnl_rule *rule, const struct stmt *stmt);

#endif
