#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A new sound track for an MP4: the video's packets go into OUT as they are, the sound is AAC.
# The environment holds KLINGV2A_API_KEY and, for another service than CometAPI, KLINGV2A_BASE_URL.
set -euo pipefail
(($# == 2)) || { echo "Usage: $0 IN.mp4 OUT.mp4" >&2 && exit 2; }

gst-launch-1.0 filesrc location="$1" ! qtdemux ! h264parse ! klingv2a name=k \
  ! mp4mux name=m ! filesink location="$2"   k.audio ! audioconvert ! avenc_aac ! m.
