// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What passes a companion: everything, as it came and in order, when the video leaves; whatever the order in which the
// streams come and end, and whether or not anybody takes it.
#include <array>
#include <filesystem>

#include "companion_fixture.h"
#include "temporary_folder.h"

namespace klingv2a::test {
namespace {

using Companions = CompanionTest;

TEST_F(Companions, WaitBesideTheVideoAndLeaveInOrder) {
  CompanionRig companion(rig_);
  companion.begin();
  companion.push_event(title("the old sound"));
  companion.push_buffers(3);
  companion.gap(3 * kFrame);
  companion.push_event(custom("in-the-middle"));
  companion.push_buffers(2, 4);
  const auto toc = MiniPtr<GstToc>::adopt(gst_toc_new(GST_TOC_SCOPE_GLOBAL));
  companion.push_event(gst_event_new_toc(toc.get(), FALSE));
  companion.end();
  rig_.begin();
  rig_.push_frames(90);
  EXPECT_EQ(companion.log().count(), 0U);
  EXPECT_EQ(types_of(companion.log()), (Types{GST_EVENT_STREAM_START, GST_EVENT_CAPS}));
  rig_.end();
  ASSERT_TRUE(companion.log().wait_for_event(GST_EVENT_EOS));
  EXPECT_EQ(types_of(companion.log()),
            (Types{GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT, GST_EVENT_TAG, GST_EVENT_GAP,
                   GST_EVENT_CUSTOM_DOWNSTREAM, GST_EVENT_TOC, GST_EVENT_EOS}));
  const auto events = companion.log().events();
  EXPECT_EQ(events[4].buffers_before, 3U);
  EXPECT_EQ(events[5].buffers_before, 3U);
  EXPECT_EQ(events[6].buffers_before, 5U);
  auto expected = frames(3);
  for (const auto time : frames(2, 4)) expected.push_back(time);
  EXPECT_EQ(times_of(companion.log()), expected);
  ASSERT_TRUE(rig_.wait_for_end());
}

TEST_F(Companions, LeaveAsTheyCame) {
  CompanionRig companion(rig_);
  PadLog arrived(PadLog::Keep::hashes);
  const auto record = +[](GstPad* pad, GstPadProbeInfo* info, gpointer log) {
    static_cast<PadLog*>(log)->record(pad, info);
    return GST_PAD_PROBE_OK;
  };
  const auto types = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM);
  const auto probe = gst_pad_add_probe(companion.sink(), types, record, &arrived, nullptr);
  companion.begin();
  GstBuffer* first = new_frame(0, kFrame, 77);
  GST_BUFFER_FLAG_SET(first, GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_HEADER);
  GST_BUFFER_OFFSET(first) = 5;
  companion.push(first);
  companion.push(new_frame(GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, 0));
  companion.push_buffers(120, 1);
  companion.end();
  rig_.push_clip();
  ASSERT_TRUE(companion.log().wait_for_event(GST_EVENT_EOS));
  EXPECT_EQ(companion.log().buffers(), arrived.buffers());
  EXPECT_EQ(companion.log().count(), 122U);
  gst_pad_remove_probe(companion.sink(), probe);
}

TEST_F(Companions, MayBeLongerThanTheVideoAndEndAfterIt) {
  CompanionRig companion(rig_);
  companion.begin();
  companion.push_buffers(30);
  rig_.push_clip();
  ASSERT_TRUE(rig_.wait_for_end());
  companion.push_buffers(270, 30);
  companion.end();
  ASSERT_TRUE(companion.log().wait_for_event(GST_EVENT_EOS));
  EXPECT_EQ(times_of(companion.log()), frames(300));
}

TEST_F(Companions, ThatBeginOnlyAfterTheVideosEndLeaveToo) {
  CompanionRig companion(rig_);
  rig_.push_clip();
  ASSERT_TRUE(rig_.wait_for_end());
  companion.begin();
  companion.push_buffers(10);
  companion.end();
  ASSERT_TRUE(companion.log().wait_for_event(GST_EVENT_EOS));
  EXPECT_EQ(companion.log().count(), 10U);
}

TEST_F(Companions, WithoutDataOrThatNeverEndDelayNobody) {
  CompanionRig empty(rig_), silent(rig_), endless(rig_), whole(rig_);
  empty.begin();
  empty.end();
  silent.stream_start();
  endless.begin();
  endless.push_buffers(1);
  whole.begin();
  whole.push_buffers(90);
  whole.end();
  rig_.push_clip();
  ASSERT_TRUE(rig_.wait_for_end());
  ASSERT_TRUE(whole.log().wait_for_event(GST_EVENT_EOS));
  ASSERT_TRUE(empty.log().wait_for_event(GST_EVENT_EOS));
  ASSERT_TRUE(endless.log().wait_for_buffers(1));
  EXPECT_EQ(whole.log().count(), 90U);
  EXPECT_EQ(types_of(empty.log()), (Types{GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT, GST_EVENT_EOS}));
}

TEST_F(Companions, ThatAreNotLinkedAreDroppedAndStopNobody) {
  CompanionRig unlinked(rig_, "sink_%u", CompanionRig::Link::no), linked(rig_);
  for (auto* companion : {&unlinked, &linked}) {
    companion->begin();
    companion->push_buffers(30);
  }
  rig_.push_clip();
  ASSERT_TRUE(rig_.wait_for_end());
  for (auto* companion : {&unlinked, &linked}) {
    EXPECT_EQ(companion->push_buffers(270, 30), GST_FLOW_OK);
    EXPECT_TRUE(companion->end());
  }
  ASSERT_TRUE(linked.log().wait_for_event(GST_EVENT_EOS));
  EXPECT_EQ(linked.log().count(), 300U);
  EXPECT_TRUE(rig_.errors().empty());
}

TEST_F(Companions, WhoseBranchFailsAreAnErrorAndDoNotStopTheVideo) {
  CompanionRig companion(rig_);
  companion.answer(GST_FLOW_ERROR);
  companion.begin();
  companion.push_buffers(3);
  rig_.push_clip();
  ASSERT_TRUE(rig_.wait_for_end());
  ASSERT_TRUE(rig_.wait_for_error());
  EXPECT_EQ(companion.push_buffers(1, 3), GST_FLOW_ERROR);
  EXPECT_EQ(rig_.video_log().count(), 90U);
}

TEST_F(Companions, WithoutCapsAreRefused) {
  const CompanionRig companion(rig_);
  companion.stream_start();
  companion.segment();
  EXPECT_EQ(companion.push_buffers(1), GST_FLOW_NOT_NEGOTIATED);
}

TEST_F(Companions, OfAStreamWithNewCapsHaveThemInTheirPlace) {
  CompanionRig companion(rig_);
  companion.begin();
  companion.push_buffers(3);
  companion.caps("audio/mpeg, mpegversion=1, layer=3");
  companion.push_buffers(3, 3);
  companion.end();
  rig_.push_clip();
  ASSERT_TRUE(companion.log().wait_for_event(GST_EVENT_EOS));
  const auto events = companion.log().events();
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(events[3].type, GST_EVENT_CAPS);
  EXPECT_EQ(events[3].buffers_before, 3U);
}

// ---- failures

class CompanionsAndFailure : public ElementTest {};

TEST_F(CompanionsAndFailure, EachEndsWithTheVideoAndTheSound) {
  refuse_tasks();
  ElementRig rig(base_url(), {.properties = "video-id=sim-3s"});
  CompanionRig first(rig), second(rig);
  for (auto* companion : {&first, &second}) {
    companion->begin();
    companion->push_buffers(90);
  }
  first.end();
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_error());
  ASSERT_TRUE(rig.wait_for_end());
  for (auto* companion : {&first, &second}) {
    ASSERT_TRUE(companion->log().wait_for_event(GST_EVENT_EOS));
    EXPECT_EQ(companion->log().count(), 0U) << "no success is played";
    EXPECT_EQ(companion->log().count(GST_EVENT_EOS), 1);
  }
  EXPECT_EQ(second.push_buffers(1, 90), GST_FLOW_ERROR);
}

TEST_F(CompanionsAndFailure, AVideoWithoutAFrameEndsThemToo) {
  ElementRig rig(base_url(), {.properties = "video-id=sim-3s"});
  CompanionRig companion(rig);
  companion.begin();
  companion.push_buffers(30);
  rig.begin();
  rig.end();
  expect_error(rig, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "input");
  ASSERT_TRUE(companion.log().wait_for_event(GST_EVENT_EOS));
}

TEST_F(CompanionsAndFailure, AVideoThatIsNotLinkedAtAllIsSaid) {
  ElementRig rig(base_url(), {.properties = "video-id=sim-3s"});
  CompanionRig companion(rig);
  gst_pad_unlink(rig.video()->srcpad, PadPtr::adopt(gst_pad_get_peer(rig.video()->srcpad)).get());
  companion.begin();
  companion.push_buffers(30);
  companion.end();
  expect_error(rig, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "settings");
  EXPECT_TRUE(error_says(rig, "the pad sink"));
  ASSERT_TRUE(companion.log().wait_for_event(GST_EVENT_EOS));
}

TEST_F(CompanionsAndFailure, ADiskThatCannotHoldThemIsTheClipsFailureUnpaid) {
  ElementRig rig(base_url(), {.properties = "video-id=sim-3s max-hold-bytes=100000 spool-dir=/nonexistent/folder"});
  CompanionRig companion(rig);
  companion.begin();
  rig.begin();
  rig.push_frames(10);
  EXPECT_EQ(companion.push(new_frame(0, kFrame, 200000)), GST_FLOW_ERROR);
  expect_error(rig, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "disk");
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_EQ(posts(), 0);
}

// The disk fails a companion only when the clip was handed over.
class CompanionsAndPaidTask : public ElementTest {
 protected:
  void push_clip() {
    companion_.begin();
    rig_.push_clip();
  }
  void lose_the_disk() {
    std::filesystem::remove(folder_.path());
    EXPECT_EQ(companion_.push(new_frame(0, kFrame, 200000)), GST_FLOW_ERROR);
  }

  const TemporaryFolder folder_;
  ElementRig rig_{base_url(),
                  {.properties = "video-id=sim-3s max-hold-bytes=100000 spool-dir=" + folder_.path().string()}};
  CompanionRig companion_{rig_};
};

TEST_F(CompanionsAndPaidTask, ADiskThatCannotHoldThemSaysThatTheTaskIsPaid) {
  service_.add_fault({.on = sim::Fault::On::submit, .what = sim::Fault::Do::never_finish});
  push_clip();
  ASSERT_TRUE(rig_.wait_until([&] { return !rig_.tasks().empty(); }));
  lose_the_disk();
  expect_error(rig_, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "disk", "yes");
  EXPECT_EQ(rig_.errors().front().detail("task-id"), service_.paid_tasks().front().task_id);
  EXPECT_EQ(rig_.errors().front().detail("external-task-id"), service_.paid_tasks().front().external_task_id);
}

TEST_F(CompanionsAndPaidTask, ADiskThatCannotHoldThemSaysThatATaskMayBePaid) {
  service_.add_fault({.on = sim::Fault::On::submit, .what = sim::Fault::Do::hang});
  push_clip();
  ASSERT_TRUE(service_.wait_until([](const sim::Service& service) { return test::posts(service) == 1; },
                                  ElementRig::kDeadline));
  lose_the_disk();
  expect_error(rig_, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "disk", "maybe");
}

// ---- beyond what memory may take

class CompanionsInTheSpoolFile : public ElementTest {
 protected:
  void SetUp() override { refuse_tasks(); }
  [[nodiscard]] guint64 spooled() const {
    GstStructure* stats = nullptr;
    guint64 bytes = 0;
    g_object_get(rig_.element(), "stats", &stats, nullptr);
    gst_structure_get_uint64(stats, "spooled-bytes", &bytes);
    gst_structure_free(stats);
    return bytes;
  }
  ElementRig rig_{base_url(), {.properties = std::string(kSilent) + " max-hold-bytes=3000"}};
};

TEST_F(CompanionsInTheSpoolFile, ComeBackAsTheyWereWithTheirMetas) {
  CompanionRig first(rig_), second(rig_);
  const auto caps = CapsPtr::adopt(gst_caps_from_string("timestamp/x-ntp"));
  int with_metas = 0;
  const auto count = +[](GstPad*, GstPadProbeInfo* info, gpointer to) {
    const auto* meta = gst_buffer_get_reference_timestamp_meta(GST_PAD_PROBE_INFO_BUFFER(info), nullptr);
    if (meta && meta->timestamp == GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info))) ++*static_cast<int*>(to);
    return GST_PAD_PROBE_OK;
  };
  gst_pad_add_probe(first.down(), GST_PAD_PROBE_TYPE_BUFFER, count, &with_metas, nullptr);
  for (auto* companion : {&first, &second}) companion->begin();
  for (guint number = 0; number < 90; ++number) {
    GstBuffer* buffer = new_frame(number * kFrame, kFrame, 1000);
    gst_buffer_add_reference_timestamp_meta(buffer, caps.get(), number * kFrame, GST_CLOCK_TIME_NONE);
    EXPECT_EQ(first.push(buffer), GST_FLOW_OK);
    EXPECT_EQ(second.push(new_frame(number * kFrame, kFrame, 1000)), GST_FLOW_OK);
  }
  EXPECT_GE(spooled(), 175U * 1000);
  for (auto* companion : {&first, &second}) companion->end();
  rig_.push_clip();
  for (auto* companion : {&first, &second}) ASSERT_TRUE(companion->log().wait_for_event(GST_EVENT_EOS));
  EXPECT_EQ(with_metas, 90);
  EXPECT_EQ(first.log().buffers(), second.log().buffers());
  EXPECT_EQ(first.log().buffers()[89].size, 1000U);
}

TEST_F(CompanionsInTheSpoolFile, TakeMemoryFromTheVideo) {
  CompanionRig companion(rig_);
  companion.begin();
  companion.push(new_frame(0, kFrame, 2990));
  EXPECT_EQ(spooled(), 0U);
  rig_.begin();
  rig_.push_frame(0);
  EXPECT_GT(spooled(), 0U);
}

// ---- pools

TEST_F(Companions, DoNotStarveABoundedPool) {
  CompanionRig companion(rig_);
  const auto pool = GObjectPtr<GstBufferPool>::adopt(gst_buffer_pool_new());
  GstStructure* config = gst_buffer_pool_get_config(pool.get());
  gst_buffer_pool_config_set_params(config, nullptr, 16, 4, 4);
  gst_buffer_pool_set_config(pool.get(), config);
  gst_buffer_pool_set_active(pool.get(), TRUE);
  GstBufferPoolAcquireParams params{};
  params.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT;
  companion.begin();
  for (guint number = 0; number < 90; ++number) {
    GstBuffer* buffer = nullptr;
    ASSERT_EQ(gst_buffer_pool_acquire_buffer(pool.get(), &buffer, &params), GST_FLOW_OK) << number;
    GST_BUFFER_PTS(buffer) = number * kFrame;
    ASSERT_EQ(companion.push(buffer), GST_FLOW_OK);
  }
  gst_buffer_pool_set_active(pool.get(), FALSE);
}

}  // namespace
}  // namespace klingv2a::test
