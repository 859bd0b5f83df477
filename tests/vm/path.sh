# shellcheck shell=bash disable=SC2154  # what is not set here is set by whoever includes it
# SPDX-License-Identifier: GPL-2.0-or-later
# What happens to a package in its life, with packets: installed, given a policy, an install phase, a wrong file, killed,
# upgraded, stopped, removed, purged. Included by whoever has a booted gateway; needs tests/vm/lib.sh, and on the gateway
# the packages $deb and $newer. Where the kernel cannot give the nft table to one owner, owned=no.

conf=/etc/omfwd/omfwd.conf
policy='[omfwd]\nmetrics_file = /run/omfwd/omfwd.prom\n[roles]\nmanagement_server = 10.20.1.11\noperations_manager_database = 10.20.2.50\n'
run=$(mktemp -d)

write_role_file() { gateway sh -c "printf '$1' >$conf"; }
unit_is() { [ "$(gateway systemctl show -P "$1" omfwd.service)" = "$2" ]; }
main_pid() { gateway systemctl show -P MainPID omfwd.service; }
deadline() { gateway omfwd status --json | sed -n 's/.*"deadline": //p' | head -n 1; }
row_packets() { gateway nft list counter inet omfwd default.cur-01 | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
install_package() { gateway apt-get -q -y -o Dpkg::Use-Pty=0 install "$1"; }
agent_is_back() { [ "$(main_pid)" != "$1" ] && gateway omfwd status --json | grep -q '"pid"'; }
exposure_is_low() {
  local exposure
  exposure=$(gateway systemd-analyze security omfwd.service --no-pager | sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p')
  echo "exposure $exposure"
  awk -v exposure="$exposure" 'BEGIN { exit !(exposure != "" && exposure <= 1.2) }'
}
verify_is_silent() {
  local said
  said=$(gateway systemd-analyze verify --man=no omfwd.service 2>&1) || return 1
  [ -z "$said" ] || { echo "$said"; return 1; }
}
alone_has_net_admin() {
  local bit
  for bit in CapEff CapPrm CapBnd; do
    gateway grep -q "^$bit:.*0000000000001000\$" "/proc/$(main_pid)/status" || { echo "$bit"; return 1; }
  done
  gateway grep -q "^NoNewPrivs:.*1" "/proc/$(main_pid)/status"
}

path_install() {
  check "nothing is denied before" passes tcp/445
  check "apt installs the package" install_package "$deb"
  check "systemctl enable --now" gateway systemctl enable --now omfwd
  check "the service runs" unit_is ActiveState active
  check "it runs as the user omfwd" unit_is User omfwd
  check "with CAP_NET_ADMIN alone" alone_has_net_admin
  check "systemd-analyze security: at most 1.2" exposure_is_low
  check "systemd-analyze verify is silent" verify_is_silent
  check "status says what to do next" says "no roles are assigned yet: say who is who in $conf" gateway omfwd status
  check "no traffic is touched (tcp)" passes tcp/1432
  check "no traffic is touched (udp)" passes udp/137
  check "the package's own test" gateway "$service_test"
}

path_phases() {
  write_role_file "$policy"
  check "systemctl reload takes a policy" gateway systemctl reload omfwd
  check "an open row passes" passes tcp/1433
  check "an install row does not" blocked tcp/445
  check "no row does not" blocked tcp/1432
  check "omfwd denied names who asked" wait_until 60 says "10.20.1.11" gateway omfwd denied
  check "everybody may read the metrics" gateway setpriv --reuid=65534 --clear-groups grep -q . /run/omfwd/omfwd.prom
  check "omfwd --phase install" gateway omfwd --phase install --for 10m --reason "rack move"
  check "the install row passes" passes tcp/445
  check "no row still does not" blocked tcp/1432
  from ms "$probe" hold 10.20.2.50 445 >"$run/hold" &
  local hold=$! code=0
  check "a connection through the window" wait_until 60 grep -q ready "$run/hold"
  check "omfwd --phase run" gateway omfwd --phase run
  wait "$hold" || code=$?
  check "closing the window cuts it" [ "$code" = 1 ]
  check "the install row is closed again" blocked tcp/445
}

path_wrong_file() {
  write_role_file '[roles]\nmanagment_server = 10.20.1.11\n'
  check "systemctl reload fails with a wrong file" fails gateway systemctl reload omfwd
  check "the service goes on" unit_is ActiveState active
  check "the journal says why" says "did you mean management_server?" gateway journalctl -u omfwd.service --no-pager
  check "so does status" says "did you mean management_server?" gateway omfwd status
  check "the policy stays: open row" passes udp/1434
  check "the policy stays: install row" blocked tcp/445
  write_role_file "$policy"
  check "reload takes the right one again" gateway systemctl reload omfwd
}

path_group() {
  local nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups) member group
  group=$(gateway getent group omfwd | cut -d: -f3)
  member=(setpriv --reuid=65534 --regid=65534 "--groups=$group")
  check "a member of the group reads the status" gateway "${member[@]}" omfwd status
  check "and changes the phase" gateway "${member[@]}" omfwd --phase install --rows cur-02
  check "and changes it back" gateway "${member[@]}" omfwd --phase run
  check "but does not remove the policy" ends_with 4 gateway "${member[@]}" omfwd remove
  check "others may not: exit code 4" ends_with 4 gateway "${nobody[@]}" omfwd --phase install
  check "and are told why not" says "members of the group omfwd" gateway "${nobody[@]}" omfwd status
}

path_kill() {
  local pid before
  gateway omfwd --phase install --for 20m --reason "rack move" >/dev/null
  before=$(deadline) pid=$(main_pid)
  stream_start 1434 "$run/kill"
  gateway sh -c "kill -9 $pid"
  if [ "$owned" = yes ]; then
    check "nobody else can delete the table while the agent is dead" fails gateway nft delete table inet omfwd
    gateway nft flush ruleset
    check "nor flush it" gateway nft list table inet omfwd
  fi
  check "systemd starts it again" wait_until 60 agent_is_back "$pid"
  stream_stop
  check "no packet was lost" lost_nothing
  check "the window is as it was" [ "$before" = "$(deadline)" ]
  check "a row that is closed stayed so" blocked tcp/1432
  if [ "$owned" = yes ]; then
    check "the table is owned as before" says '"owned": true' gateway omfwd status --json
  else
    gateway nft delete table inet omfwd
    check "what somebody deletes comes back" wait_until 60 blocked tcp/1432
    check "with its window" passes tcp/445
  fi
}

path_upgrade() {
  local pid packets before
  packets=$(row_packets) before=$(deadline) pid=$(main_pid)
  stream_start 1434 "$run/upgrade"
  check "apt upgrades the package under traffic" install_package "$newer"
  stream_stop
  check "no packet was lost" lost_nothing
  check "another process runs" agent_is_back "$pid"
  check "the version is the new one" says "1:" gateway dpkg-query -W omfwd
  check "the counters counted on" [ "$(row_packets)" -ge $((packets + sent)) ]
  check "the window is as it was" [ "$before" = "$(deadline)" ]
  check "and open" passes tcp/445
  check "the role file is as it was" says "10.20.1.11" gateway cat $conf
}

path_stop() {
  check "systemctl stop" gateway systemctl stop omfwd
  check "the policy stays" blocked tcp/1432
  check "status says so" says "the policy stays in the kernel until omfwd remove or a reboot" gateway omfwd status
  check "root works without the agent" gateway omfwd --phase run
  check "systemctl start" gateway systemctl start omfwd
  check "and the agent goes on" blocked tcp/445
}

path_end() {
  check "apt removes the package" gateway apt-get -q -y remove omfwd
  check "the policy stays: closed" blocked tcp/1432
  check "the policy stays: open" passes tcp/1433
  check "nobody runs any more" fails gateway pidof omfwd
  check "the role file stays" gateway test -e $conf
  check "apt purges the package" gateway apt-get -q -y purge omfwd
  check "nothing is denied any more" passes tcp/1432
  check "there is no nft table" fails gateway nft list table inet omfwd
  local left
  for left in /etc/omfwd /var/lib/omfwd /run/omfwd /usr/sbin/omfwd /etc/systemd/system/multi-user.target.wants/omfwd.service; do
    check "nothing is left of $left" fails gateway test -e "$left"
  done
}

path_life() {
  path_install
  path_phases
  path_wrong_file
  path_group
  path_kill
  path_upgrade
}
