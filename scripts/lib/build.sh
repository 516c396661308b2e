# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Configures and builds one build folder; sourced by the scripts that need one.
# The caller sets source_root.
: "${source_root:?}"

# configure FOLDER OPTION…: the options are Meson's. What was built with the same ones before is kept.
configure() {
  local folder=$1
  shift
  local stamp=$folder/options.stamp
  if [[ ! -e $folder/build.ninja ]]; then
    meson setup "$folder" "$source_root" "$@" || return
  elif [[ $(cat "$stamp" 2>/dev/null) != "$*" ]]; then
    meson setup --reconfigure "$folder" "$source_root" "$@" || return
  fi
  printf '%s' "$*" >"$stamp"
}
