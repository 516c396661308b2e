// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mix/mix_settings.h"

#include <array>

#include "enum_type.h"
#include "setting.h"

namespace klingv2a {

namespace {

enum Id : guint {
  kMode = 1,
  kDuckDepth,
  kDuckThreshold,
  kDuckAttack,
  kDuckHold,
  kDuckRelease,
  kOriginalLevel,
  kGeneratedLevel,
  kLoudness,
  kTruePeak,
  kMaxHoldBytes,
  kSpoolDir,
  kFirstFree,
};

constexpr auto kReadWrite = static_cast<GParamFlags>(G_PARAM_READWRITE | kSettingFlags);

struct DoubleProperty {
  Id id;
  double MixProperties::*member;
  const char *name, *nick, *blurb;
  double min, max;
};

constexpr std::array kDoubles{
    DoubleProperty{kDuckDepth, &MixProperties::duck_depth, "duck-depth", "Ducking depth",
                   "By how much the generated sound is lowered while the original speaks (in dB)", 0, 60},
    DoubleProperty{
        kDuckThreshold, &MixProperties::duck_threshold, "duck-threshold", "Ducking threshold",
        "Level (RMS of the loudest channel) from which on the original speaks, relative to its own programme "
        "loudness (in dB)",
        -60, 20},
    DoubleProperty{kOriginalLevel, &MixProperties::original_level, "original-level", "Original level",
                   "Level of the original sound in the mix (in dB)", -80, 20},
    DoubleProperty{kGeneratedLevel, &MixProperties::generated_level, "generated-level", "Generated level",
                   "Level of the generated sound in the mix (in dB)", -80, 20},
    DoubleProperty{kLoudness, &MixProperties::loudness, "loudness", "Loudness",
                   "Programme loudness (EBU R 128) that the mix is brought to; 0: it is left as it is (in LUFS)", -70,
                   0},
    DoubleProperty{kTruePeak, &MixProperties::true_peak, "true-peak", "True peak",
                   "Ceiling that no peak of the mix goes over, between samples neither (in dBTP)", -20, 0},
};

struct TimeProperty {
  Id id;
  guint64 MixProperties::*member;
  const char *name, *nick, *blurb;
};

constexpr std::array kTimes{
    TimeProperty{
        kDuckAttack, &MixProperties::duck_attack, "duck-attack", "Ducking attack",
        "How long the generated sound takes to go down; it is down when the original begins to speak (in nanoseconds)"},
    TimeProperty{kDuckHold, &MixProperties::duck_hold, "duck-hold", "Ducking hold",
                 "How long the generated sound stays down after the original has spoken (in nanoseconds)"},
    TimeProperty{kDuckRelease, &MixProperties::duck_release, "duck-release", "Ducking release",
                 "How long the generated sound takes to come up again (in nanoseconds)"},
};

// Of an original that is too short to have a loudness.
constexpr double kUsualLoudness = -23;
constexpr guint64 kLongestDuckTime = 10 * GST_SECOND;

GType mode_get_type() {
  static gsize once = 0;
  static const std::array<GEnumValue, 3> values{
      GEnumValue{static_cast<int>(MixMode::duck), "The generated sound goes down while the original speaks", "duck"},
      GEnumValue{static_cast<int>(MixMode::mix), "Both at their levels", "mix"}, GEnumValue{0, nullptr, nullptr}};
  return enum_type(&once, "GstKlingV2AMixMode", values.data());
}

void install_mode(GObjectClass* gobject_class) {
  gst_type_mark_as_plugin_api(mode_get_type(), static_cast<GstPluginAPIFlags>(0));
  g_object_class_install_property(gobject_class, kMode,
                                  g_param_spec_enum("mode", "Mode", "How the two sounds are put together",
                                                    mode_get_type(), static_cast<int>(MixMode::duck), kReadWrite));
}

void install_store(GObjectClass* gobject_class) {
  const MixProperties initial;
  g_object_class_install_property(
      gobject_class, kMaxHoldBytes,
      g_param_spec_uint64("max-hold-bytes", "Held in memory",
                          "How much sound stays in memory; what is beyond waits in a file in spool-dir (in bytes)", 0,
                          G_MAXUINT64, initial.max_hold_bytes, kReadWrite));
  g_object_class_install_property(
      gobject_class, kSpoolDir,
      g_param_spec_string("spool-dir", "Spool directory",
                          "Where sound is kept that is too much for memory; if unset, TMPDIR unless that is in "
                          "memory, then /var/tmp",
                          nullptr, kReadWrite));
}

double seconds(guint64 ns) {
  return static_cast<double>(ns) / static_cast<double>(GST_SECOND);
}

}  // namespace

mix::MixSettings MixProperties::mixing(std::optional<double> original_loudness) const {
  return {.duck = mode == MixMode::duck,
          .ducking = {.depth_db = duck_depth,
                      .threshold_db = original_loudness.value_or(kUsualLoudness) + duck_threshold,
                      .attack_s = seconds(duck_attack),
                      .hold_s = seconds(duck_hold),
                      .release_s = seconds(duck_release)},
          .original_db = original_level,
          .generated_db = generated_level};
}

mix::MasterSettings MixProperties::mastering() const {
  return {.loudness = loudness, .true_peak = true_peak};
}

guint first_free_mix_property() {
  return kFirstFree;
}

guint install_mix_properties(GObjectClass* gobject_class) {
  const MixProperties initial;
  install_mode(gobject_class);
  for (const auto& row : kDoubles)
    g_object_class_install_property(
        gobject_class, row.id,
        g_param_spec_double(row.name, row.nick, row.blurb, row.min, row.max, initial.*row.member, kReadWrite));
  for (const auto& row : kTimes)
    g_object_class_install_property(
        gobject_class, row.id,
        g_param_spec_uint64(row.name, row.nick, row.blurb, 0, kLongestDuckTime, initial.*row.member, kReadWrite));
  install_store(gobject_class);
  return kFirstFree;
}

bool set_mix_property(MixProperties& properties, guint id, const GValue* value) {
  for (const auto& row : kDoubles)
    if (row.id == id) return properties.*row.member = g_value_get_double(value), true;
  for (const auto& row : kTimes)
    if (row.id == id) return properties.*row.member = g_value_get_uint64(value), true;
  if (id == kMode) return properties.mode = static_cast<MixMode>(g_value_get_enum(value)), true;
  if (id == kMaxHoldBytes) return properties.max_hold_bytes = g_value_get_uint64(value), true;
  if (id != kSpoolDir) return false;
  const char* text = g_value_get_string(value);
  properties.spool_dir = text ? text : "";
  return true;
}

bool get_mix_property(const MixProperties& properties, guint id, GValue* value) {
  for (const auto& row : kDoubles)
    if (row.id == id) return g_value_set_double(value, properties.*row.member), true;
  for (const auto& row : kTimes)
    if (row.id == id) return g_value_set_uint64(value, properties.*row.member), true;
  if (id == kMode) return g_value_set_enum(value, static_cast<int>(properties.mode)), true;
  if (id == kMaxHoldBytes) return g_value_set_uint64(value, properties.max_hold_bytes), true;
  if (id != kSpoolDir) return false;
  g_value_set_string(value, properties.spool_dir.empty() ? nullptr : properties.spool_dir.c_str());
  return true;
}

}  // namespace klingv2a
