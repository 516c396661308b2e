// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The pads of companions: when they come and go, what they are linked to inside, and what they answer.
#include <array>
#include <chrono>
#include <thread>

#include "companion_fixture.h"

namespace klingv2a::test {
namespace {

class CompanionPadsTest : public CompanionTest {
 protected:
  static std::vector<std::string> links_of(const PadPtr& pad) {
    std::vector<std::string> names, again;
    const std::unique_ptr<GstIterator, Deleter<gst_iterator_free>> links(gst_pad_iterate_internal_links(pad.get()));
    const auto collect = +[](const GValue* item, gpointer to) {
      static_cast<std::vector<std::string>*>(to)->push_back(GST_PAD_NAME(g_value_get_object(item)));
    };
    if (!links) return {"nobody knows"};
    gst_iterator_foreach(links.get(), collect, &names);
    gst_iterator_resync(links.get());
    gst_iterator_foreach(links.get(), collect, &again);
    EXPECT_EQ(again, names);
    return names;
  }
  bool has(const std::string& pad) { return static_cast<bool>(pad_of(rig_, pad)); }
  void to(GstState state) { ASSERT_EQ(gst_element_set_state(rig_.element(), state), GST_STATE_CHANGE_SUCCESS); }
};

TEST_F(CompanionPadsTest, TheSourcePadComesWithTheFirstCaps) {
  const CompanionRig companion(rig_, "sink_7", CompanionRig::Link::no);
  EXPECT_FALSE(has("src_7"));
  companion.stream_start("the old sound");
  EXPECT_FALSE(has("src_7"));
  companion.caps();
  const auto source = pad_of(rig_, "src_7");
  ASSERT_TRUE(source);
  const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(source.get()));
  EXPECT_EQ(to_text(caps.get()), "audio/mpeg, mpegversion=(int)4, stream-format=(string)raw");
  const GCharPtr id(gst_pad_get_stream_id(source.get()));
  EXPECT_STREQ(id.get(), "the old sound");
  companion.caps();
  EXPECT_EQ(std::ranges::count(rig_.signals(), "pad-added src_7"), 1);
}

TEST_F(CompanionPadsTest, StreamStartAndCapsGoOutAtOnce) {
  CompanionRig companion(rig_);
  companion.begin();
  EXPECT_EQ(types_of(companion.log()), (Types{GST_EVENT_STREAM_START, GST_EVENT_CAPS}));
}

TEST_F(CompanionPadsTest, AreNumberedAsAskedForOrByTheFirstFreeNumber) {
  const CompanionRig one(rig_, "sink_1"), zero(rig_), two(rig_);
  EXPECT_EQ(zero.name(), "sink_0");
  EXPECT_EQ(two.name(), "sink_2");
}

TEST_F(CompanionPadsTest, NoMorePadsWaitsForTheCompanions) {
  const CompanionRig companion(rig_);
  rig_.begin();
  EXPECT_EQ(std::ranges::count(rig_.signals(), "no-more-pads"), 0);
  companion.begin();
  EXPECT_EQ(rig_.signals(),
            (std::vector<std::string>{"pad-added sink_0", "pad-added audio", "pad-added src_0", "no-more-pads"}));
}

TEST_F(CompanionPadsTest, NoMorePadsDoesNotWaitForOneThatNothingComesFor) {
  CompanionRig ends(rig_), goes(rig_);
  const auto unlinked = PadPtr::adopt(gst_element_request_pad_simple(rig_.element(), "sink_%u"));
  rig_.begin();
  ends.stream_start();
  ends.end();
  EXPECT_EQ(std::ranges::count(rig_.signals(), "no-more-pads"), 0);
  goes.release();
  EXPECT_EQ(std::ranges::count(rig_.signals(), "no-more-pads"), 1);
  gst_element_release_request_pad(rig_.element(), unlinked.get());
}

TEST_F(CompanionPadsTest, InternalLinksAreBetweenPadsOfOneNumber) {
  const CompanionRig first(rig_), second(rig_);
  EXPECT_EQ(links_of(pad_of(rig_, "sink_0")), std::vector<std::string>{});
  first.begin();
  second.begin();
  EXPECT_EQ(links_of(pad_of(rig_, "sink_0")), std::vector<std::string>{"src_0"});
  EXPECT_EQ(links_of(pad_of(rig_, "src_1")), std::vector<std::string>{"sink_1"});
  EXPECT_EQ(links_of(pad_of(rig_, "sink")), std::vector<std::string>{"video"});
  EXPECT_EQ(links_of(pad_of(rig_, "video")), std::vector<std::string>{"sink"});
}

// No iterator at all means that nobody knows, and makes monitors of pads stop.
TEST_F(CompanionPadsTest, AudioHasNoInternalLink) {
  rig_.begin();
  EXPECT_EQ(links_of(pad_of(rig_, "audio")), std::vector<std::string>{});
}

TEST_F(CompanionPadsTest, OnlyMediaTypesOfCompanionsAreTaken) {
  for (const char* type :
       {"audio/mpeg, mpegversion=4", "audio/x-raw, format=S24LE, rate=48000, channels=6, layout=interleaved",
        "audio/x-opus", "text/x-raw, format=pango-markup", "application/x-ssa", "subpicture/x-dvb", "subpicture/x-pgs",
        "closedcaption/x-cea-708", "meta/x-klv", "application/x-subtitle-vtt", "subtitle/x-kate"}) {
    const CompanionRig companion(rig_);
    companion.stream_start();
    EXPECT_TRUE(companion.caps(type)) << type;
    EXPECT_TRUE(companion.source()) << type;
  }
  const auto sink = PadPtr::adopt(gst_element_request_pad_simple(rig_.element(), "sink_%u"));
  for (const char* type : {"video/x-h264", "video/x-raw", "image/png", "video/quicktime"}) {
    const auto caps = CapsPtr::adopt(gst_caps_from_string(type));
    EXPECT_FALSE(gst_pad_query_accept_caps(sink.get(), caps.get())) << type;
  }
  gst_element_release_request_pad(rig_.element(), sink.get());
}

TEST_F(CompanionPadsTest, CapsAreAskedThrough) {
  const CompanionRig companion(rig_);
  const auto any = CapsPtr::adopt(gst_pad_query_caps(companion.sink(), nullptr));
  EXPECT_GT(gst_caps_get_size(any.get()), 50U) << "whatever the template has, as long as nobody is behind it";
  companion.begin();
  const auto wanted = CapsPtr::adopt(gst_caps_from_string("audio/x-opus; audio/mpeg, mpegversion=4; video/x-raw"));
  const auto answer = +[](GstPad*, GstPadProbeInfo* info, gpointer caps) {
    if (GST_QUERY_TYPE(GST_PAD_PROBE_INFO_QUERY(info)) != GST_QUERY_CAPS) return GST_PAD_PROBE_OK;
    gst_query_set_caps_result(GST_PAD_PROBE_INFO_QUERY(info), static_cast<GstCaps*>(caps));
    return GST_PAD_PROBE_HANDLED;
  };
  gst_pad_add_probe(companion.down(), GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, answer, wanted.get(), nullptr);
  const auto caps = CapsPtr::adopt(gst_pad_query_caps(companion.sink(), nullptr));
  EXPECT_EQ(to_text(caps.get()), "audio/x-opus; audio/mpeg, mpegversion=(int)4");
}

TEST_F(CompanionPadsTest, AllocationCarriesMetasButNoPools) {
  const CompanionRig companion(rig_);
  companion.begin();
  const auto answer = +[](GstPad*, GstPadProbeInfo* info, gpointer) {
    GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
    if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION) return GST_PAD_PROBE_OK;
    gst_query_add_allocation_pool(query, nullptr, 1, 0, 0);
    gst_query_add_allocation_meta(query, GST_REFERENCE_TIMESTAMP_META_API_TYPE, nullptr);
    return GST_PAD_PROBE_HANDLED;
  };
  gst_pad_add_probe(companion.down(), GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, answer, nullptr, nullptr);
  const auto query = QueryPtr::adopt(gst_query_new_allocation(nullptr, FALSE));
  EXPECT_TRUE(gst_pad_query(companion.sink(), query.get()));
  EXPECT_EQ(gst_query_get_n_allocation_pools(query.get()), 0U);
  EXPECT_EQ(gst_query_get_n_allocation_metas(query.get()), 1U);
}

TEST_F(CompanionPadsTest, PositionIsWhatLeftThere) {
  const CompanionRig companion(rig_);
  companion.begin();
  companion.push_buffers(10);
  companion.end();
  gint64 position = 0;
  EXPECT_FALSE(gst_pad_query_position(companion.source().get(), GST_FORMAT_TIME, &position));
  rig_.push_clip();
  ASSERT_TRUE(rig_.wait_for_end());
  EXPECT_TRUE(gst_pad_query_position(companion.source().get(), GST_FORMAT_TIME, &position));
  EXPECT_EQ(position, static_cast<gint64>(9 * GST_SECOND / 30 + kFrame));
}

// ---- seeks

GstEvent* new_seek() {
  return gst_event_new_seek(1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0);
}

class CompanionSeek : public CompanionPadsTest, public ::testing::WithParamInterface<std::tuple<const char*, bool>> {};

TEST_P(CompanionSeek, GoesOnceToEachUpstreamWhicheverPadIsFirstWithItsOwnAnswer) {
  const auto& [first, answer] = GetParam();
  CompanionRig companion(rig_);
  companion.answer_seeks(answer);
  int video_seeks = 0;
  const auto count = +[](GstPad*, GstPadProbeInfo* info, gpointer to) {
    if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) != GST_EVENT_SEEK) return GST_PAD_PROBE_OK;
    ++*static_cast<int*>(to);
    return GST_PAD_PROBE_DROP;  // answered with true
  };
  const auto probe =
      gst_pad_add_probe(rig_.video()->srcpad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, count, &video_seeks, nullptr);
  rig_.begin();
  companion.begin();
  const auto seek = EventPtr::adopt(new_seek());
  std::vector<std::string> pads{"src_0", "video", "audio"};
  std::swap(pads.front(), *std::ranges::find(pads, first));
  for (const auto& pad : pads)
    EXPECT_EQ(gst_pad_send_event(pad_of(rig_, pad).get(), EventPtr(seek).to_c()), pad != "src_0" || answer) << pad;
  EXPECT_EQ(gst_pad_send_event(companion.source().get(), EventPtr(seek).to_c()), answer) << "again";
  EXPECT_EQ(companion.seeks(), 1);
  EXPECT_EQ(video_seeks, 1) << "`video` and `audio` have one";
  gst_pad_send_event(companion.source().get(), new_seek());
  EXPECT_EQ(companion.seeks(), 2) << "another seek is another one";
  gst_pad_remove_probe(rig_.video()->srcpad, probe);
}

INSTANTIATE_TEST_SUITE_P(Each, CompanionSeek,
                         ::testing::Combine(::testing::Values("src_0", "video", "audio"), ::testing::Bool()));

// ---- release_pad

// In a given state; it returns at once and nothing of the companion is left.
class Releasing : public CompanionPadsTest {
 protected:
  void expect_released(CompanionRig& companion) {
    const auto begin = std::chrono::steady_clock::now();
    companion.release();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(500));
    EXPECT_FALSE(has("sink_0"));
    EXPECT_FALSE(has("src_0"));
  }
};

TEST_F(Releasing, BeforeItsCaps) {
  CompanionRig companion(rig_);
  companion.stream_start();
  expect_released(companion);
}

TEST_F(Releasing, WhileItIsHeldLeavesTheRestAlone) {
  CompanionRig companion(rig_);
  companion.begin();
  companion.push_buffers(10);
  rig_.begin();
  rig_.push_frames(45);
  expect_released(companion);
  EXPECT_EQ(companion.push(new_frame(0)), GST_FLOW_NOT_LINKED);
  rig_.push_frames(45, 45);
  rig_.end();
  ASSERT_TRUE(rig_.wait_for_end());
  EXPECT_EQ(rig_.video_log().count(), 90U);
  EXPECT_EQ(companion.log().count(), 0U);
}

TEST_F(Releasing, WhileItsTaskIsDownstreamDoesNotWaitForIt) {
  CompanionRig companion(rig_);
  companion.close();
  companion.begin();
  companion.push_buffers(10);
  rig_.push_clip();
  ASSERT_TRUE(companion.wait_until_blocked());
  expect_released(companion);
  EXPECT_TRUE(rig_.wait_for_end());
  companion.open();
}

TEST_F(Releasing, WhileItsUpstreamWaitsForRoom) {
  CompanionRig companion(rig_);
  companion.close();
  companion.begin();
  companion.push_buffers(100);
  rig_.push_clip();
  ASSERT_TRUE(companion.wait_until_blocked());
  std::atomic<GstFlowReturn> flow{GST_FLOW_OK};
  std::thread upstream([&] { flow = companion.push_buffers(1, 100); });
  expect_released(companion);
  upstream.join();
  EXPECT_NE(flow, GST_FLOW_OK);
}

TEST_F(Releasing, InEachStateAndRequestingAgain) {
  for (const auto state : {GST_STATE_PLAYING, GST_STATE_PAUSED, GST_STATE_READY, GST_STATE_NULL, GST_STATE_PLAYING}) {
    to(state);
    for (int i = 0; i < 5; ++i) {
      CompanionRig companion(rig_, "sink_0");
      if (state > GST_STATE_READY) {
        EXPECT_TRUE(companion.begin());
        EXPECT_EQ(companion.push_buffers(3), GST_FLOW_OK);
      }
      expect_released(companion);
    }
  }
}

// ---- states

TEST_F(CompanionPadsTest, WhatIsHeldDoesNotStopTheWayDown) {
  CompanionRig companion(rig_);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(companion.begin());
    EXPECT_EQ(companion.push_buffers(100), GST_FLOW_OK);
    rig_.begin();
    EXPECT_EQ(rig_.push_frames(10), GST_FLOW_OK);
    const auto begin = std::chrono::steady_clock::now();
    to(GST_STATE_NULL);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(500));
    EXPECT_EQ(companion.push(new_frame(0)), GST_FLOW_FLUSHING);
    to(GST_STATE_PLAYING);
  }
  EXPECT_EQ(companion.log().count(), 0U);
  EXPECT_EQ(posts(), 0);
}

}  // namespace
}  // namespace klingv2a::test
