// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The element's properties as plain values, their GObject side, and the snapshot that a clip takes of them.
// Guarded by the element's mutex; a snapshot is a copy and belongs to whoever took it.
#pragma once

#include <gst/gst.h>

#include <string>

#include "conform.h"
#include "cycle/cycle.h"
#include "gst_ptr.h"

namespace klingv2a {

enum class OnFailure { error, silence };

struct Settings {
  std::string api_key;                 // secret; empty: from the environment
  std::string access_key, secret_key;  // secrets; Kling's own pair, instead of api_key
  std::string base_url;                // empty: from the environment, else CometAPI
  std::string video_url, video_id;     // at most one
  std::string publish;                 // empty: serve:// on loopback when the service is there
  StructurePtr publish_headers;        // secret; may be null
  std::string publish_public_url;
  guint publish_expiry_s = 0;
  bool publish_check = true;
  bool publish_keep = false;
  bool asmr_mode = false;
  bool dry_run = false;
  std::string sound_effect_prompt, bgm_prompt;
  std::string external_task_id, callback_url;
  std::string callback_listen, callback_certificate, callback_key;
  std::string callback_secret;  // secret; empty: from the environment
  guint take = 0;
  OnFailure on_failure = OnFailure::error;
  guint timeout_s = 20 * 60;
  guint connect_timeout_s = 10;
  guint idle_timeout_s = 30;
  Conform conform = Conform::automatic;
  guint proxy_bitrate_kbit = 8000;
  guint max_tasks = 5;
  guint64 max_result_bytes = 200ull * 1024 * 1024;
  std::string spool_dir;
  guint64 max_hold_bytes = 64ull * 1024 * 1024;
  std::string journal;  // may hold a password; empty: from the environment, else the default
  guint64 max_kept_bytes = 2ull * 1024 * 1024 * 1024;
  cycle::OnUnknown on_unknown = cycle::OnUnknown::error;
  GstClockTime latency = 0;
  double join_price = 0.5;  // clips
  GstClockTime plan_ahead = 60 * GST_SECOND;
  guint max_clips = 16;
  guint max_clips_ahead = 6;
  bool no_music = true;

  [[nodiscard]] bool by_reference() const noexcept { return !video_url.empty() || !video_id.empty(); }
};

// What a run works with: properties and environment resolved, nothing left to look up.
struct RunSettings {
  cycle::CycleSettings cycle;
  OnFailure on_failure = OnFailure::error;
  guint take = 0;
  Seconds timeout{20 * 60};
  std::string spool_dir;
  Conform conform = Conform::automatic;
  guint proxy_bitrate_kbit = 8000;
  bool dry_run = false;
  [[nodiscard]] bool by_reference() const noexcept {
    return !cycle.request.video_url.empty() || !cycle.request.video_id.empty();
  }
};

// `clip_number` counts from 1: an `external-task-id` is sent as given for the first clip and with "-2", "-3" … after
// it.
[[nodiscard]] RunSettings snapshot(const Settings& settings, unsigned clip_number);
// What clip number 1 was to have, for another one.
[[nodiscard]] RunSettings for_clip(RunSettings settings, unsigned clip_number);

// Does a run listen on a port that only one can have at a time?
[[nodiscard]] bool wants_port_alone(const RunSettings& settings);

// Throws Error{settings|credentials|input} for everything that is known to be wrong before any data. No network.
void check(const RunSettings& settings);

// Installs the properties that Settings holds on the class; ids start at 1.
void install_settings(GObjectClass* gobject_class);
// Return false for an id that is not a setting. The caller holds the element's mutex.
bool set_setting(Settings& settings, guint id, const GValue* value);
bool get_setting(const Settings& settings, guint id, GValue* value);
// The first id that is free for the element's own properties.
[[nodiscard]] guint first_free_property_id();

GType on_failure_get_type();
GType on_unknown_get_type();
GType conform_get_type();

}  // namespace klingv2a
