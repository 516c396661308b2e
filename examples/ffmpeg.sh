#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# klingv2a between two ffmpeg processes: the first cuts the clip (and could do anything else), the second encodes the
# sound and writes OUT. Between them goes Matroska through pipes; no file is written but OUT. The environment holds
# KLINGV2A_API_KEY and, for another service than CometAPI, KLINGV2A_BASE_URL. Further words are options of klingv2a dub:
# --simulate tries it without a key.
set -euo pipefail
(($# >= 3)) || { echo "Usage: $0 IN OUT SECONDS [OPTION…]" >&2 && exit 2; }
in=$1 out=$2 seconds=$3
shift 3

ffmpeg -v error -i "$in" -t "$seconds" -c:v libx264 -preset veryfast -c:a flac -f matroska - \
  | klingv2a dub - -o - "$@" \
  | ffmpeg -v error -y -i - -c:v copy -c:a aac "$out"
