# shellcheck shell=bash disable=SC2154  # what is not set here is set by whoever includes it
# SPDX-License-Identifier: GPL-2.0-or-later
# The programs of tests/lab on Debian 12's own kernel, in a machine that QEMU emulates without any help of the processor.
# They are built here, so that here must be a Debian 12 too. Included by scripts/test-vm; what goes on inside is
# tests/vm/lab_guest.

# What the kernel has a part in; the rest of the lab tests what omfwd says.
lab_programs=(unit/test_delta_random unit/test_features unit/test_foreign unit/test_kernel unit/test_repair
  lab/test_agent lab/test_blind lab/test_boot lab/test_confirm lab/test_connections lab/test_cut lab/test_cut_entries
  lab/test_deadline lab/test_drift lab/test_flowtable lab/test_lines_current lab/test_owned lab/test_policy
  lab/test_reload lab/test_resumed lab/test_torture lab/test_window)

lab_packages=kmod,linux-image-cloud-amd64,initramfs-tools,zstd,nftables,iproute2,strace,procps
lab_packages+=,libcmocka0,libmnl0,libnftnl11,libnetfilter-conntrack3,libnetfilter-log1,libinih1,libjansson4,libsystemd0
lab_packages+=,libseccomp2,libcap2,netbase # nft looks up ipv6-icmp in /etc/protocols

choose_lab_programs() { # NAME...
  local name all=("${lab_programs[@]}")
  lab_programs=()
  for name; do
    # shellcheck disable=SC2207  # no name has a blank
    lab_programs+=($(printf '%s\n' "${all[@]}" | grep -x ".*/$name")) || die "$name is none of: ${all[*]}"
  done
}

make_lab_guest() { # ROOT
  local dir
  dir=$(ONLY="omfwd ${lab_programs[*]/#/tests/}" "$top/scripts/build" lab) || die "nothing to test"
  cp -a "$base" "$1"
  mkdir -p "$1/lab/programs" "$1$top"
  cp "$top/tests/vm/lab_guest" "$top/tests/vm/lib.sh" "$dir/omfwd" "$1/lab/"
  cp "$top/tests/vm/lab_modules" "$1/lab/programs/modules"
  cp "${lab_programs[@]/#/$dir/tests/}" "$1/lab/programs/"
  cp -a --parents "$top/etc" "$top/tests" "$1/" # where the programs look for them
}

# What the guest says of each program, as soon as it says so.
count_lab() {
  local name p f s seconds
  while read -r _ name p f s seconds; do
    printf '%-24s %3d passed, %d failed, %d skipped in %d s\n' "$name" "$p" "$f" "$s" "$seconds"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    lab_done=$((lab_done + 1))
  done < <(sed -nu 's/.*\(lab: [a-z].*[0-9]\).*/\1/p' <"$1")
}

test_lab() {
  local disk=$tmp/disk lab_done=0 results=$top/build/vm/lab-results
  make_base "$lab_packages"
  make_lab_guest "$tmp/guest"
  truncate -s 2G "$disk"
  mkfs.ext4 -q -F -d "$tmp/guest" "$disk"
  mkfifo "$tmp/console"
  machine_boot "$tmp/guest" "$disk" 5400 init=/lab/lab_guest >"$tmp/console" &
  machine=$!
  count_lab "$tmp/console"
  wait "$machine" || true
  machine=
  rm -rf "$results"
  debugfs -R "rdump /lab/results $tmp" "$disk" 2>/dev/null
  mv "$tmp/results" "$results"
  if [ "$failed" != 0 ]; then
    (cd "$results" && grep -rE '^FAILED|^\[  (FAILED|ERROR)|^ERROR' . | head -n 40) || true
    echo "What the programs said is in $results"
  fi
  [ "$lab_done" = $((${#lab_programs[@]} + 1)) ] || check "each program comes to its end" false
}
