# shellcheck shell=bash disable=SC2154  # what is not set here is set by whoever includes it
# SPDX-License-Identifier: GPL-2.0-or-later
# The life of the package on Debian 12's own kernel, which cannot give the nft table to one owner, in a machine that QEMU
# emulates without any help of the processor. Included by scripts/test-vm; what goes on inside is tests/vm/guest.

write_unit() { # ROOT NAME ORDER COMMAND
  printf '[Unit]\nDefaultDependencies=no\n%s\n[Service]\n%s\n[Install]\nWantedBy=multi-user.target\n' "$3" "$4" \
    >"$1/etc/systemd/system/$2.service"
  chroot "$1" systemctl -q enable "$2.service"
}

make_guest() { # ROOT
  cp -a "$base" "$1"
  mkdir "$1/root/vm"
  cp "$top"/tests/vm/{lib.sh,path.sh,guest} "$top/debian/tests/service" "$probe" "$tmp/omfwd-newer.deb" "$1/root/vm/"
  cp "$built_deb" "$1/root/vm/omfwd.deb"
  echo gateway >"$1/etc/hostname"
  write_networkd "$1"
  chroot "$1" systemctl -q enable systemd-networkd.service
  write_unit "$1" neighbours $'After=local-fs.target\nBefore=network-pre.target omfwd.service systemd-networkd.service' \
    $'Type=oneshot\nRemainAfterExit=yes\nExecStart=/root/vm/guest early'
  # Not before the system is up: "systemctl is-system-running" and apt want it so.
  write_unit "$1" life 'After=multi-user.target neighbours.service' $'Type=simple\nExecStart=/root/vm/guest test'
}

# Runs a machine to its end; its console is our output. -cpu: QEMU 7.2 gets cmpxchg16b wrong; no_timer_check: on a busy
# machine no timer would pass.
machine_boot() { # ROOT DISK SECONDS [KERNEL-ARGUMENT...]
  timeout "$3" qemu-system-x86_64 -accel tcg,thread=multi -cpu max,cx16=off -m 2048 -smp 2 -nographic -no-reboot -net none \
    -kernel "$(echo "$1"/boot/vmlinuz-*)" -initrd "$(echo "$1"/boot/initrd.img-*)" \
    -append "root=/dev/vda rw console=ttyS0 panic=-1 quiet no_timer_check ${*:4}" \
    -drive file="$2",if=virtio,format=raw,cache=unsafe </dev/null 2>&1
}

# The counts of a boot are added to ours.
take_result() { # DISK BOOT
  local result counts p f
  result=$(debugfs -R "cat /root/vm/result.$2" "$1" 2>/dev/null)
  counts=$(grep -E '^[0-9]+ passed' <<<"$result" | tail -n 1)
  grep -vE '^[0-9]+ passed' <<<"$result" || true
  if [ -z "$counts" ]; then
    tail -n 20 "$tmp/machine"
    check "boot $2 of the machine comes to its end" false
    return
  fi
  read -r p _ f _ <<<"$counts"
  passed=$((passed + p)) failed=$((failed + f))
}

test_qemu() {
  local disk=$tmp/disk boot
  prepare_debian ,linux-image-cloud-amd64,initramfs-tools,zstd,udev
  make_guest "$tmp/guest"
  truncate -s 2G "$disk"
  mkfs.ext4 -q -F -d "$tmp/guest" "$disk"
  for boot in 1 2 3; do
    echo "== boot $boot"
    machine_boot "$tmp/guest" "$disk" 900 >"$tmp/machine" || true
    take_result "$disk" "$boot"
  done
}
