/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of the 2016 document. */
#include "tests/lab/lines_suite.h"

int main(void)
{
	return lines_suite_run(&expected_2016);
}
