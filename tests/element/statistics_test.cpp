// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The table of statistics: what the values of two clips become, and what the GstStructure says.
#include "statistics.h"

#include <gtest/gtest.h>

#include <set>

namespace klingv2a {
namespace {

TEST(Statistics, NumbersAddUpAndTheLastClipsValuesStay) {
  Statistics all{.polls = 3,
                 .origin = "submitted",
                 .sound_form = "wav",
                 .proxy_s = 1.5,
                 .samples = 100,
                 .lead_in = 40,
                 .clip_length = 4000};
  all.add({.polls = 4, .origin = "kept", .sound_form = "mp3", .samples = 50, .clip_length = 3000});
  EXPECT_EQ(all.polls, 7U);
  EXPECT_EQ(all.origin, "kept");
  EXPECT_EQ(all.sound_form, "mp3");
  EXPECT_EQ(all.proxy_s, 0) << "the last sound has no proxy";
  EXPECT_EQ(all.samples, 50);
  EXPECT_EQ(all.lead_in, 0U);
}

TEST(Statistics, AClipWithoutASoundLeavesTheLastSoundsValues) {
  Statistics all{.sound_form = "wav", .conformed = "size", .samples = 100, .clip_length = 4000};
  all.add({.retries = 1});
  EXPECT_EQ(all.retries, 1U);
  EXPECT_EQ(all.conformed, "size");
  EXPECT_EQ(all.samples, 100);
  EXPECT_EQ(all.clip_length, 4000U);
}

TEST(Statistics, StructureHasEachRowOnce) {
  const Statistics statistics{.tasks = 2, .proxy_s = 0.5, .samples = -1};
  const auto structure = to_structure(statistics);
  std::set<std::string> names;
  for (const StatisticRow& row : statistic_rows()) {
    EXPECT_TRUE(gst_structure_has_field(structure.get(), row.name)) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name << " stands twice";
  }
  EXPECT_EQ(static_cast<std::size_t>(gst_structure_n_fields(structure.get())), names.size());
  guint tasks = 0;
  gint64 samples = 0;
  double seconds = 0;
  EXPECT_TRUE(gst_structure_get(structure.get(), "tasks", G_TYPE_UINT, &tasks, "samples", G_TYPE_INT64, &samples,
                                "proxy-seconds", G_TYPE_DOUBLE, &seconds, nullptr));
  EXPECT_EQ(tasks, 2U);
  EXPECT_EQ(samples, -1);
  EXPECT_EQ(seconds, 0.5);
}

}  // namespace
}  // namespace klingv2a
