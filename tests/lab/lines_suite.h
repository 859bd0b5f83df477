/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LAB_LINES_SUITE_H
#define LAB_LINES_SUITE_H

#include "tests/lab/expected_lines.h"

/* Runs every test of one document; returns what main() should. */
int lines_suite_run(const struct expected_table *document);

#endif
