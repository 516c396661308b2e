// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the element answers, and what it asks upstream for its sound's sake.
#include "element_fixture.h"
#include "gst_ptr.h"

namespace klingv2a::test {
namespace {

constexpr GstClockTime kUpstreamLatency = 100 * GST_MSECOND;

class QueriesTest : public ElementTest {
 protected:
  void SetUp() override { refuse_tasks(); }

  static PadPtr pad_of(const ElementRig& rig, const char* name) {
    return PadPtr::adopt(gst_element_get_static_pad(rig.element(), name));
  }
  static bool ask(const ElementRig& rig, const char* pad, const QueryPtr& query) {
    return gst_pad_query(pad_of(rig, pad).get(), query.get());
  }
  static std::optional<gint64> position(const ElementRig& rig, const char* pad, GstFormat format = GST_FORMAT_TIME) {
    gint64 value = 0;
    if (!gst_pad_query_position(pad_of(rig, pad).get(), format, &value)) return std::nullopt;
    return value;
  }
};

// ---- POSITION

TEST_F(QueriesTest, PositionIsUnknownAsLongAsNothingHasLeft) {
  const ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  rig.push_frames(30);
  EXPECT_FALSE(position(rig, "video"));
  EXPECT_FALSE(position(rig, "audio"));
}

TEST_F(QueriesTest, PositionIsWhatWasLastPushedOnThatPad) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_EQ(position(rig, "video"), static_cast<gint64>(3 * GST_SECOND - 1));  // frames of 33333333 ns
  EXPECT_EQ(position(rig, "audio"), static_cast<gint64>(3 * GST_SECOND));
  EXPECT_FALSE(position(rig, "video", GST_FORMAT_BYTES));
}

TEST_F(QueriesTest, PositionIsInStreamTime) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.stream_start();
  rig.caps();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.position = 1000 * GST_SECOND;
  segment.time = 7 * GST_SECOND;
  rig.push_event(gst_event_new_segment(&segment));
  for (GstClockTime frame = 0; frame < 100; ++frame)
    rig.push_frame(1000 * GST_SECOND + frame * 33 * GST_MSECOND, 33 * GST_MSECOND);
  rig.end();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_EQ(position(rig, "video"), static_cast<gint64>(10'300 * GST_MSECOND));
  EXPECT_EQ(position(rig, "audio"), static_cast<gint64>(10'300 * GST_MSECOND));
}

TEST_F(QueriesTest, PositionStaysKnownWhenTheLastFrameReachesOverTheStop) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.stream_start();
  rig.caps();
  rig.segment(0, 2'980 * GST_MSECOND);
  rig.push_frames(93);  // the last three are past the stop
  rig.end();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_EQ(position(rig, "video"), static_cast<gint64>(2'980 * GST_MSECOND));
  EXPECT_EQ(position(rig, "audio"), static_cast<gint64>(3 * GST_SECOND - 1));
}

// ---- LATENCY

struct Latency {
  gboolean live = FALSE;
  GstClockTime min = 0, max = 0;
};

Latency latency_of(const PadPtr& pad) {
  const auto query = QueryPtr::adopt(gst_query_new_latency());
  EXPECT_TRUE(gst_pad_query(pad.get(), query.get()));
  Latency latency;
  gst_query_parse_latency(query.get(), &latency.live, &latency.min, &latency.max);
  return latency;
}

TEST_F(QueriesTest, LatencyOfAFilePasses) {
  const ElementRig rig(base_url(), {.properties = std::string(kSilent) + " latency=5000000000"});
  gst_harness_set_upstream_latency(rig.video(), kUpstreamLatency);
  rig.begin();
  for (const char* pad : {"video", "audio"}) {
    EXPECT_FALSE(latency_of(pad_of(rig, pad)).live);
    EXPECT_EQ(latency_of(pad_of(rig, pad)).min, kUpstreamLatency) << pad;
  }
}

TEST_F(QueriesTest, LatencyOfALiveVideoGrowsByTheProperty) {
  const ElementRig rig(base_url(), {.properties = std::string(kSilent) + " latency=5000000000", .live = true});
  gst_harness_set_upstream_latency(rig.video(), kUpstreamLatency);
  rig.begin();
  for (const char* pad : {"video", "audio"}) {
    EXPECT_TRUE(latency_of(pad_of(rig, pad)).live);
    EXPECT_EQ(latency_of(pad_of(rig, pad)).min, kUpstreamLatency + 5 * GST_SECOND) << pad;
    EXPECT_EQ(latency_of(pad_of(rig, pad)).max, GST_CLOCK_TIME_NONE) << pad;
  }
}

TEST_F(QueriesTest, ALiveVideoWithoutLatencyIsWarnedOfOnce) {
  const ElementRig rig(base_url(), {.properties = kSilent, .live = true});
  rig.begin();
  rig.push_frames(30);
  rig.push_event(gst_event_new_flush_start());
  rig.push_event(gst_event_new_flush_stop(TRUE));
  rig.segment();
  rig.push_frames(30);
  const auto warnings = rig.warnings();
  ASSERT_EQ(warnings.size(), 1U) << "also with a second clip";
  EXPECT_EQ(warnings.front().detail("kind"), "settings");
  EXPECT_NE(warnings.front().text.find("latency"), std::string::npos) << warnings.front().text;
}

TEST_F(QueriesTest, NoWarningForALiveVideoWithLatencyOrAFile) {
  const ElementRig live(base_url(), {.properties = std::string(kSilent) + " latency=1", .live = true});
  const ElementRig file(base_url(), {.properties = kSilent});
  for (const auto* rig : {&live, &file}) {
    rig->begin();
    rig->push_frames(10);
    EXPECT_TRUE(rig->warnings().empty());
  }
}

// ---- what audio asks of upstream

TEST_F(QueriesTest, AudioKnowsDurationAndSeekingOfTheVideoInTime) {
  const ElementRig rig(base_url(), {.properties = kSilent});
  rig.answer_upstream([](GstQuery* query) -> std::optional<bool> {
    if (GST_QUERY_TYPE(query) == GST_QUERY_DURATION) gst_query_set_duration(query, GST_FORMAT_TIME, 12);
    if (GST_QUERY_TYPE(query) == GST_QUERY_SEEKING) gst_query_set_seeking(query, GST_FORMAT_TIME, TRUE, 3, 9);
    if (GST_QUERY_TYPE(query) == GST_QUERY_SEGMENT) gst_query_set_segment(query, 1.0, GST_FORMAT_TIME, 4, 8);
    return true;
  });
  rig.begin();
  gint64 duration = 0, start = 0, stop = 0;
  EXPECT_TRUE(gst_pad_query_duration(pad_of(rig, "audio").get(), GST_FORMAT_TIME, &duration));
  EXPECT_EQ(duration, 12);
  const auto seeking = QueryPtr::adopt(gst_query_new_seeking(GST_FORMAT_TIME));
  EXPECT_TRUE(ask(rig, "audio", seeking));
  gst_query_parse_seeking(seeking.get(), nullptr, nullptr, &start, &stop);
  EXPECT_EQ(stop, 9);
  const auto segment = QueryPtr::adopt(gst_query_new_segment(GST_FORMAT_TIME));
  EXPECT_TRUE(ask(rig, "audio", segment));
  gst_query_parse_segment(segment.get(), nullptr, nullptr, &start, &stop);
  EXPECT_EQ(stop, 8);
}

TEST_F(QueriesTest, BytesOfTheVideoAreNoAnswerForTheSound) {
  const ElementRig rig(base_url(), {.properties = kSilent});
  int asked = 0;
  rig.answer_upstream([&asked](GstQuery* query) -> std::optional<bool> {
    if (GST_QUERY_TYPE(query) == GST_QUERY_DURATION || GST_QUERY_TYPE(query) == GST_QUERY_SEEKING) ++asked;
    return true;
  });
  rig.begin();
  gint64 duration = 0;
  EXPECT_FALSE(gst_pad_query_duration(pad_of(rig, "audio").get(), GST_FORMAT_BYTES, &duration));
  EXPECT_FALSE(ask(rig, "audio", QueryPtr::adopt(gst_query_new_seeking(GST_FORMAT_BYTES))));
  EXPECT_EQ(asked, 0);
  EXPECT_TRUE(gst_pad_query_duration(pad_of(rig, "video").get(), GST_FORMAT_BYTES, &duration));
}

// ---- CAPS, ALLOCATION

TEST_F(QueriesTest, TheSinkTakesWhatDownstreamTakes) {
  const ElementRig rig(base_url(), {.properties = kSilent});
  gst_harness_set_sink_caps_str(rig.video(), "video/x-h264,stream-format=byte-stream,alignment=nal;application/x-rtp");
  const auto caps = CapsPtr::adopt(gst_pad_peer_query_caps(rig.video()->srcpad, nullptr));
  const auto wanted = CapsPtr::adopt(gst_caps_from_string("video/x-h264,stream-format=byte-stream,alignment=nal"));
  EXPECT_TRUE(gst_caps_is_equal(caps.get(), wanted.get())) << to_text(caps.get());
  const auto filter = CapsPtr::adopt(gst_caps_from_string("video/x-h264,stream-format=avc"));
  EXPECT_TRUE(gst_caps_is_empty(CapsPtr::adopt(gst_pad_peer_query_caps(rig.video()->srcpad, filter.get())).get()));
}

TEST_F(QueriesTest, AllocationHasDownstreamsMetasAndNoPools) {
  const ElementRig rig(base_url(), {.properties = kSilent});
  const auto propose = +[](GstPad*, GstPadProbeInfo* info, gpointer) {
    GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
    if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION) return GST_PAD_PROBE_OK;
    gst_query_add_allocation_pool(query, nullptr, 4096, 2, 4);
    gst_query_add_allocation_pool(query, nullptr, 8192, 2, 4);
    gst_query_add_allocation_meta(query, GST_REFERENCE_TIMESTAMP_META_API_TYPE, nullptr);
    return GST_PAD_PROBE_HANDLED;
  };
  gst_pad_add_probe(rig.video()->sinkpad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, propose, nullptr, nullptr);
  rig.begin();
  const auto caps = CapsPtr::adopt(gst_caps_from_string(kVideoCaps));
  const auto query = QueryPtr::adopt(gst_query_new_allocation(caps.get(), TRUE));
  ASSERT_TRUE(gst_pad_peer_query(rig.video()->srcpad, query.get()));
  EXPECT_EQ(gst_query_get_n_allocation_pools(query.get()), 0U);
  EXPECT_TRUE(gst_query_find_allocation_meta(query.get(), GST_REFERENCE_TIMESTAMP_META_API_TYPE, nullptr));
}

}  // namespace
}  // namespace klingv2a::test
