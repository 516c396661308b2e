// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings_table.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "exit_code.h"

namespace klingv2a::cli {

namespace {

constexpr const char* kSound = "What it should sound like";
constexpr const char* kOutput = "What becomes of the sounds";
constexpr const char* kService = "How the service gets the video";
constexpr const char* kPatience = "Waiting and failing";
constexpr const char* kPlaces = "Where things are";
using enum ValueKind;

constexpr std::array kOptions{
    SettingOption{kSound, "sound-effect-prompt", "sound-effect-prompt", prompt, "TEXT",
                  "What the sound effects should be, one line of at most 200 characters"},
    SettingOption{kSound, "bgm-prompt", "bgm-prompt", prompt, "TEXT",
                  "What the background music should be, one line of at most 200 characters"},
    SettingOption{kSound, "asmr-mode", "asmr-mode", flag, "", "Detailed, close sound"},
    SettingOption{kSound, "take", "take", text, "NUMBER",
                  "Another take is another task for the same video and prompts (default 0)"},
    SettingOption{kSound, "music", "no-music", off_switch, "",
                  "Let the clips of a long video have background music, each its own"},
    SettingOption{kOutput, "mux", "mux", text, "NAME",
                  "mp4, mov, mkv, webm, ts (default: by OUT's suffix, else as the input)"},
    SettingOption{kOutput, "original-audio", "original-audio", text, "HOW",
                  "What becomes of the video's own sound: duck (default), mix, replace, separate"},
    SettingOption{kOutput, "audio-codec", "audio-codec", text, "NAME", "aac, opus, pcm, flac (default: what fits OUT)"},
    SettingOption{kOutput, "loudness", "loudness", loudness, "LUFS", "Programme loudness of the result, or off (-23)"},
    SettingOption{kOutput, "true-peak", "true-peak", text, "DBTP", "Ceiling of the true peak (-1)"},
    SettingOption{kOutput, "duck-depth", "duck-depth", text, "DB",
                  "By how much the new sound gives way to the old one"},
    SettingOption{kOutput, "duck-threshold", "duck-threshold", text, "DB", "From which level of the old sound on"},
    SettingOption{kOutput, "duck-attack", "duck-attack", milliseconds, "MS", "How fast it gives way"},
    SettingOption{kOutput, "duck-hold", "duck-hold", milliseconds, "MS", "How long it stays low in a pause"},
    SettingOption{kOutput, "duck-release", "duck-release", milliseconds, "MS", "How fast it comes back"},
    SettingOption{kOutput, "original-level", "original-level", text, "DB", "Level of the old sound in the mix"},
    SettingOption{kOutput, "generated-level", "generated-level", text, "DB", "Level of the new sound in the mix"},
    SettingOption{kOutput, "gain", "gain", text, "DB",
                  "Of the mix, which is then not measured (an earlier run's report)"},
    SettingOption{kOutput, "original-loudness", "original-loudness", text, "LUFS",
                  "Of the old sound, which is then not measured"},
    SettingOption{kOutput, "limiter-ceiling", "limiter-ceiling", text, "DBTP",
                  "Of the limiter, where the mix is not measured"},
    SettingOption{kOutput, "max-ahead", "max-ahead", milliseconds, "MS",
                  "Of a mix that is not measured: how much of one sound may wait for the other"},
    SettingOption{kOutput, "strict", "strict", flag, "",
                  "An error, not a warning, for what OUT's container cannot carry"},
    SettingOption{kOutput, "no-mark-generated", "mark-generated", off_switch, "",
                  "Leave out the tag that says that the sound is generated"},
    SettingOption{kService, "publish", "publish", text, "URI",
                  "serve://…, https://…/{name}.mp4 (PUT) or s3://…; one that holds a secret: $KLINGV2A_PUBLISH", true},
    SettingOption{kService, "publish-headers", "publish-headers", text, "HEADERS",
                  "Of the PUT: headers,NAME=VALUE,…; with a secret: $KLINGV2A_PUBLISH_HEADERS", true},
    SettingOption{kService, "publish-public-url", "publish-public-url", text, "URL",
                  "Where the service fetches what was PUT, with {name}", true},
    SettingOption{kService, "publish-expiry", "publish-expiry", text, "SECONDS", "How long a link to S3 is good"},
    SettingOption{kService, "publish-keep", "publish-keep", flag, "", "Leave the proxy in the bucket (S3)"},
    SettingOption{kService, "no-publish-check", "publish-check", off_switch, "",
                  "Pay without having fetched the published file from here"},
    SettingOption{kService, "video-url", "video-url", text, "URL", "The video is public already: nothing is published",
                  true},
    SettingOption{kService, "video-id", "video-id", text, "ID", "The same by the id of a video that Kling made"},
    SettingOption{kService, "conform", "conform", text, "WHEN",
                  "Show the service a transcoded copy: auto (default), never, always"},
    SettingOption{kService, "proxy-bitrate", "proxy-bitrate", text, "KBIT/S", "Of a transcoded copy (8000)"},
    SettingOption{kService, "external-task-id", "external-task-id", text, "ID", "Your own id of the task"},
    SettingOption{kService, "callback-url", "callback-url", text, "URL",
                  "What the service calls when the task's status changes", true},
    SettingOption{kService, "callback-listen", "callback-listen", text, "ADDRESS:PORT", "Take the callbacks here"},
    SettingOption{kService, "callback-certificate", "callback-certificate", text, "FILE", "TLS for callback-listen"},
    SettingOption{kService, "callback-key", "callback-key", text, "FILE", "The certificate's private key"},
    SettingOption{kPatience, "timeout", "timeout", text, "SECONDS", "How long to wait for a task (1200)"},
    SettingOption{kPatience, "on-failure", "on-failure", text, "WHAT",
                  "error (default), or silence: a warning and a silent new sound"},
    SettingOption{kPatience, "on-unknown", "on-unknown", text, "WHAT",
                  "error (default), or resubmit when nobody knows whether an earlier run paid"},
    SettingOption{kPatience, "max-tasks", "max-tasks", text, "NUMBER",
                  "Tasks of the account under way at a time, over all that share the journal (5)"},
    SettingOption{kPatience, "max-clips", "max-clips", text, "NUMBER",
                  "Tasks that one video may ask for, which is cut where it is longer than 20 s (16)"},
    SettingOption{kPatience, "join-price", "join-price", text, "CLIPS",
                  "What a join inside a shot counts beside a paid clip (0.5)"},
    SettingOption{kPatience, "plan-ahead", "plan-ahead", milliseconds, "MS",
                  "How much of a long video is looked at before a clip's end is decided (60000)"},
    SettingOption{kPatience, "max-clips-ahead", "max-clips-ahead", text, "NUMBER",
                  "Clips of a long video that are taken in beyond those that play (6)"},
    SettingOption{kPatience, "connect-timeout", "connect-timeout", text, "SECONDS",
                  "How long connecting may take (10)"},
    SettingOption{kPatience, "idle-timeout", "idle-timeout", text, "SECONDS",
                  "How long a connection may bring nothing (30)"},
    SettingOption{kPatience, "silence-timeout", "idle-timeout", text, "SECONDS", "The old name of --idle-timeout"},
    SettingOption{kPlaces, "base-url", "base-url", text, "URL",
                  "The service (default: $KLINGV2A_BASE_URL, then CometAPI)"},
    SettingOption{kPlaces, "journal", "journal", text, "WHERE",
                  "The record of what was paid: a file or postgresql://… (default: $KLINGV2A_JOURNAL)", true},
    SettingOption{kPlaces, "spool-dir", "spool-dir", text, "FOLDER",
                  "Where things lie while they are needed ($TMPDIR unless that is in memory, then /var/tmp)"},
    SettingOption{kPlaces, "max-hold-bytes", "max-hold-bytes", text, "BYTES", "Of held frames in memory (64 MiB)"},
    SettingOption{kPlaces, "max-kept-bytes", "max-kept-bytes", text, "BYTES",
                  "Of all cached sounds; 0 caches none (2 GiB)"},
    SettingOption{kPlaces, "max-result-bytes", "max-result-bytes", text, "BYTES", "Of one downloaded sound (200 MiB)"},
};

constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;

double number_of(const SettingOption& option, const std::string& given) {
  char* end = nullptr;
  const double number = g_ascii_strtod(given.c_str(), &end);
  if (given.empty() || *end || !std::isfinite(number))
    throw UsageError("--" + std::string(option.name) + ": '" + given + "' is not a number of milliseconds");
  return number;
}

}  // namespace

std::span<const SettingOption> setting_options() {
  return kOptions;
}

const SettingOption* find_option(std::string_view name) {
  const auto* found =
      std::ranges::find(kOptions, name, [](const auto& option) { return std::string_view(option.name); });
  return found == kOptions.end() ? nullptr : found;
}

const SettingOption* option_of_property(std::string_view property) {
  const auto* found =
      std::ranges::find(kOptions, property, [](const auto& option) { return std::string_view(option.property); });
  return found == kOptions.end() ? nullptr : found;
}

bool needs_trust(std::string_view property) {
  constexpr std::array<std::string_view, 9> kHarmless{"video-url",     "video-id",         "conform",
                                                      "proxy-bitrate", "external-task-id", "timeout",
                                                      "on-failure",    "connect-timeout",  "idle-timeout"};
  const SettingOption* option = option_of_property(property);
  if (!option) return true;
  const std::string_view group = option->group;
  return group != kSound && group != kOutput && std::ranges::find(kHarmless, property) == kHarmless.end();
}

bool is_secret(std::string_view property) {
  return std::ranges::any_of(kOptions,
                             [&](const auto& option) { return option.secret && property == option.property; });
}

bool shapes_output(std::string_view property) {
  constexpr std::array<std::string_view, 3> kOthers{"video-url", "video-id", "on-failure"};
  const bool is_of_the_sound = std::ranges::any_of(kOptions, [&](const auto& option) {
    const std::string_view group = option.group;
    return property == option.property && (group == kSound || group == kOutput);
  });
  return is_of_the_sound || std::ranges::find(kOthers, property) != kOthers.end();
}

Setting to_setting(const SettingOption& option, const std::string& given) {
  switch (option.kind) {
    case flag:
      return {option.property, given};
    case off_switch:
      return {option.property, given == "true" ? "false" : "true"};
    case milliseconds: {
      const double length = number_of(option, given);
      if (length < 0) throw UsageError("--" + std::string(option.name) + ": a time is not negative");
      return {option.property, std::to_string(std::llround(length * kNanosecondsPerMillisecond))};
    }
    case loudness:
      return {option.property, given == "off" ? "0" : given};
    case prompt:
    case text:
      break;
  }
  return {option.property, given};
}

std::string value_of(const Settings& settings, std::string_view property) {
  std::string value;
  for (const Setting& setting : settings)
    if (setting.property == property) value = setting.value;
  return value;
}

void set_default(Settings& settings, const std::string& property, const std::string& value) {
  const bool is_set = std::ranges::any_of(settings, [&](const Setting& set) { return set.property == property; });
  if (!is_set) settings.push_back({property, value});
}

}  // namespace klingv2a::cli
