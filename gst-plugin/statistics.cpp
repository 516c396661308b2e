// SPDX-License-Identifier: LGPL-2.1-or-later
#include "statistics.h"

namespace klingv2a {

namespace {

using S = Statistics;

constexpr StatisticRow kRows[] = {
    {"clips", "", Fold::sum, &S::clips},
    {"tasks", "", Fold::sum, &S::tasks},
    {"paid-tasks", "", Fold::sum, &S::paid_tasks},
    {"kept-sounds", "", Fold::sum, &S::kept_sounds},
    {"waits-for-another", "", Fold::sum, &S::waits_for_another},
    {"journal-failures", "", Fold::sum, &S::journal_failures},
    {"files-left", "", Fold::sum, &S::files_left},
    {"origin", "", Fold::last, &S::origin},
    {"polls", "", Fold::sum, &S::polls},
    {"callbacks", "", Fold::sum, &S::callbacks},
    {"callbacks-dropped", "", Fold::sum, &S::callbacks_dropped},
    {"callbacks-dropped-reason", "", Fold::last, &S::callbacks_dropped_reason},
    {"retries", "", Fold::sum, &S::retries},
    {"last-retry-reason", "", Fold::last, &S::last_retry_reason},
    {"warnings", "", Fold::sum, &S::warnings},
    {"last-error-kind", "", Fold::last, &S::last_error_kind},
    {"conformed", "", Fold::last, &S::conformed},
    {"encoder", "", Fold::last, &S::encoder},
    {"spooled-bytes", "bytes", Fold::last, &S::spooled_bytes},
    {"sound-form", "", Fold::last, &S::sound_form},
    {"frames-in", "frames", Fold::sum, &S::frames_in},
    {"frames-out", "frames", Fold::sum, &S::frames_out},
    {"clip-length", "ns", Fold::of_last_cut, &S::clip_length},
    {"lead-in", "ns", Fold::of_last_cut, &S::pre_roll},
    {"samples", "samples", Fold::of_last_sound, &S::samples},
    {"samples-padded", "samples", Fold::of_last_sound, &S::samples_padded},
    {"samples-trimmed", "samples", Fold::of_last_sound, &S::samples_trimmed},
    {"proxy-bytes", "bytes", Fold::of_last_sound, &S::proxy_bytes},
    {"proxy-hash", "", Fold::of_last_sound, &S::proxy_hash},
    {"result-bytes", "bytes", Fold::of_last_sound, &S::result_bytes},
    {"result-hash", "", Fold::of_last_sound, &S::result_hash},
    {"proxy-seconds", "s", Fold::of_last_sound, &S::proxy_s},
    {"publish-seconds", "s", Fold::of_last_sound, &S::publish_s},
    {"submit-seconds", "s", Fold::of_last_sound, &S::submit_s},
    {"wait-seconds", "s", Fold::of_last_sound, &S::wait_s},
    {"download-seconds", "s", Fold::of_last_sound, &S::download_s},
    {"decode-seconds", "s", Fold::of_last_sound, &S::decode_s},
};

bool replaces(Fold fold, const Statistics& later, bool says_something) {
  switch (fold) {
    case Fold::of_last_cut:
      return later.clip_length > 0;
    case Fold::of_last_sound:
      return !later.sound_form.empty();
    default:
      return says_something;
  }
}

// Fills `value`, which is not initialised.
void set_value(GValue& value, const std::string& text) {
  g_value_init(&value, G_TYPE_STRING);
  g_value_set_string(&value, text.c_str());
}
void set_value(GValue& value, guint number) {
  g_value_init(&value, G_TYPE_UINT);
  g_value_set_uint(&value, number);
}
void set_value(GValue& value, guint64 number) {
  g_value_init(&value, G_TYPE_UINT64);
  g_value_set_uint64(&value, number);
}
void set_value(GValue& value, gint64 number) {
  g_value_init(&value, G_TYPE_INT64);
  g_value_set_int64(&value, number);
}
void set_value(GValue& value, double number) {
  g_value_init(&value, G_TYPE_DOUBLE);
  g_value_set_double(&value, number);
}

}  // namespace

void Statistics::add(const Statistics& later) {
  const auto fold = [&](const StatisticRow& row, auto member) {
    if (row.fold == Fold::sum)
      this->*member += later.*member;
    else if (replaces(row.fold, later, later.*member != decltype(later.*member + later.*member){}))
      this->*member = later.*member;
  };
  for (const StatisticRow& row : kRows) std::visit([&](auto member) { fold(row, member); }, row.member);
}

std::span<const StatisticRow> statistic_rows() {
  return kRows;
}

StructurePtr to_structure(const Statistics& statistics) {
  StructurePtr structure(gst_structure_new_empty("klingv2a-stats"));
  for (const StatisticRow& row : kRows) {
    GValue value = G_VALUE_INIT;
    std::visit([&](auto member) { set_value(value, statistics.*member); }, row.member);
    gst_structure_take_value(structure.get(), row.name, &value);
  }
  return structure;
}

}  // namespace klingv2a
