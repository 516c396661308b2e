#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Dubs a folder of clips, unattended: it is run again as long as something may still come of it, which costs nothing for
# what is done already. Further words are options of klingv2a dub: --simulate tries it without a key.
set -euo pipefail
(($# >= 2)) || { echo "Usage: $0 FOLDER OUT-FOLDER [OPTION…]" >&2 && exit 2; }
folder=$1 out=$2
shift 2

for attempt in 1 2 3; do
  code=0
  klingv2a dub "$folder" --out-dir "$out" --jobs 4 --report "$@" || code=$?
  case $code in
    0) exit 0 ;;
    3 | 15 | 16 | 17 | 20) echo "$0: attempt $attempt ended with code $code" >&2 ;;
    *) exit "$code" ;; # no credit, a wrong key, Ctrl-C …: once more would not help
  esac
done
exit "$code"
