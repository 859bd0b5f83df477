#!/usr/bin/env fish
# SPDX-License-Identifier: GPL-2.0-or-later
# What fish offers: complete.fish FILE reads command lines, and writes "> LINE" and a word a line for each.
source $argv[1]
while read -l line
    echo "> $line"
    complete -C "$line" | string replace -r '\t.*' ''
end
