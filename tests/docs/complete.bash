#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What bash offers: complete.bash FILE reads command lines, and writes "> LINE" and a word a line for each.
# shellcheck source=/dev/null
source "$1"
while IFS= read -r line; do
  printf '> %s\n' "$line"
  read -ra COMP_WORDS <<<"${line//=/ = }"
  [[ $line != *[\ =] ]] || COMP_WORDS+=("")
  [[ $line != *= ]] || unset 'COMP_WORDS[-1]'
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  COMPREPLY=()
  _omfwd
  printf '%s\n' "${COMPREPLY[@]}"
done
