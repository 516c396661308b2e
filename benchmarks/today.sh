#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What users write today to dub clips, to stand beside `klingv2a dub`: ffmpeg, curl and a sleep loop, clip after clip.
# It keeps no record: a run that is broken off pays again. Nor does it conform what the service refuses.
#
#   today.sh FOLDER PUBLIC-URL OUT-FOLDER     KLINGV2A_API_KEY and KLINGV2A_BASE_URL in the environment;
#                                             FOLDER can be fetched at PUBLIC-URL
set -euo pipefail
(($# == 3)) || { echo "Usage: $0 FOLDER PUBLIC-URL OUT-FOLDER" >&2 && exit 2; }
readonly folder=$1 public=$2 out=$3

# The first value of a key in JSON, without a parser for it.
value_of() {
  sed -n "s/.*\"$1\" *: *\"\\([^\"]*\\)\".*/\\1/p" | head -n 1
}

# The key would show in `ps` as an argument of curl.
call() {
  curl --silent --show-error --fail --header @- "$@" <<<"Authorization: Bearer $KLINGV2A_API_KEY"
}

dub() {
  local clip=$1 name task answer url work
  name=$(basename "$clip")
  work=$(mktemp -d)
  answer=$(call --header 'Content-Type: application/json' --data "{\"video_url\":\"$public/$name\"}" \
    "$KLINGV2A_BASE_URL/v1/audio/video-to-audio")
  task=$(value_of task_id <<<"$answer")
  while answer=$(call "$KLINGV2A_BASE_URL/v1/audio/video-to-audio/$task"); do
    case $(value_of task_status <<<"$answer") in
      succeed) break ;;
      failed) echo "$name: failed" >&2 && return 1 ;;
    esac
    sleep 5
  done
  url=$(value_of url_wav <<<"$answer")
  curl --silent --fail --output "$work/sound.wav" "$url"
  ffmpeg -nostdin -v error -y -i "$clip" -i "$work/sound.wav" -filter_complex \
    '[0:a]asplit[speech][key];[1:a][key]sidechaincompress[under];[speech][under]amix=normalize=0,loudnorm=I=-23:TP=-1,aresample=48000[sound]' \
    -map 0:v -map '[sound]' -c:v copy -c:a aac "$out/$name"
  rm -r "$work"
}

for clip in "$folder"/*.mp4; do
  dub "$clip"
done
