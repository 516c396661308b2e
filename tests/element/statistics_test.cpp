// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The table of statistics: what the values of two clips become, and what the GstStructure says.
#include "statistics.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>

namespace klingv2a {
namespace {

TEST(Statistics, NumbersAddUpAndTheLastClipsValuesStay) {
  Statistics all{.polls = 3,
                 .origin = "submitted",
                 .sound_form = "wav",
                 .proxy_s = 1.5,
                 .samples = 100,
                 .pre_roll = 40,
                 .clip_length = 4000};
  all.add({.polls = 4, .origin = "kept", .sound_form = "mp3", .samples = 50, .clip_length = 3000});
  EXPECT_EQ(all.polls, 7U);
  EXPECT_EQ(all.origin, "kept");
  EXPECT_EQ(all.sound_form, "mp3");
  EXPECT_EQ(all.proxy_s, 0) << "the last sound has no proxy";
  EXPECT_EQ(all.samples, 50);
  EXPECT_EQ(all.pre_roll, 0U);
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

// docs/operations.md, each field by its name: the unit.
TEST(Statistics, AreTheDocumentedOnes) {
  std::ifstream document(KLINGV2A_DOCS "/operations.md");
  std::map<std::string, std::string> documented, rows;
  bool is_inside = false;
  for (std::string line; std::getline(document, line);) {
    const bool is_head = line.starts_with("| field | unit |");
    is_inside = is_head || (is_inside && line.starts_with("|"));
    if (!is_inside || is_head) continue;
    const std::size_t bar = line.find('|', 1);
    const std::string cell = line.substr(1, bar - 1), rest = line.substr(bar + 2);
    const std::regex name("`([a-z-]+)`");
    for (std::sregex_iterator found(cell.begin(), cell.end(), name), end; found != end; ++found)
      documented[(*found)[1]] = rest.substr(0, rest.find_first_of(" |"));
  }
  for (const StatisticRow& row : statistic_rows()) rows[row.name] = row.unit;
  EXPECT_EQ(rows, documented);
}

}  // namespace
}  // namespace klingv2a
