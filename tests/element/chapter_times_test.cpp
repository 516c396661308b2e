// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where the chapters of a table of contents begin.
#include "chapter_times.h"

#include <gtest/gtest.h>

#include "gst_ptr.h"

namespace klingv2a {
namespace {

using Times = std::vector<Nanoseconds>;
using TocPtr = MiniPtr<GstToc>;

GstTocEntry* entry(GstTocEntryType type, Nanoseconds start) {
  auto* made = gst_toc_entry_new(type, std::to_string(start).c_str());
  gst_toc_entry_set_start_stop_times(made, start, start + kSecond);
  return made;
}

GstTocEntry* chapter(Nanoseconds start) {
  return entry(GST_TOC_ENTRY_TYPE_CHAPTER, start);
}

TEST(ChapterTimes, AreThoseOfEachChapterOnce) {
  const auto toc = TocPtr::adopt(gst_toc_new(GST_TOC_SCOPE_GLOBAL));
  for (const auto start : {0 * kSecond, 9 * kSecond, 4 * kSecond, 9 * kSecond})
    gst_toc_append_entry(toc.get(), chapter(start));
  EXPECT_EQ(chapter_times(toc.get()), (Times{4 * kSecond, 9 * kSecond}));
}

TEST(ChapterTimes, AreInEditionsAndChapters) {
  const auto toc = TocPtr::adopt(gst_toc_new(GST_TOC_SCOPE_GLOBAL));
  auto* edition = entry(GST_TOC_ENTRY_TYPE_EDITION, kSecond);
  auto* outer = chapter(5 * kSecond);
  gst_toc_entry_append_sub_entry(outer, chapter(6 * kSecond));
  gst_toc_entry_append_sub_entry(edition, outer);
  gst_toc_append_entry(toc.get(), edition);
  EXPECT_EQ(chapter_times(toc.get()), (Times{5 * kSecond, 6 * kSecond}));
}

TEST(ChapterTimes, WithoutATableAreNone) {
  EXPECT_EQ(chapter_times(nullptr), Times{});
}

TEST(ChapterTimes, OfAnEndlessTableAreBounded) {
  const auto toc = TocPtr::adopt(gst_toc_new(GST_TOC_SCOPE_GLOBAL));
  auto* innermost = chapter(1000 * kSecond);
  for (Nanoseconds depth = 999; depth > 0; --depth) {
    auto* outer = chapter(depth * kSecond);
    gst_toc_entry_append_sub_entry(outer, innermost);
    innermost = outer;
  }
  gst_toc_append_entry(toc.get(), innermost);
  EXPECT_LT(chapter_times(toc.get()).size(), 20U);
}

}  // namespace
}  // namespace klingv2a
