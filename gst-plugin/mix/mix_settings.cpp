// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mix/mix_settings.h"

#include <array>
#include <span>

#include "enum_type.h"
#include "property_table.h"

namespace klingv2a {

namespace {

constexpr guint64 kLongestDuckTime = 10 * GST_SECOND;

GType mode_get_type() {
  static gsize once = 0;
  static const std::array<GEnumValue, 3> values{
      GEnumValue{static_cast<int>(MixMode::duck), "The generated sound goes down while the original speaks", "duck"},
      GEnumValue{static_cast<int>(MixMode::mix), "Both at their levels", "mix"}, GEnumValue{0, nullptr, nullptr}};
  return enum_type(&once, "GstKlingV2AMixMode", values.data());
}

// Each property once. A new one is a row here, at the end, and a line in README.md, which element_properties_test
// compares.
constexpr Property<MixProperties> kProperties[] = {
    {"mode", "Mode", "How the two sounds are put together",
     choice<MixProperties, MixMode, &MixProperties::mode>(mode_get_type)},
    {"duck-depth", "Ducking depth", "By how much the generated sound is lowered while the original speaks (in dB)",
     Number<MixProperties, double>{&MixProperties::duck_depth, 0, 60}},
    {"duck-threshold", "Ducking threshold",
     "Level (RMS of the loudest channel) from which on the original speaks, relative to its own programme "
     "loudness (in dB)",
     Number<MixProperties, double>{&MixProperties::duck_threshold, -60, 20}},
    {"duck-attack", "Ducking attack",
     "How long the generated sound takes to go down; it is down when the original begins to speak (in nanoseconds)",
     Number<MixProperties, guint64>{&MixProperties::duck_attack, 0, kLongestDuckTime}},
    {"duck-hold", "Ducking hold",
     "How long the generated sound stays down after the original has spoken (in nanoseconds)",
     Number<MixProperties, guint64>{&MixProperties::duck_hold, 0, kLongestDuckTime}},
    {"duck-release", "Ducking release", "How long the generated sound takes to come up again (in nanoseconds)",
     Number<MixProperties, guint64>{&MixProperties::duck_release, 0, kLongestDuckTime}},
    {"original-level", "Original level", "Level of the original sound in the mix (in dB)",
     Number<MixProperties, double>{&MixProperties::original_level, -80, 20}},
    {"generated-level", "Generated level", "Level of the generated sound in the mix (in dB)",
     Number<MixProperties, double>{&MixProperties::generated_level, -80, 20}},
    {"loudness", "Loudness",
     "Programme loudness (EBU R 128) that the mix is brought to; 0: it is left as it is (in LUFS)",
     Number<MixProperties, double>{&MixProperties::loudness, -70, 0}},
    {"true-peak", "True peak", "Ceiling that no peak of the mix goes over, between samples neither (in dBTP)",
     Number<MixProperties, double>{&MixProperties::true_peak, -20, 0}},
    {"max-hold-bytes", "Held in memory",
     "How much sound stays in memory; what is beyond waits in a file in spool-dir (in bytes)",
     Number<MixProperties, guint64>{&MixProperties::max_hold_bytes, 0, G_MAXUINT64}},
    {"spool-dir", "Spool directory",
     "Where sound is kept that is too much for memory; if unset, TMPDIR unless that is in memory, then /var/tmp",
     Text<MixProperties>{&MixProperties::spool_dir}},
    {"gain", "Gain",
     "Gain of the whole mix, which is then not measured, whatever loudness says; -1000: it is measured (in dB)",
     Number<MixProperties, double>{&MixProperties::gain, kNotGiven, 60}},
    {"original-loudness", "Loudness of the original",
     "Programme loudness of the original alone, which duck-threshold is relative to; -1000: it is measured (in LUFS)",
     Number<MixProperties, double>{&MixProperties::original_loudness, kNotGiven, 30}},
    {"limiter-ceiling", "Ceiling of the limiter",
     "Where the limiter works when nothing is measured, as stats said it; -1000: 0.15 dB below true-peak (in dBTP)",
     Number<MixProperties, double>{&MixProperties::limiter_ceiling, kNotGiven, mix::kNoLimit}},
    {"max-ahead", "Ahead at most",
     "When nothing is measured: how much sound of an input may wait for the other one (in nanoseconds)",
     Number<MixProperties, guint64>{&MixProperties::max_ahead, 100 * GST_MSECOND, 3600 * GST_SECOND}},
};

constexpr std::span<const Property<MixProperties>> kTable{kProperties};

double seconds(guint64 ns) {
  return static_cast<double>(ns) / static_cast<double>(GST_SECOND);
}

}  // namespace

bool MixProperties::streams() const {
  const bool has_gain = gain != kNotGiven || loudness == 0;
  return has_gain && (mode != MixMode::duck || original_loudness != kNotGiven);
}

mix::StreamSettings MixProperties::streaming() const {
  return {.mixing = mixing(std::nullopt),
          .gain_db = gain == kNotGiven ? 0 : gain,
          .limit_db = limiter_ceiling == kNotGiven ? mix::usual_limit(true_peak) : limiter_ceiling};
}

mix::MixSettings MixProperties::mixing(std::optional<double> measured_loudness) const {
  const double reference =
      original_loudness == kNotGiven ? measured_loudness.value_or(kUsualLoudness) : original_loudness;
  return {.duck = mode == MixMode::duck,
          .ducking = {.depth_db = duck_depth,
                      .threshold_db = reference + duck_threshold,
                      .attack_s = seconds(duck_attack),
                      .hold_s = seconds(duck_hold),
                      .release_s = seconds(duck_release)},
          .original_db = original_level,
          .generated_db = generated_level};
}

mix::MasterSettings MixProperties::mastering() const {
  return {
      .loudness = loudness, .true_peak = true_peak, .gain_db = gain == kNotGiven ? std::nullopt : std::optional(gain)};
}

guint first_free_mix_property() {
  return std::size(kProperties) + 1;
}

guint install_mix_properties(GObjectClass* gobject_class) {
  return install_properties(gobject_class, kTable);
}

bool set_mix_property(MixProperties& properties, guint id, const GValue* value) {
  return set_in(properties, kTable, id, value);
}

bool get_mix_property(const MixProperties& properties, guint id, GValue* value) {
  return get_from(properties, kTable, id, value);
}

}  // namespace klingv2a
