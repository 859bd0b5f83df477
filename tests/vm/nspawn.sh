# shellcheck shell=bash disable=SC2154  # what is not set here is set by whoever includes it
# SPDX-License-Identifier: GPL-2.0-or-later
# A booted Debian in a container, in a network namespace of its own that is the gateway. Included by scripts/test-vm after
# tests/vm/lib.sh; $tmp is a directory that goes away, $base a Debian root, $net the prefix of all names.

export SYSTEMD_LOG_LEVEL=err
container=

# The gateway of the tests that prepare it themselves: up and forwarding before anything boots.
make_gateway() {
  ip netns add "$net-gw" || die "cannot make network namespaces here"
  in_gateway_net ip link set lo up
  make_neighbour ms 10.20.1.11 10.20.1.1 "$net-gw"
  make_neighbour db 10.20.2.50 10.20.2.1 "$net-gw"
}

in_gateway_net() { ip netns exec "$net-gw" "$@"; }

gateway_up() {
  in_gateway_net sysctl -q -w net.ipv4.ip_forward=1
  in_gateway_net ip address add 10.20.1.1/24 dev to-ms
  in_gateway_net ip address add 10.20.2.1/24 dev to-db
  in_gateway_net ip link set to-ms up
  in_gateway_net ip link set to-db up
}

unmake_gateway() {
  local name pid
  for name in ms db gw; do
    for pid in $(ip netns pids "$net-$name"); do kill "$pid"; done
    ip netns del "$net-$name" || true
  done
} 2>/dev/null

# make_root DIR: a throw-away copy of the base, with the packages in /root.
make_root() {
  cp -a "$base" "$1"
  cp "$top/debian/tests/service" "${debs[@]}" "$1/root/"
  echo gateway >"$1/etc/hostname"
}

# The container's first process; everything else is run beside it.
container_boot() { # ROOT
  systemd-nspawn --quiet --register=no --keep-unit -b -D "$1" -M "$net" --console=pipe \
    --network-namespace-path="/run/netns/$net-gw" --capability=CAP_NET_ADMIN </dev/null >"$tmp/console" 2>&1 &
  container=$!
  disown
  wait_until 120 booted || { cat "$tmp/console" >&2; die "the container does not boot"; }
}

leader() { pgrep -P "$container" | head -n 1; }

gateway() {
  nsenter -t "$(leader)" -m -u -i -n -p env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "$@"
}

booted() { gateway systemctl is-system-running | grep -qE 'running|degraded'; }

container_end() {
  [ -n "$container" ] || return 0
  kill "$container" 2>/dev/null || true
  wait_until 20 fails kill -0 "$container" || kill -9 "$container"
  container=
}

nspawn_clean_up() {
  container_end
  unmake_gateway
}

nspawn_whole_life() {
  make_gateway
  gateway_up
  serve_db "$tmp/listen"
  make_root "$tmp/root"
  container_boot "$tmp/root"
  path_life
  path_stop
  path_end
  container_end
  unmake_gateway
}

# boot_counting: boots with the cables down. ms never stops asking db for what no row opens, so that each
# answer is a packet that got through before the policy was there. The network comes up as it does on any gateway.
boot_counting() { # ROOT
  make_gateway
  serve_db "$tmp/listen"
  stream_start 1432 "$tmp/boot-stream"
  container_boot "$1"
  wait_until 60 passes udp/1434 || echo "the network never came up"
  container_status=$(gateway omfwd status 2>&1 || true)
  stream_stop
  container_end
  unmake_gateway
  echo "        sent $sent answered $answered"
}

network_is_up() { grep -q "in step" <<<"$container_status"; }

nspawn_boot() {
  local root=$tmp/boot-root
  make_root "$root"
  write_networkd "$root"
  # Installed as in an image: nothing runs, and the boot is the first.
  systemd-nspawn --quiet --register=no --keep-unit -D "$root" --private-network -M "$net" --console=pipe sh -c "
    apt-get -q -y install /root/${deb##*/} && systemctl enable systemd-networkd.service omfwd.service &&
    printf '$policy' >$conf" </dev/null >"$tmp/image.log" 2>&1 || { cat "$tmp/image.log"; die "no image"; }

  boot_counting "$root"
  check "boot: the policy is there" network_is_up
  check "boot: no packet before the policy" [ "$sent:$answered" = "$sent:0" ]
  check "boot: packets were sent all the while" [ "$sent" -gt 100 ]

  boot_counting "$root"
  check "second boot, from the last good policy: no packet before it" [ "$answered" = 0 ]

  # The same boot with a unit that is not before the network must let packets through, or the check above is blind.
  write_late_unit "$root"
  boot_counting "$root"
  check "boot with a unit that is late: packets get through before it" [ "$answered" -gt 0 ]
  check "and none after it" network_is_up
}
