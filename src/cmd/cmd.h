/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function a command, one file each. They print for people (or JSON with --json) and return an exit_code. */
#ifndef OMFWD_CMD_H
#define OMFWD_CMD_H

#include "cmd/options.h"
#include "util/exit_code.h"

int cmd_phase(const struct options *options);
int cmd_agent(const struct options *options);
int cmd_check(const struct options *options);
int cmd_check_system(const struct options *options); /* check --system */
int cmd_diff(const struct options *options);
int cmd_show(const struct options *options);
int cmd_status(const struct options *options);
int cmd_explain(const struct options *options);
int cmd_denied(const struct options *options);
int cmd_verify_script(const struct options *options);
int cmd_reload(const struct options *options);
int cmd_confirm(const struct options *options);
int cmd_metrics(const struct options *options);
int cmd_report(const struct options *options);
int cmd_prove(const struct options *options);
int cmd_remove(const struct options *options);

#endif
