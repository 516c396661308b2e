// SPDX-License-Identifier: LGPL-2.1-or-later
#include "chapter_times.h"

#include <algorithm>

namespace klingv2a {

namespace {

constexpr int kDeepest = 8;
constexpr int kMostEntries = 100'000;

class Walk {
 public:
  void visit(GList* entries, int depth) {
    if (depth > kDeepest) return;
    for (; entries && seen_ < kMostEntries; entries = entries->next) {
      ++seen_;
      auto* entry = static_cast<GstTocEntry*>(entries->data);
      note(entry);
      visit(gst_toc_entry_get_sub_entries(entry), depth + 1);
    }
  }
  std::vector<Nanoseconds> times;

 private:
  void note(const GstTocEntry* entry) {
    gint64 start = 0, stop = 0;
    if (gst_toc_entry_get_entry_type(entry) != GST_TOC_ENTRY_TYPE_CHAPTER) return;
    if (gst_toc_entry_get_start_stop_times(entry, &start, &stop) && start > 0) times.push_back(start);
  }
  int seen_ = 0;
};

}  // namespace

std::vector<Nanoseconds> chapter_times(GstToc* toc) {
  Walk walk;
  if (toc) walk.visit(gst_toc_get_entries(toc), 0);
  auto& times = walk.times;
  std::ranges::sort(times);
  times.erase(std::unique(times.begin(), times.end()), times.end());
  return times;
}

}  // namespace klingv2a
