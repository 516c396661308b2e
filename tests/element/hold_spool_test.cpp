// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What goes into the spool file comes back as it was, on any thread and after the spool itself has gone.
#include "hold_spool.h"

#include <gst/video/video.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <numeric>
#include <string>
#include <vector>

#include "error.h"
#include "read_map.h"

namespace klingv2a {
namespace {

constexpr std::size_t kOdd = 100'003;

BufferPtr buffer_of(std::size_t size, unsigned seed) {
  std::vector<unsigned char> bytes(size);
  std::iota(bytes.begin(), bytes.end(), static_cast<unsigned char>(seed));
  return BufferPtr::adopt(gst_buffer_new_memdup(bytes.data(), bytes.size()));
}

void expect_same_bytes(const BufferPtr& a, const BufferPtr& b) {
  const ReadMap one(a.get()), other(b.get());
  ASSERT_EQ(one.bytes().size(), other.bytes().size());
  EXPECT_TRUE(std::equal(one.bytes().begin(), one.bytes().end(), other.bytes().begin()));
}

TEST(HoldSpool, GivesEachBufferBack) {
  std::vector<BufferPtr> originals, kept;
  {
    HoldSpool spool({});
    for (unsigned i = 0; i < 5; ++i) {
      originals.push_back(buffer_of(kOdd * i + 1, i));
      kept.push_back(spool.put(originals.back()));
    }
    EXPECT_GE(spool.size(), kOdd * 10);
  }
  for (std::size_t i = 0; i < kept.size(); ++i) {
    expect_same_bytes(originals[i], kept[i]);
    EXPECT_NE(gst_buffer_peek_memory(kept[i].get(), 0), gst_buffer_peek_memory(originals[i].get(), 0));
  }
}

TEST(HoldSpool, KeepsTimestampsFlagsAndMetas) {
  HoldSpool spool({});
  auto buffer = buffer_of(1280 * 720 * 3 / 2, 7);
  GST_BUFFER_PTS(buffer.get()) = 11;
  GST_BUFFER_DTS(buffer.get()) = 5;
  GST_BUFFER_DURATION(buffer.get()) = 3;
  GST_BUFFER_OFFSET(buffer.get()) = 42;
  GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
  GST_BUFFER_FLAG_SET(buffer.get(), GST_VIDEO_BUFFER_FLAG_TFF);
  gst_buffer_add_video_meta(buffer.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_I420, 1280, 720);
  gst_buffer_add_video_caption_meta(buffer.get(), GST_VIDEO_CAPTION_TYPE_CEA608_RAW,
                                    reinterpret_cast<const guint8*>("ab"), 2);
  gst_buffer_add_video_region_of_interest_meta(buffer.get(), "face", 1, 2, 3, 4);
  gst_buffer_add_video_afd_meta(buffer.get(), 0, GST_VIDEO_AFD_SPEC_ATSC_A53, GST_VIDEO_AFD_4_3_FULL_16_9_FULL);
  const auto kept = spool.put(buffer);
  EXPECT_EQ(GST_BUFFER_PTS(kept.get()), 11U);
  EXPECT_EQ(GST_BUFFER_DTS(kept.get()), 5U);
  EXPECT_EQ(GST_BUFFER_DURATION(kept.get()), 3U);
  EXPECT_EQ(GST_BUFFER_OFFSET(kept.get()), 42U);
  EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(kept.get(), GST_BUFFER_FLAG_DELTA_UNIT));
  EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(kept.get(), GST_VIDEO_BUFFER_FLAG_TFF));
  const auto* meta = gst_buffer_get_video_meta(kept.get());
  ASSERT_TRUE(meta);
  EXPECT_EQ(meta->buffer, kept.get());
  const auto* caption = gst_buffer_get_video_caption_meta(kept.get());
  ASSERT_TRUE(caption);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(caption->data), caption->size), "ab");
  EXPECT_TRUE(gst_buffer_get_video_region_of_interest_meta_id(kept.get(), 0));
  EXPECT_TRUE(gst_buffer_get_video_afd_meta(kept.get()));
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, 1280, 720);
  GstVideoFrame frame;
  ASSERT_TRUE(gst_video_frame_map(&frame, &info, kept.get(), GST_MAP_READ));
  gst_video_frame_unmap(&frame);
}

TEST(HoldSpool, WhoWritesIntoWhatCameBackWritesIntoACopy) {
  HoldSpool spool({});
  const auto original = buffer_of(kOdd, 1);
  auto kept = spool.put(original);
  GstBuffer* writable = gst_buffer_copy(kept.get());
  gst_buffer_memset(writable, 0, 0, kOdd);
  gst_buffer_unref(writable);
  expect_same_bytes(original, kept);
}

TEST(HoldSpool, PutsSeveralMemoriesIntoOne) {
  HoldSpool spool({});
  auto buffer = buffer_of(10, 0);
  buffer = BufferPtr::adopt(gst_buffer_append(buffer.to_c(), buffer_of(20, 3).to_c()));
  ASSERT_EQ(gst_buffer_n_memory(buffer.get()), 2U);
  expect_same_bytes(buffer, spool.put(buffer));
}

TEST(HoldSpool, NamesAFolderThatIsNotThere) {
  try {
    HoldSpool spool("/nowhere/at/all");
    FAIL() << "made a file";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disk);
    EXPECT_NE(std::string(error.what()).find("/nowhere/at/all"), std::string::npos);
  }
}

TEST(HoldSpool, AFullDiskIsAnErrorWhenItIsWritten) {
  // Files on /dev/full cannot be made; a limit of this process is the quota.
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit small = before;
  small.rlim_cur = 4096;
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  HoldSpool spool({});
  try {
    (void)spool.put(buffer_of(kOdd, 1));
    ADD_FAILURE() << "took more than the quota";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disk) << error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, old_handler);
}

}  // namespace
}  // namespace klingv2a
