#!/usr/bin/env zsh
# SPDX-License-Identifier: GPL-2.0-or-later
# What zsh offers: complete.zsh FILE reads command lines, and writes "> LINE" and a word a line for each. Completion needs
# a line editor, and that a terminal: a second zsh has one, and notes what it would show.
zmodload zsh/zpty
offered=$(mktemp)
trap 'rm -f $offered $offered.zsh' EXIT
cat >$offered.zsh <<END
unset HISTFILE
PROMPT=
fpath=(${1:h} \$fpath)
autoload -Uz compinit && compinit -D -u
compadd() {
  local -a words
  if (( ! \${@[(I)-[OAD]*]} )); then
    builtin compadd -O words "\$@"
    print -rl -- \$words >>$offered
  fi
  builtin compadd "\$@"
}
finish() { print '#end' >>$offered }
complete-and-tell() { zle complete-word; finish }
zle -N complete-and-tell
bindkey '^I' complete-and-tell
finish
END

# Whatever else it says is the terminal's affair.
await() {
  until grep -qx '#end' $offered; do
    zpty -r -t z >/dev/null || sleep 0.01
  done
  grep -vx -e '#end' -e '' $offered
  : >$offered
}

TERM=dumb zpty -b z "zsh -f -i"
zpty -w z "source $offered.zsh"
await
while IFS= read -r line; do
  print -r -- "> $line"
  zpty -w -n z "$line"$'\t'
  await
  zpty -w -n z $'\C-u'
done
zpty -d z
