# shellcheck shell=bash disable=SC2154  # what is not set here is set by whoever includes it
# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests with a whole system have in common: counting checks, and who talks across the gateway.
#
#   ms 10.20.1.11 --- 10.20.1.1 gateway 10.20.2.1 --- db 10.20.2.50
#
# ms and db are network namespaces $net-ms and $net-db of the system that runs this. Where the gateway is, is the
# business of whoever includes this file: "gateway COMMAND..." runs a command there, as root.

passed=0 failed=0 skipped=0

die() { echo "$0: $*" >&2; exit 3; }

# check WHAT COMMAND...: one test case; what the command says is shown when it fails.
check() {
  local what=$1 said
  shift
  if said=$("$@" 2>&1 </dev/null); then
    echo "ok      $what"
    passed=$((passed + 1))
  else
    echo "FAILED  $what"
    # shellcheck disable=SC2001  # every line of it
    [ -z "$said" ] || sed 's/^/        /' <<<"$said"
    failed=$((failed + 1))
  fi
}

check_counts() {
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ] && [ "$passed" != 0 ]
}

# wait_until SECONDS COMMAND...
wait_until() {
  local end=$((SECONDS + $1))
  shift
  while ! "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.05
  done
}

fails() { ! "$@"; }

ends_with() { # CODE COMMAND...
  local wanted=$1 code=0
  shift
  "$@" || code=$?
  [ "$code" = "$wanted" ] || { echo "exit code $code instead of $wanted: $*"; return 1; }
}

says() { # TEXT COMMAND...; whatever its exit code
  local text=$1 said
  shift
  said=$("$@" 2>&1) || true
  grep -qF -- "$text" <<<"$said" || { echo "\"$text\" is not in:"; echo "$said"; return 1; }
}

from() { ip netns exec "$net-$1" "${@:2}"; }

# make_neighbour NAME ADDRESS GATEWAY [NETNS-OF-THE-GATEWAY]; its cable to the gateway is called to-NAME there.
make_neighbour() {
  local name=$1 address=$2 router=$3 peer=()
  [ -z "${4-}" ] || peer=(netns "$4")
  ip netns add "$net-$name" || die "cannot make network namespaces here"
  ip link add eth0 netns "$net-$name" type veth peer name "to-$name" "${peer[@]}"
  from "$name" ip link set lo up
  from "$name" ip address add "$address/24" dev eth0
  from "$name" ip link set eth0 up
  from "$name" ip route add default via "$router"
}

serve_db() { # LOG
  from db "$probe" serve tcp/1433 tcp/445 tcp/1432 udp/1434 udp/137 udp/1432 >"$1" &
  disown
  wait_until 60 grep -q ready "$1" || die "no listeners on db"
}

# Does a packet of ms get to db, and its answer back? TCP or UDP, as in tcp/1433.
passes() {
  local code=0
  from ms "$probe" ask "${1%/*}" 10.20.2.50 "${1#*/}" || code=$?
  [ "$code" = 0 ] || { echo "$1 from ms to db: $code"; return 1; }
}

blocked() {
  local code=0
  from ms "$probe" ask "${1%/*}" 10.20.2.50 "${1#*/}" || code=$?
  [ "$code" = 1 ] || { echo "$1 from ms to db: $code"; return 1; }
}

# stream_start PORT LOG; a packet every millisecond, until stream_stop says what became of them.
stream_start() {
  ip netns exec "$net-ms" "$probe" stream 10.20.2.50 "$1" >"$2" & # not from: the signal is for the probe
  stream_pid=$! stream_log=$2
}

# write_networkd ROOT: systemd-networkd brings the gateway's cables up, as on any gateway.
write_networkd() {
  local host
  mkdir -p "$1/etc/systemd/network"
  for host in "ms 10.20.1.1" "db 10.20.2.1"; do
    printf '[Match]\nName=to-%s\n[Network]\nAddress=%s/24\nIPForward=ipv4\nLinkLocalAddressing=no\n' "${host% *}" \
      "${host#* }" >"$1/etc/systemd/network/${host% *}.network"
  done
}

# write_late_unit ROOT: omfwd as it would be if it were not before the network.
write_late_unit() {
  sed -e 's/^Before=.*/After=network.target/' -e '/^\(Wants\|Conflicts\)=/d' \
    -e 's|^ExecStart=|ExecStartPre=/bin/sleep 2\n&|' "$1/lib/systemd/system/omfwd.service" \
    >"$1/etc/systemd/system/omfwd.service"
}

stream_stop() {
  kill "$stream_pid"
  wait "$stream_pid" || true
  read -r _ sent _ answered <"$stream_log"
}

lost_nothing() { echo "sent $sent answered $answered"; [ "$sent" -gt 0 ] && [ "$sent" = "$answered" ]; }
