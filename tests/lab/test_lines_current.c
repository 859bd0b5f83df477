/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of the current document (editions 1801 to 2025). */
#include "tests/lab/lines_suite.h"

int main(void)
{
	return lines_suite_run(&expected_current);
}
