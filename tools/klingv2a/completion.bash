# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Completion of klingv2a for bash. Installed as bash-completion/completions/klingv2a.

# The words that may follow the option $1; fails when it takes none, or anything.
_klingv2a_values() {
  case $1 in
    --mux) echo mp4 mov mkv webm ts ;;
    --original-audio) echo duck mix replace separate ;;
    --audio-codec) echo aac opus pcm flac ;;
    --conform) echo auto never always ;;
    --on-failure) echo error silence ;;
    --on-unknown) echo error resubmit ;;
    --loudness) echo -23 -16 off ;;
    *) return 1 ;;
  esac
}

_klingv2a_options() {
  case $1 in
    dub)
      echo "
      --output --audio-only --out-dir --jobs --overwrite --yes --trust-manifest --report --json --simulate --simulate-fresh --wait --api-key-file --help
      --sound-effect-prompt --bgm-prompt --asmr-mode --take --music --mux --original-audio --audio-codec
      --loudness --true-peak --duck-depth --duck-threshold --duck-attack --duck-hold --duck-release
      --original-level --generated-level --gain --original-loudness --limiter-ceiling --max-ahead --strict --no-mark-generated --publish --publish-headers
      --publish-public-url --publish-expiry --publish-keep --no-publish-check --video-url --video-id
      --conform --proxy-bitrate --external-task-id --callback-url --callback-listen --callback-certificate
      --callback-key --timeout --on-failure --on-unknown --max-tasks --max-clips --join-price --plan-ahead
      --max-clips-ahead --connect-timeout --idle-timeout --silence-timeout
      --base-url --journal --spool-dir --max-hold-bytes --max-kept-bytes --max-result-bytes
      "
      ;;
    check)
      echo "
      --output --json --api-key-file --help --sound-effect-prompt --bgm-prompt --asmr-mode --take --music --mux
      --original-audio --audio-codec --loudness --true-peak --duck-depth --duck-threshold --duck-attack
      --duck-hold --duck-release --original-level --generated-level --gain --original-loudness --limiter-ceiling --max-ahead --strict --no-mark-generated --publish
      --publish-headers --publish-public-url --publish-expiry --publish-keep --no-publish-check
      --video-url --video-id --conform --proxy-bitrate --external-task-id --callback-url --callback-listen
      --callback-certificate --callback-key --timeout --on-failure --on-unknown --max-tasks --max-clips --join-price --plan-ahead --max-clips-ahead
      --connect-timeout --idle-timeout --silence-timeout --base-url --journal --spool-dir --max-hold-bytes
      --max-kept-bytes --max-result-bytes
      "
      ;;
    fetch) echo --output --overwrite --wait --timeout --api-key-file --json --journal --base-url --simulated --simulate --help ;;
    adopt) echo --api-key-file --json --journal --base-url --simulated --simulate --help ;;
    forget) echo --yes --json --journal --base-url --simulated --simulate --help ;;
    tasks | list | show) echo --json --journal --base-url --simulated --simulate --help ;;
    *) echo --help --version ;;
  esac
}

# The last command among the words before the cursor.
_klingv2a_command() {
  local word command=
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      dub | check | tasks | list | show | fetch | adopt | forget) command=$word ;;
    esac
  done
  echo "$command"
}

_klingv2a() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command words
  COMPREPLY=()
  command=$(_klingv2a_command)
  if words=$(_klingv2a_values "$previous"); then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_klingv2a_options "$command")" -- "$current")
  elif [[ -z $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W 'dub check tasks' -- "$current")
  elif [[ $command == tasks ]]; then
    mapfile -t COMPREPLY < <(compgen -W 'list show fetch adopt forget' -- "$current")
  elif [[ ($command == show || $command == fetch || $command == adopt || $command == forget) && $previous == "$command" ]]; then
    words=$(klingv2a tasks list --json 2>/dev/null | sed -n 's/^{"id":"\([^"]*\)".*/\1/p')
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}

complete -o filenames -F _klingv2a klingv2a
