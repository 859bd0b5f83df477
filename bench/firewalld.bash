# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The policy for firewalld, and firewalld started with it: its ipsets for the groups of addresses, a rich rule for each row, and one
# for each denial, in a policy between all zones; what the policy says nothing about is trusted. Everybody else's denials come
# after the rows in the order of a list, firewalld's by priority. On a D-Bus of its own, with its files in DIR/firewalld.

# layout_firewalld DIR: from DIR/ipset and DIR/iptables, which layout_ipset has written.
layout_firewalld() {
  mkdir -p "$1"/firewalld/{ipsets,policies,zones,services,icmptypes,helpers}
  printf 'DefaultZone=trusted\nCleanupOnExit=no\nFirewallBackend=nftables\nIndividualCalls=no\n' >"$1/firewalld/firewalld.conf"
  printf '<zone target="ACCEPT"><interface name="left"/><interface name="right"/></zone>\n' >"$1/firewalld/zones/trusted.xml"
  printf '<busconfig><type>system</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth><policy context="default">
<allow own="*"/><allow send_destination="*"/><allow eavesdrop="true"/><allow user="*"/></policy></busconfig>\n' \
    "$1/firewalld/bus" >"$1/firewalld/bus.conf"
  awk -v dir="$1/firewalld/ipsets/" '
    $1 == "create" { if (out) print "</ipset>" >out; close(out); out = dir $2 ".xml"
      printf "<ipset type=\"%s\"><option name=\"family\" value=\"inet\"/><option name=\"maxelem\" value=\"%d\"/>\n", $3, $9 >out }
    $1 == "add" { print "<entry>" $3 "</entry>" >out }
    END { print "</ipset>" >out }' "$1/ipset"
  awk '
    function set(which,  i) { for (i = 1; i < NF; i++) if ($i == "--match-set" && $(i + 2) == which) return $(i + 1); return "" }
    function rule(priority, from, to, port, proto, verdict) {
      printf "<rule family=\"ipv4\" priority=\"%d\">%s%s%s<%s/></rule>\n", priority, from ? "<source ipset=\"" from "\"/>" : "",
        to ? "<destination ipset=\"" to "\"/>" : "", port ? "<port port=\"" port "\" protocol=\"" proto "\"/>" : "", verdict }
    BEGIN { print "<policy target=\"CONTINUE\" priority=\"-1\"><ingress-zone name=\"ANY\"/><egress-zone name=\"ANY\"/>" }
    / --dport / { port = $6; sub(":", "-", port); rule(-20, set("src"), set("dst"), port, $4, "accept") }
    # a chain that is jumped to for one set, and in it the sets that are denied
    $1 == "-A" && $NF == "denied" { n++; chain[n] = $2; denied_src[n] = set("src"); denied_dst[n] = set("dst") }
    $1 == "-A" && $NF != "denied" && $NF != "ACCEPT" && / --match-set / { m++; jump[m] = $NF; src[m] = set("src"); dst[m] = set("dst") }
    END {
      for (i = 1; i <= m; i++) for (j = 1; j <= n; j++) if (chain[j] == jump[i])
        rule(-10, src[i] denied_src[j], dst[i] denied_dst[j], "", "", "drop")
      print "</policy>" }' "$1/iptables" >"$1/firewalld/policies/scom.xml"
}

# start_firewalld DIR: returns when all is in the kernel, where it stays; firewalld itself ends.
start_firewalld() {
  local bus firewalld r=0
  export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$1/firewalld/bus"
  rm -f "$1/firewalld/bus"
  dbus-daemon --config-file="$1/firewalld/bus.conf" --nofork --nopidfile &
  bus=$!
  until [[ -S $1/firewalld/bus ]]; do sleep 0.01; done
  firewalld --nofork --nopid --system-config="$1/firewalld" --log-file="$1/firewalld/log" >/dev/null 2>&1 &
  firewalld=$!
  # answers when it has begun its loop, which is when it has loaded everything
  until dbus-send --system --print-reply --reply-timeout=600000 --dest=org.fedoraproject.FirewallD1 /org/fedoraproject/FirewallD1 \
    org.freedesktop.DBus.Properties.Get string:org.fedoraproject.FirewallD1 string:state >/dev/null 2>&1; do
    kill -0 "$firewalld" 2>/dev/null || { r=1; break; }
    sleep 0.05
  done
  kill -9 "$firewalld" "$bus" 2>/dev/null
  wait
  return "$r"
}
