# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same policy in other clothes: each function takes the text of `omfwd show --format nft` and writes what another system
# loads. Rows behind a closed window are left out: closed, they let nothing through. What is denied stays as it is.
# Other systems take the usual first rule, which accepts what is established; omfwd judges every packet.

# Reads the text into arrays. Rows are taken from the chains of resumed connections, which name both ends of a line: member[set, 1..count[set]], is_net[set], sets in order; ports[chain], proto[chain]; rules[n] with chain_of[n].
# shellcheck disable=SC2016
layout_reader='
  function word_after(pattern,   rest) { if (!match($0, pattern)) return ""; rest = substr($0, RSTART + RLENGTH)
    sub(/ .*/, "", rest); return rest }
  function read_elements(line,   n, parts, i) { gsub(/elements = |[{},]/, " ", line); n = split(line, parts)
    for (i = 1; i <= n; i++) member[name, ++count[name]] = parts[i] }
  /^\t(set|map|chain) / { kind = $1; name = $2; if (kind == "set") order[++n_sets] = name; next }
  /^\t}/ { kind = ""; inside = 0; next }
  kind == "set" && /flags interval/ { is_net[name] = 1 }
  kind == "set" && /type / { type[name] = $2 }
  kind == "set" && /elements/ { inside = 1 }
  kind == "set" && inside { read_elements($0) }
  kind == "chain" && !/type filter/ && NF { n_rules++; chain_of[n_rules] = name; text[n_rules] = $0
    from[n_rules] = word_after("ct reply ip saddr @"); to[n_rules] = word_after("ct original ip saddr @")
    saddr[n_rules] = word_after("^\tip saddr @|\t\tip saddr @"); daddr[n_rules] = word_after("\t\tip daddr @")
    counter[n_rules] = word_after("counter name ") }
  function is_row(i) { return chain_of[i] ~ /^resumed_(tcp|udp)_[0-9]/ && text[i] ~ /accept/ }
  function proto_of(i) { return substr(chain_of[i], 9, 3) }
  function port_of(i) { return substr(chain_of[i], 13) }
  # What returns from a chain of roles is denied.
  function goes(i) { if (text[i] ~ / return/) return "denied"
    return text[i] ~ /goto to_role/ ? "to_role" : text[i] ~ /goto from_role/ ? "from_role" : "" }
  function is_denial(i) { return chain_of[i] ~ /^(server_and_role|to_role|from_role)$/ && (saddr[i] || daddr[i]) && goes(i) }
'

# layout_plain FILE: as one writes it by hand: each group of addresses in one interval set without a size.
layout_plain() {
  awk '/^\tset .*\.(hosts|nets)[46] \{$/ { set = $2; family = substr(set, length(set)); group = set
      sub(/\.(hosts|nets)[46]$/, "", group); group = group "." family; wide = set ~ /nets/ }
    FNR == 1 { pass++ }
    pass == 1 { if (set && !wide) has_hosts[group] = 1
      if (set && wide && (/elements/ || inside)) { inside = 1; line = $0; gsub(/elements =|[{},\t ]/, "", line); if (line != "") extra[group, ++extras[group]] = line }
      if (/^\t}/) { set = ""; inside = 0 }
      next }
    set && wide && has_hosts[group] { if (/^\t}/) { set = ""; getline } next }
    set && /^\t\tsize / { next }
    set && !wide && /^\t\ttype/ { print; print "\t\tflags interval"; next }
    set && !wide && /elements = / { sub(/elements = \{/, "elements = {"); rest = $0; sub(/.*\{/, "", rest); printf "\t\telements = {"
      for (i = 1; i <= extras[group]; i++) printf " %s,", extra[group, i]
      print rest; next }
    /^\t}/ { set = "" }
    /^\t\t.*@[^ ]*\.nets4/ { hosts = $0; skip = 0; n = split($0, words)
      for (i = 1; i <= n; i++) if (words[i] ~ /^@.*\.nets4$/) { g = substr(words[i], 2); sub(/\.nets4$/, ".4", g); if (g in has_hosts) skip = 1 }
      if (skip) next }
    { print }' "$1" "$1"
}

# layout_flat: one concatenated set for all pairs of small roles, a rule for each row of a large one.
layout_flat() {
  awk "$layout_reader"'
    function listed(set,   i, out) { for (i = 1; i <= count[set]; i++) out = out (i > 1 ? ", " : "") member[set, i]; return out }
    function pairs(i,   j, k, out) { for (j = 1; j <= count[from[i]]; j++) for (k = 1; k <= count[to[i]]; k++)
        out = out (out ? ", " : "") member[from[i], j] " . " member[to[i], k] " . " proto_of(i) " . " port_of(i)
      return out }
    END {
      print "table inet flat {"
      for (i = 1; i <= n_sets; i++) if (type[order[i]] == "ipv4_addr")
        printf "set %s {\ntype ipv4_addr; %s\nelements = { %s }\n}\n", order[i],
          is_net[order[i]] ? "flags interval" : "size " count[order[i]] * 2 + 16, listed(order[i])
      for (i = 1; i <= n_rules; i++) if (is_row(i) && count[from[i]] * count[to[i]] <= 64 &&
          !is_net[from[i]] && !is_net[to[i]]) { elements = elements (elements ? ",\n" : "") pairs(i); in_set[i] = 1 }
      print "set pairs {\ntype ipv4_addr . ipv4_addr . inet_proto . inet_service; size 65536; counter\nelements = { " elements " }\n}"
      print "chain denied { counter drop\n}"
      for (c = 1; c <= 3; c++) { name = c == 1 ? "to_role" : c == 2 ? "from_role" : "server_and_role"
        print "chain " name " {"
        for (i = 1; i <= n_rules; i++) if (chain_of[i] == name && is_denial(i))
          print (saddr[i] ? "ip saddr @" saddr[i] : "ip daddr @" daddr[i]) " jump " goes(i)
        print "}" }
      print "chain forward { type filter hook forward priority filter; policy accept;"
      print "ct state established,related accept"
      print "ip saddr . ip daddr . meta l4proto . th dport @pairs accept"
      for (i = 1; i <= n_rules; i++) if (is_row(i) && !in_set[i])
        print proto_of(i) " dport " port_of(i) " ip saddr @" from[i] " ip daddr @" to[i] " counter accept"
      print "jump server_and_role\n}\n}"
    }'
}

# layout_ipset SETS RULES: ipset for the groups of addresses, a rule for each row.
layout_ipset() {
  awk -v sets="$1" -v rules="$2" "$layout_reader"'
    function match_set(set, end) { return set ? " -m set --match-set " short[set] " " end : "" }
    END {
      for (i = 1; i <= n_sets; i++) if (type[order[i]] == "ipv4_addr") { short[order[i]] = "s" i
        n = count[order[i]]
        printf "create s%d hash:%s family inet hashsize %d maxelem %d\n", i, is_net[order[i]] ? "net" : "ip", n / 2 + 64, n * 2 + 64 >sets
        for (j = 1; j <= n; j++) print "add s" i " " member[order[i], j] >sets }
      print "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:denied -\n:to_role -\n:from_role -\n:server_and_role -" >rules
      print "-A denied -j DROP\n-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT" >rules
      for (i = 1; i <= n_rules; i++) if (is_row(i))
        print "-A FORWARD -p " proto_of(i) " --dport " port_of(i) match_set(from[i], "src") match_set(to[i], "dst") " -j ACCEPT" >rules
      for (i = 1; i <= n_rules; i++) if (is_denial(i))
        print "-A " chain_of[i] match_set(saddr[i], "src") match_set(daddr[i], "dst") " -j " goes(i) >rules
      print "-A FORWARD -j server_and_role\nCOMMIT" >rules
    }'
}

# layout_naive: a rule for each pair of addresses of each row.
layout_naive() {
  awk "$layout_reader"'
    END {
      print "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:denied -\n:to_role -\n:from_role -\n:server_and_role -"
      print "-A denied -j DROP\n-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"
      for (i = 1; i <= n_rules; i++) if (is_row(i)) {
        for (j = 1; j <= count[from[i]]; j++) for (k = 1; k <= count[to[i]]; k++)
          print "-A FORWARD -s " member[from[i], j] " -d " member[to[i], k] " -p " proto_of(i) " --dport " port_of(i) " -j ACCEPT" }
      for (i = 1; i <= n_rules; i++) if (is_denial(i)) { set = saddr[i] daddr[i]
        for (j = 1; j <= count[set]; j++) print "-A " chain_of[i] (saddr[i] ? " -s " : " -d ") member[set, j] " -j " goes(i) }
      print "-A FORWARD -j server_and_role\nCOMMIT"
    }'
}
