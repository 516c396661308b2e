// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of klingv2amix as plain values. Copied under the element's mutex; a run takes a snapshot.
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string>

#include "mix/mastering.h"
#include "mix/programme.h"
#include "mix/stream_mixer.h"

namespace klingv2a {

enum class MixMode { duck, mix };

// Of the properties that say what would else be measured, or follows from others: not given.
inline constexpr double kNotGiven = -1000;

struct MixProperties {
  MixMode mode = MixMode::duck;
  double duck_depth = 12, duck_threshold = -10;  // dB; the latter relative to the original's programme loudness
  guint64 duck_attack = 100 * GST_MSECOND, duck_hold = 400 * GST_MSECOND, duck_release = 600 * GST_MSECOND;
  double original_level = 0, generated_level = 0;  // dB
  double loudness = -23;                           // LUFS, 0: off
  double true_peak = -1;                           // dBTP
  guint64 max_hold_bytes = 16ULL * 1024 * 1024;
  std::string spool_dir;
  double gain = kNotGiven;               // dB
  double original_loudness = kNotGiven;  // LUFS
  double limiter_ceiling = kNotGiven;    // dBTP
  guint64 max_ahead = 2 * GST_SECOND;

  // Whether nothing has to be measured, so that the mix can play as its inputs come.
  [[nodiscard]] bool streams() const;
  // What it plays with, then.
  [[nodiscard]] mix::StreamSettings streaming() const;
  // `measured_loudness` in LUFS, of the original alone; none: it has no loudness, or nothing depends on it. The one
  // that is given counts more.
  [[nodiscard]] mix::MixSettings mixing(std::optional<double> measured_loudness) const;
  [[nodiscard]] mix::MasterSettings mastering() const;
};

// The loudness that ducking reckons with when the original has none, in LUFS.
inline constexpr double kUsualLoudness = -23;

// Installs them all; returns the first property id that is free.
guint install_mix_properties(GObjectClass* gobject_class);
// False: there is no such property.
[[nodiscard]] bool set_mix_property(MixProperties& properties, guint id, const GValue* value);
[[nodiscard]] bool get_mix_property(const MixProperties& properties, guint id, GValue* value);
[[nodiscard]] guint first_free_mix_property();

}  // namespace klingv2a
