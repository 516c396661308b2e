// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mix/mix_report.h"

namespace klingv2a {

namespace {

void add_measured(GstStructure* structure, const mix::Mastering& mastering) {
  gst_structure_set(structure, "loudness-before", G_TYPE_DOUBLE, mastering.loudness_before, "loudness-after",
                    G_TYPE_DOUBLE, mastering.loudness_after, "true-peak-before", G_TYPE_DOUBLE,
                    mastering.true_peak_before, "true-peak-after", G_TYPE_DOUBLE, mastering.true_peak_after,
                    "target-reached", G_TYPE_BOOLEAN, static_cast<gboolean>(mastering.reached), nullptr);
}

}  // namespace

StructurePtr MixReport::to_structure() const {
  StructurePtr structure(gst_structure_new_empty("klingv2amix"));
  if (!is_streamed) add_measured(structure.get(), mastering);
  gst_structure_set(structure.get(), "gain", G_TYPE_DOUBLE, mastering.gain_db, "original-loudness", G_TYPE_DOUBLE,
                    original_loudness, "limiter-ceiling", G_TYPE_DOUBLE, mastering.limit_db.value_or(mix::kNoLimit),
                    "measured", G_TYPE_BOOLEAN, static_cast<gboolean>(mastering.measured), "limited-samples",
                    G_TYPE_INT64, mastering.limited_frames, "ducked-samples", G_TYPE_INT64, mastering.ducked_frames,
                    "samples", G_TYPE_INT64, mastering.frames, "channels", G_TYPE_UINT, static_cast<guint>(channels),
                    "held-bytes", G_TYPE_UINT64, held_bytes, "spooled-bytes", G_TYPE_UINT64, spooled_bytes,
                    "repaired-samples", G_TYPE_UINT64, repaired_samples, nullptr);
  return structure;
}

}  // namespace klingv2a
