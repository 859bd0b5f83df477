# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Gateways between two namespaces each, in a mount namespace with its own /run/netns. The caller sets dir and omfwd.
# shellcheck disable=SC2154

# gateway_quiet NAMESPACE: no IPv6, whose neighbour discovery would be counted among the packets.
gateway_quiet() { ip netns exec "$1" sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; }

# gateway_make NAME: left -- NAME -- right. Agents and strangers are on the left, servers on the right. The hosts own one pair of
# addresses, for real connections; forged packets are for others and end there in silence.
gateway_make() {
  local name=$1 side index=0
  ip netns add "$name"
  gateway_quiet "$name"
  for side in left right; do
    index=$((index + 1))
    ip netns add "$name-$side"
    gateway_quiet "$name-$side"
    ip -n "$name" link add "$side" address "02:00:00:00:00:0$index" type veth \
      peer name eth0 address "02:00:00:00:01:0$index" netns "$name-$side"
    ip -n "$name-$side" link set lo up
    ip -n "$name-$side" link set eth0 up
    ip -n "$name-$side" address add "169.254.$index.2/24" dev eth0
    ip -n "$name-$side" neighbour add "169.254.$index.1" lladdr "02:00:00:00:00:0$index" dev eth0
    ip -n "$name-$side" route add default via "169.254.$index.1"
    ip -n "$name" link set "$side" up
    ip -n "$name" address add "169.254.$index.1/24" dev "$side"
    ip -n "$name" neighbour add "169.254.$index.2" lladdr "02:00:00:00:01:0$index" dev "$side"
  done
  ip -n "$name" route add 10.0.0.0/8 via 169.254.1.2
  ip -n "$name" route add 172.16.0.0/16 via 169.254.1.2
  ip -n "$name" route add 198.18.0.0/15 via 169.254.2.2
  ip -n "$name" route add 172.17.0.0/16 via 169.254.2.2
  ip -n "$name-left" address add 10.0.0.32/32 dev lo
  ip -n "$name-right" address add 198.18.0.4/32 dev lo
  ip netns exec "$name" sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.{left,right}.rp_filter=0
}

in_gateway() { ip netns exec "$@"; }

# omfwd_load GATEWAY POLICY
omfwd_load() {
  mkdir -p "$dir/run" "$dir/state"
  in_gateway "$1" "$omfwd" --phase run --config "$2/omfwd.conf" --run-dir "$dir/run" --state-dir "$dir/state" >/dev/null 2>&1
}

# shellcheck disable=SC2034  # for those who include this
ct_only='table inet ct_only {
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state established,related accept
    accept
  }
}'
