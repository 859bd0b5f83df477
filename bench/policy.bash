# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Policies of any size for the measurements: every role of the document in every section, one of them large.
#
# A section's servers are 198.18.N.x, four addresses a role; the section that is written last is N = 0, so that packets for it
# are at the end of everything, however many sections there are. Its Windows agents begin at 10.0.0.0.

policy_roles=(management_server gateway_server operations_manager_database reporting_data_warehouse reporting_server
  operations_console management_pack_catalog connector_framework_source web_console_server web_console_browser
  web_console_application_diagnostics web_console_application_advisor connected_management_server_local
  connected_management_server unix_linux_agent domain_controller remote_domain_controller network_device acs_forwarder
  acs_collector acs_database aem_client aem_file_share ceip_client ceip_endpoint)

# policy_members SHAPE FIRST COUNT: hosts (IPv4), mix (every tenth an IPv4 /28), or hosts6, one a line; they are never adjacent.
policy_members() {
  awk -v shape="$1" -v first="$2" -v n="$3" 'BEGIN { for (i = first; i < first + n; i++) {
    if (shape == "hosts6") { printf "2001:db8:1:%x:%x::1\n", i / 65536, i % 65536; continue }
    a = 167772160 + i * 32
    printf "%d.%d.%d.%d%s\n", a / 16777216, a / 65536 % 256, a / 256 % 256, a % 256, shape == "mix" && i % 10 == 9 ? "/28" : "" } }'
}

# policy_write DIR SECTIONS MEMBERS SHAPE: DIR/omfwd.conf and its lists; MEMBERS is the number of agents of each section.
policy_write() {
  local dir=$1 sections=$2 members=$3 shape=$4 section role i
  mkdir -p "$dir"
  {
    printf '[omfwd]\nlog_denied = no\n'
    for ((section = sections - 1; section >= 0; section--)); do
      printf '[roles s%d]\nwindows_agent = @file:%s/agents-%d\n' "$section" "$dir" "$section"
      i=1
      for role in "${policy_roles[@]}"; do
        printf '%s = 198.18.%d.%d, 198.18.%d.%d' "$role" "$section" $((i * 4)) "$section" $((i * 4 + 2))
        [[ $shape != hosts6 ]] || printf ', 2001:db8:2:%x::%x, 2001:db8:2:%x::%x' "$section" $((i * 4)) "$section" $((i * 4 + 2))
        printf '\n'
        i=$((i + 1))
      done
    done
  } >"$dir/omfwd.conf"
  for ((section = 0; section < sections; section++)); do
    policy_members "$shape" $((section * members)) "$members" >"$dir/agents-$section"
  done
}

# policy_server ROLE: an address of the role in the section that is written last.
policy_server() {
  local i
  for i in "${!policy_roles[@]}"; do
    [[ ${policy_roles[i]} != "$1" ]] || echo "198.18.0.$((i * 4 + 6))"
  done
}
