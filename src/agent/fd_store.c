/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store is told by name what to keep, and hands everything back in the order it likes. What we did not put there
 * (a socket unit's, or a second one from an interrupted start) is none of ours.
 */
#include "agent/fd_store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#define STORED_NAME "omfwd-netlink"

int fd_store_take(void)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names), taken = -1;

	for (int i = 0; i < n; i++) {
		if (strcmp(names[i], STORED_NAME) == 0) {
			if (taken < 0)
				taken = SD_LISTEN_FDS_START + i;
			else
				close(SD_LISTEN_FDS_START + i);
		}
		free(names[i]);
	}
	free(names);
	return taken;
}

void fd_store_put(int fd)
{
	if (fd >= 0)
		sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=" STORED_NAME, &fd, 1);
}

void fd_store_remove(void)
{
	sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=" STORED_NAME);
}
