// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What an element counts and measures, for the property `stats`. One table says of each value its name, its unit and
// how the values of two clips become one; the GstStructure is made from it, and a test compares the reference document
// with it. Plain values; whoever owns them guards them.
#pragma once

#include <gst/gst.h>

#include <span>
#include <string>
#include <variant>

#include "gst_ptr.h"

namespace klingv2a {

struct Statistics {
  guint clips = 0, tasks = 0, retries = 0, polls = 0;
  guint paid_tasks = 0;  // of `tasks`, those that were asked for by this element now
  guint kept_sounds = 0, waits_for_another = 0, journal_failures = 0, files_left = 0;
  guint warnings = 0;
  guint callbacks = 0, callbacks_dropped = 0;
  std::string callbacks_dropped_reason, last_retry_reason;
  std::string origin, sound_form, last_error_kind;
  std::string conformed, encoder;  // why the last clip was transcoded, and by which element
  guint64 spooled_bytes = 0;       // in the spool files of the last clip that needed one and of its companions
  double proxy_s = 0, publish_s = 0, submit_s = 0, wait_s = 0, download_s = 0, decode_s = 0;
  guint64 proxy_bytes = 0, result_bytes = 0;
  std::string proxy_hash, result_hash;
  guint64 frames_in = 0, frames_out = 0;  // since the last flush
  gint64 samples = 0, samples_padded = 0, samples_trimmed = 0;
  guint64 pre_roll = 0, clip_length = 0;

  // Adds what a later clip has counted and measured.
  void add(const Statistics& later);
};

// How the values of several clips become one.
enum class Fold {
  sum,
  last,           // the last one that says something
  of_last_cut,    // of the last clip that was cut
  of_last_sound,  // of the last clip that has got its sound
};

struct StatisticRow {
  const char* name;
  const char* unit;  // empty: a number, or a text
  Fold fold;
  std::variant<guint Statistics::*, guint64 Statistics::*, gint64 Statistics::*, double Statistics::*,
               std::string Statistics::*>
      member;
};

[[nodiscard]] std::span<const StatisticRow> statistic_rows();
// `klingv2a-stats`, with a field for each row.
[[nodiscard]] StructurePtr to_structure(const Statistics& statistics);

}  // namespace klingv2a
