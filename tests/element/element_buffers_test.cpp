// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The video is not altered: bytes, timestamps, flags and metas of every buffer leave as they came. And what is held
// does not starve its source.
#include <gst/video/video.h>

#include <functional>

#include "element_fixture.h"
#include "gst_ptr.h"

namespace klingv2a::test {
namespace {

class BuffersTest : public ElementTest {
 protected:
  void SetUp() override {
    refuse_tasks();
    rig_.begin();
  }
  BufferPtr pull() { return BufferPtr::adopt(gst_harness_try_pull(rig_.video())); }
  // `first` goes in as the first of 90 frames; returns what comes out for it.
  BufferPtr pass(GstBuffer* first) {
    EXPECT_EQ(rig_.push(first), GST_FLOW_OK);
    rig_.push_frames(89, 1);
    rig_.end();
    EXPECT_TRUE(rig_.wait_for_end());
    return pull();
  }
  ElementRig rig_{base_url(), {.properties = kSilent}};
};

void fill(GstBuffer* buffer) {
  const auto caps = CapsPtr::adopt(gst_caps_from_string("timestamp/x-ntp"));
  GST_BUFFER_DTS(buffer) = 3;
  GST_BUFFER_OFFSET(buffer) = 17;
  GST_BUFFER_OFFSET_END(buffer) = 18;
  gst_buffer_add_reference_timestamp_meta(buffer, caps.get(), 123456789, 4);
  gst_buffer_add_video_time_code_meta_full(buffer, 25, 1, nullptr, GST_VIDEO_TIME_CODE_FLAGS_NONE, 10, 20, 30, 5, 0);
  GstCustomMeta* custom = gst_buffer_add_custom_meta(buffer, "klingv2a-test-meta");
  gst_structure_set(gst_custom_meta_get_structure(custom), "answer", G_TYPE_INT, 42, nullptr);
}

void expect_filled(GstBuffer* buffer) {
  EXPECT_EQ(GST_BUFFER_DTS(buffer), 3U);
  EXPECT_EQ(GST_BUFFER_OFFSET(buffer), 17U);
  EXPECT_EQ(GST_BUFFER_OFFSET_END(buffer), 18U);
  const auto* reference = gst_buffer_get_reference_timestamp_meta(buffer, nullptr);
  ASSERT_NE(reference, nullptr);
  EXPECT_EQ(reference->timestamp, 123456789U);
  EXPECT_EQ(reference->duration, 4U);
  const auto* time_code = gst_buffer_get_video_time_code_meta(buffer);
  ASSERT_NE(time_code, nullptr);
  EXPECT_EQ(time_code->tc.minutes, 20U);
  GstCustomMeta* custom = gst_buffer_get_custom_meta(buffer, "klingv2a-test-meta");
  ASSERT_NE(custom, nullptr);
  int answer = 0;
  gst_structure_get_int(gst_custom_meta_get_structure(custom), "answer", &answer);
  EXPECT_EQ(answer, 42);
}

void register_custom_meta() {
  static const char* const kNoTags[] = {nullptr};
  if (!gst_meta_get_info("klingv2a-test-meta"))
    gst_meta_register_custom("klingv2a-test-meta", const_cast<const gchar**>(kNoTags), nullptr, nullptr, nullptr);
}

TEST_F(BuffersTest, TimestampsAndMetasSurvive) {
  register_custom_meta();
  GstBuffer* frame = new_frame(0, kFrame, 100);
  fill(frame);
  const auto out = pass(frame);
  ASSERT_TRUE(out);
  EXPECT_EQ(GST_BUFFER_PTS(out.get()), 0U);
  EXPECT_EQ(GST_BUFFER_DURATION(out.get()), kFrame);
  EXPECT_EQ(gst_buffer_get_size(out.get()), 100U);
  expect_filled(out.get());
}

TEST_F(BuffersTest, FlagsSurvive) {
  constexpr guint kFlags = GST_BUFFER_FLAG_LIVE | GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_RESYNC |
                           GST_BUFFER_FLAG_CORRUPTED | GST_BUFFER_FLAG_MARKER | GST_BUFFER_FLAG_HEADER |
                           GST_BUFFER_FLAG_DROPPABLE | GST_BUFFER_FLAG_DELTA_UNIT | GST_BUFFER_FLAG_NON_DROPPABLE;
  GstBuffer* frame = new_frame(0);
  GST_BUFFER_FLAG_SET(frame, kFlags);
  const auto out = pass(frame);
  ASSERT_TRUE(out);
  EXPECT_EQ(GST_BUFFER_FLAGS(out.get()) & kFlags, kFlags);
}

TEST_F(BuffersTest, NoFlagIsAdded) {
  const auto out = pass(new_frame(0));
  ASSERT_TRUE(out);
  EXPECT_EQ(GST_BUFFER_FLAGS(out.get()) & ~guint{GST_BUFFER_FLAG_TAG_MEMORY}, 0U);
}

TEST_F(BuffersTest, BytesSurviveInOrderWhateverTheirTimestamps) {
  // I P B B: decode order.
  for (const GstClockTime frame : std::initializer_list<GstClockTime>{0, 3, 1, 2}) rig_.push_frame(frame * kFrame);
  for (GstClockTime frame = 4; frame < 90; ++frame) rig_.push_frame(frame * kFrame);
  rig_.end();
  ASSERT_TRUE(rig_.wait_for_end());
  std::vector<GstClockTime> order;
  for (int i = 0; i < 4; ++i) {
    const auto out = pull();
    ASSERT_TRUE(out);
    guint8 byte = 0;
    gst_buffer_extract(out.get(), gst_buffer_get_size(out.get()) - 1, &byte, 1);
    EXPECT_EQ(byte, GST_BUFFER_PTS(out.get()) / kFrame);
    order.push_back(GST_BUFFER_PTS(out.get()) / kFrame);
  }
  EXPECT_EQ(order, (std::vector<GstClockTime>{0, 3, 1, 2}));
}

// ---- pools

class Pool {
 public:
  Pool(guint size, guint count) : pool_(GObjectPtr<GstBufferPool>::adopt(gst_buffer_pool_new())) {
    GstStructure* config = gst_buffer_pool_get_config(pool_.get());
    gst_buffer_pool_config_set_params(config, nullptr, size, count, count);
    gst_buffer_pool_set_config(pool_.get(), config);
    gst_buffer_pool_set_active(pool_.get(), TRUE);
  }
  ~Pool() { gst_buffer_pool_set_active(pool_.get(), FALSE); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  // Null when all are in use.
  GstBuffer* acquire() {
    GstBufferPoolAcquireParams params{};
    params.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT;
    GstBuffer* buffer = nullptr;
    return gst_buffer_pool_acquire_buffer(pool_.get(), &buffer, &params) == GST_FLOW_OK ? buffer : nullptr;
  }

 private:
  GObjectPtr<GstBufferPool> pool_;
};

TEST_F(BuffersTest, ABoundedPoolIsNeverStarved) {
  Pool pool(16, 4);
  for (GstClockTime frame = 0; frame < 90; ++frame) {
    GstBuffer* buffer = pool.acquire();
    ASSERT_NE(buffer, nullptr) << "after " << frame << " frames";
    gst_buffer_memset(buffer, 0, static_cast<guint8>(frame), 16);
    GST_BUFFER_PTS(buffer) = frame * kFrame;
    GST_BUFFER_DURATION(buffer) = kFrame;
    ASSERT_EQ(rig_.push(buffer), GST_FLOW_OK);
  }
  rig_.end();
  ASSERT_TRUE(rig_.wait_for_end());
  for (int frame = 0; frame < 90; ++frame) {
    const auto out = pull();
    std::array<guint8, 16> bytes{};
    gst_buffer_extract(out.get(), 0, bytes.data(), bytes.size());
    ASSERT_EQ(bytes.front(), frame);
    ASSERT_EQ(bytes.back(), frame) << "what the pool's next frame wrote must not show";
  }
}

TEST_F(BuffersTest, ACopyOutOfAPoolHasEverythingToo) {
  register_custom_meta();
  Pool pool(64, 4);
  GstBuffer* buffer = pool.acquire();
  GST_BUFFER_PTS(buffer) = 0;
  GST_BUFFER_DURATION(buffer) = kFrame;
  GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_MARKER | GST_BUFFER_FLAG_DELTA_UNIT);
  fill(buffer);
  const auto out = pass(buffer);
  ASSERT_TRUE(out);
  EXPECT_EQ(out.get()->pool, nullptr);
  EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(out.get(), GST_BUFFER_FLAG_MARKER));
  EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(out.get(), GST_BUFFER_FLAG_DELTA_UNIT));
  expect_filled(out.get());
}

}  // namespace
}  // namespace klingv2a::test
