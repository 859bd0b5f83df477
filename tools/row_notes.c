/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reader of a row should know beyond its lines: what the document leaves open there, and how it was decided. */
#include <string.h>

#include "tools/docs.h"
#include "util/array.h"

static const struct {
	const char *row, *note;
} notes[] = {
        {"cur-01",
         "The ports of the install phase are for setup, which looks at the database's host from outside "
         "(RPC, file sharing, name service). They may be closed again once it is done."},
        {"cur-02",
         "5723 is one listener on every server: the key moves it in this row too, though the document "
         "says \"No\" here and \"Yes\" elsewhere."},
        {"cur-03", "The row names no protocol, its footnote says both. With authentication = certificate "
                   "Kerberos (88) stays closed."},
        {"cur-04", "The document asks for SNMP in both directions. snmp = purpose opens only what it is for: "
                   "requests to the devices, and traps from them."},
        {"cur-05", "The same listener as in row 22, and one rule with it."},
        {"cur-06", "As cur-01, for the data warehouse."},
        {"cur-09",
         "The dynamic range is drawn in both directions, though it is merely the console's own side of its "
         "connections. catalog_dynamic_ports = reply_only leaves it out; with the default, the "
         "catalog must not be the whole Internet."},
        {"cur-12", "web_console may be any list of ports; omfwd check warns of 80, which is not encrypted."},
        {"cur-16", "The heartbeat and everything else an agent reports; it opens nothing towards the agent."},
        {"cur-18",
         "The document draws no arrow; its note says that management and gateway servers open to the "
         "targets. The targets are all Windows agents unless push_target narrows them. An agent that is "
         "installed by hand needs cur-16 or cur-17 alone."},
        {"cur-18-dc",
         "The part of the push row that concerns domain controllers, as a row of its own, so that it "
         "can be turned off by itself."},
        {"cur-19", "Drawn the other way in the document. The server asks, the agent listens."},
        {"cur-20", "Drawn the other way in the document. Needed while agents are installed, upgraded or "
                   "removed."},
        {"cur-21",
         "The OMED service runs on the servers and the agents open to it; omed_service narrows which "
         "servers. Nothing is to be opened where it is not used."},
        {"cur-22", "The same listener as in row 5, and one rule with it."},
        {"cur-26",
         "The port is fixed at 80 in the document; Reporting Services over HTTPS needs a site rule."},
        {"cur-28",
         "Drawn towards the collector since 2018 and away from it before. The database is what listens. "
         "cur-28 = reverse in [rows] follows the drawing."},
        {"cur-fn3",
         "Inert until remote_domain_controller is assigned in the section, and with authentication = "
         "certificate."},
        {"2016-02", "5724 between management servers is for setup."},
        {"2016-08", "The document names no port. The service it reaches listens on 5724, and "
                    "web_console_to_management_server moves it."},
        {"2016-03", "The same listener as in row 13, and one rule with it."},
        {"2016-13", "The same listener as in row 3, and one rule with it."},
        {"2016-17",
         "The port is fixed at 80 in the document; Reporting Services over HTTPS needs a site rule."},
};

const char *row_note(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(notes); i++)
		if (strcmp(notes[i].row, id) == 0)
			return notes[i].note;
	return NULL;
}
