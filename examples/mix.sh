#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Lays the new sound under the sound that the video has: it goes down where somebody speaks, and the whole comes to
# -23 LUFS. The old sound waits in klingv2a, beside the video.
set -euo pipefail
(($# == 2)) || { echo "Usage: $0 IN.mp4 OUT.mp4" >&2 && exit 2; }

gst-launch-1.0 filesrc location="$1" ! qtdemux name=d \
  d.video_0 ! h264parse ! klingv2a name=k ! queue ! mp4mux name=m ! filesink location="$2" \
  d.audio_0 ! k.sink_0   k.src_0 ! decodebin ! audioconvert ! audioresample ! mix.original \
  k.audio ! audioconvert ! audioresample ! mix.generated \
  klingv2amix name=mix ! audioconvert ! avenc_aac ! m.
