# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Configures and builds one build folder; sourced by the scripts that need one.

# build_in FOLDER OPTION…: the options are Meson's. Another set of options than last time starts the folder anew.
build_in() {
  local folder=$1
  shift
  local stamp=$folder/options.stamp
  if [[ -e $folder/build.ninja && $(cat "$stamp" 2>/dev/null) != "$*" ]]; then
    rm -rf "$folder" || return
  fi
  if [[ ! -e $folder/build.ninja ]]; then
    meson setup "$folder" "$@" || return
    printf '%s' "$*" >"$stamp"
  fi
  ninja -C "$folder"
}
