/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two nft tables beside each other: what nft lists of `inet omfwd` in two namespaces, compared. */
#ifndef LAB_LISTING_H
#define LAB_LISTING_H

#include "tests/lab/program.h"

/*
 * Compares the tables of two namespaces: names without the number that a reload adds (name.2), counters without what
 * they counted, the flags of the table, handles, the order of elements and
 * what the sets of denied flows hold away. Prints a few lines that only one of them has, after only_a or
 * only_b; returns how many there are.
 */
size_t listings_compare(const struct lab *lab, enum lab_ns a, enum lab_ns b, const char *only_a,
                        const char *only_b);

#endif
