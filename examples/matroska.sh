#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# From MP4 to Matroska, with prompts. Where no sound can be had, OUT gets silence and gst-launch prints a warning, so
# that a row of videos is not broken off. Opus has no priming: the sound lies where the service put it, to the sample.
set -euo pipefail
(($# == 4)) || { echo "Usage: $0 IN.mp4 OUT.mkv SOUND-EFFECT-PROMPT BGM-PROMPT" >&2 && exit 2; }

gst-launch-1.0 filesrc location="$1" ! qtdemux ! h264parse \
  ! klingv2a name=k sound-effect-prompt="$3" bgm-prompt="$4" on-failure=silence \
  ! queue ! matroskamux name=m ! filesink location="$2"   k.audio ! audioconvert ! opusenc ! m.
