# shellcheck shell=bash disable=SC2154  # what is not set here is set by whoever includes it
# SPDX-License-Identifier: GPL-2.0-or-later
# The rpm in a scratch tree, with a systemctl that writes down what it is asked; and whether "make install" and both
# packages put the same files in the same places. Included by scripts/test-vm.

rpm_in_tree() { rpm --root "$tree" --nodeps "$@"; }

# Every scriptlet speaks to systemd through this.
make_tree() {
  tree=$tmp/tree
  cp -a "$base" "$tree"
  rm "$tree/usr/bin/systemctl"
  # shellcheck disable=SC2016  # for the script that is written
  printf '#!/bin/sh\necho "$*" >>/systemctl.log\n' >"$tree/usr/bin/systemctl"
  chmod 755 "$tree/usr/bin/systemctl"
  # systemd makes the user in another way than rpm: it is not there yet
  sed -i '/^omfwd:/d' "$tree/etc/passwd" "$tree/etc/group"
}

# What systemctl was asked since the last time.
asked() {
  local asked
  asked=$(cat "$tree/systemctl.log" 2>/dev/null || true)
  rm -f "$tree/systemctl.log"
  [ "$asked" = "$1" ] || { echo "systemctl was asked: $asked"; return 1; }
}

mode_is() { [ "$(stat -c '%U:%G %a' "$tree$1")" = "root:root $2" ] || { stat "$tree$1"; return 1; }; }

# The files of a tree, as MODE OWNER PATH, without what one kind of package has of its own.
list_files() {
  (cd "$1" && find . \( -type f -o -path './etc/*' \) -printf '%m %u:%g %p\n') |
    sed -e 's/\.gz$//' -e 's| \./lib/systemd| ./usr/lib/systemd|' -e 's|zsh/vendor-completions|zsh/site-functions|' |
    grep -vE '/doc/omfwd/(changelog|copyright|README\.Debian)|/lintian/|/licenses/|/\.build-id/' | sort -k 3
}

same_files() {
  diff <(list_files "$1") <(list_files "$2")
}

unpack_packages() {
  mkdir "$tmp/from-rpm" "$tmp/from-make"
  dpkg-deb -x "$built_deb" "$tmp/from-deb"
  rpm --root "$tmp/from-rpm" --nodeps --noscripts -i "$built_rpm"
  rm -rf "$tmp/from-rpm/var" "$tmp/from-rpm/root" # the database of rpm
  make --silent -C "$("$top/scripts/build" install --prefix=/usr --disable-tests \
    --with-systemdsystemunitdir=/usr/lib/systemd/system)" install DESTDIR="$tmp/from-make" >"$tmp/make-install.log" 2>&1
}

rpm_whole_life() {
  make_tree
  check "rpm installs the package" rpm_in_tree -i "$built_rpm"
  check "a first installation follows the preset" asked "--no-reload preset omfwd.service"
  check "there is a user" grep -q "^omfwd:.*:/:/sbin/nologin\$" "$tree/etc/passwd"
  check "there is a group" grep -q "^omfwd:" "$tree/etc/group"
  check "the program runs" chroot "$tree" /usr/sbin/omfwd --version
  check "the shipped role file is right" chroot "$tree" /usr/sbin/omfwd check
  check "its mode" mode_is /etc/omfwd/omfwd.conf 644
  check "the mode of the program" mode_is /usr/sbin/omfwd 755
  check "the mode of the unit" mode_is /usr/lib/systemd/system/omfwd.service 644
  check "what is installed is what was packaged" rpm_in_tree -V omfwd

  echo '; mine' >>"$tree/etc/omfwd/omfwd.conf"
  check "rpm upgrades the package" rpm_in_tree -U --replacepkgs --force "$built_rpm"
  check "an upgrade restarts what runs" asked $'daemon-reload\ntry-restart omfwd.service'
  check "the role file is as it was" grep -q '^; mine' "$tree/etc/omfwd/omfwd.conf"

  check "rpm erases the package" rpm_in_tree -e omfwd
  check "erasing stops and disables it" asked "--no-reload disable --now omfwd.service"
  check "a changed role file is kept" grep -q '^; mine' "$tree/etc/omfwd/omfwd.conf.rpmsave"
  check "the program is gone" fails test -e "$tree/usr/sbin/omfwd"
}

test_rpm() {
  prepare_debian ""
  built_rpm=$(find "$packages" -name 'omfwd-[0-9]*.rpm' ! -name '*.src.rpm')
  [ -f "$built_rpm" ] || die "no rpm of omfwd in $packages"
  rpm_whole_life
  unpack_packages
  check "deb and rpm hold the same files" same_files "$tmp/from-deb" "$tmp/from-rpm"
  check "so does make install" same_files "$tmp/from-make" "$tmp/from-rpm"
}
