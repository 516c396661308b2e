// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Nothing is paid for a sound that nobody takes; and one pad that cannot go on does not stop the other.
#include <algorithm>

#include "element_fixture.h"
#include "gst_ptr.h"

namespace klingv2a::test {
namespace {

class AudioLinkTest : public ElementTest {
 protected:
  static constexpr const char* kById = "video-id=sim-3s";

  static void expect_nowhere_to_go(const ElementRig& rig, const char* words) {
    expect_error(rig, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "settings");
    EXPECT_TRUE(error_says(rig, words)) << rig.errors().front().text;
    EXPECT_TRUE(error_says(rig, "k.audio !")) << "the way out";
  }
};

// A sink pad that takes `caps` only, linked to klingv2a's audio without any check, as a bin's ghost pad may be.
class LateSink {
 public:
  LateSink(GstElement* element, const char* caps)
      : element_(element), caps_(CapsPtr::adopt(gst_caps_from_string(caps))) {
    g_signal_connect(
        element_, "pad-added",
        G_CALLBACK(+[](GstElement*, GstPad* pad, gpointer self) { static_cast<LateSink*>(self)->link(pad); }), this);
  }
  ~LateSink() {
    g_signal_handlers_disconnect_by_data(element_, this);
    if (pad_) gst_pad_set_active(pad_.get(), FALSE);
  }
  LateSink(const LateSink&) = delete;
  LateSink& operator=(const LateSink&) = delete;

 private:
  void link(GstPad* source) {
    const auto of_caps = GObjectPtr<GstPadTemplate>::adopt(
        GST_PAD_TEMPLATE(gst_object_ref_sink(gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps_.get()))));
    pad_ = PadPtr::adopt(GST_PAD(gst_object_ref_sink(gst_pad_new_from_template(of_caps.get(), "sink"))));
    gst_pad_set_active(pad_.get(), TRUE);
    gst_pad_link_full(source, pad_.get(), GST_PAD_LINK_CHECK_NOTHING);
  }
  GstElement* element_;
  CapsPtr caps_;
  PadPtr pad_;
};

// ---- before anything is paid

TEST_F(AudioLinkTest, AnUnlinkedAudioIsAnErrorAndNothingIsPaid) {
  const ElementRig rig(base_url(), {.properties = kById, .audio_caps = nullptr});
  rig.push_clip();
  expect_nowhere_to_go(rig, "not linked");
  EXPECT_EQ(posts(), 0);
}

TEST_F(AudioLinkTest, APeerThatTakesNoRawAudioIsAnErrorAndNothingIsPaid) {
  ElementRig rig(base_url(), {.properties = kById, .audio_caps = nullptr});
  const LateSink encoded_only(rig.element(), "audio/mpeg, mpegversion=4");
  rig.push_clip();
  expect_nowhere_to_go(rig, "audio/mpeg");
  EXPECT_EQ(posts(), 0);
  gst_element_set_state(rig.element(), GST_STATE_NULL);
}

TEST_F(AudioLinkTest, SilenceIsNoWayOutOfAMissingLink) {
  const ElementRig rig(base_url(), {.properties = std::string(kById) + " on-failure=silence", .audio_caps = nullptr});
  rig.push_clip();
  expect_nowhere_to_go(rig, "not linked");
  EXPECT_EQ(posts(), 0);
}

TEST_F(AudioLinkTest, TheVideoEndsAllTheSame) {
  ElementRig rig(base_url(), {.properties = kById, .audio_caps = nullptr});
  rig.push_clip();
  EXPECT_TRUE(rig.wait_until([&] { return rig.video_log().ended(); }));
}

TEST_F(AudioLinkTest, ALinkMadeWhileFramesAreHeldCounts) {
  refuse_tasks();
  const ElementRig rig(base_url(), {.properties = kSilent, .audio_caps = nullptr});
  rig.begin();
  rig.push_frames(45);
  const auto pad = PadPtr::adopt(gst_element_get_static_pad(rig.element(), "audio"));
  auto* harness = gst_harness_new_with_element(rig.element(), nullptr, nullptr);
  gst_harness_add_element_src_pad(harness, pad.get());
  rig.push_frames(45, 45);
  rig.end();
  EXPECT_TRUE(rig.wait_until([&] { return posts() == 1; }));
  EXPECT_TRUE(rig.errors().empty());
  gst_element_set_state(rig.element(), GST_STATE_NULL);
  gst_harness_teardown(harness);
}

// ---- the caps of the sound

struct PeerCaps {
  const char* peer;
  const char* fields;
};

void PrintTo(const PeerCaps& row, std::ostream* out) {
  *out << row.peer;
}

class AudioCapsTest : public AudioLinkTest, public ::testing::WithParamInterface<PeerCaps> {};

TEST_P(AudioCapsTest, AreWhatThePeerTakes) {
  refuse_tasks();
  ElementRig rig(base_url(), {.properties = kSilent, .audio_caps = GetParam().peer});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  const auto caps = CapsPtr::adopt(gst_caps_from_string(rig.sound_log().caps().c_str()));
  const auto wanted = CapsPtr::adopt(gst_caps_from_string((std::string("audio/x-raw,") + GetParam().fields).c_str()));
  EXPECT_TRUE(gst_caps_is_subset(caps.get(), wanted.get())) << rig.sound_log().caps();
  EXPECT_TRUE(rig.errors().empty());
}

INSTANTIATE_TEST_SUITE_P(, AudioCapsTest,
                         ::testing::Values(PeerCaps{"audio/x-raw",
                                                    "rate=48000,channels=2,format=S16LE,layout=interleaved"},
                                           PeerCaps{"audio/x-raw,rate=44100", "rate=44100,channels=2"},
                                           PeerCaps{"audio/x-raw,channels=1", "rate=48000,channels=1"},
                                           PeerCaps{"audio/x-raw,format=F32LE,layout=non-interleaved",
                                                    "format=F32LE,layout=non-interleaved"},
                                           PeerCaps{"audio/x-raw,channels=6,channel-mask=(bitmask)0x3f", "channels=6"},
                                           PeerCaps{"audio/mpeg;audio/x-raw,rate=[8000,22050]", "rate=22050"}));

// ---- one pad that cannot go on

struct Downstream {
  bool video;  // the pad that answers; else audio
  GstFlowReturn answer;
};

void PrintTo(const Downstream& row, std::ostream* out) {
  *out << (row.video ? "video: " : "audio: ") << gst_flow_get_name(row.answer);
}

class OnePadStops : public ElementTest, public ::testing::WithParamInterface<Downstream> {};

TEST_P(OnePadStops, TheOtherGoesOnToItsEnd) {
  refuse_tasks();
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  const auto& row = GetParam();
  ElementRig::answer_buffers(row.video ? rig.video()->sinkpad : rig.sound()->sinkpad, row.answer);
  rig.push_frames(90);
  rig.end();
  PadLog& other = row.video ? rig.sound_log() : rig.video_log();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_EQ(other.count(), row.video ? 75U : 90U);
  const bool is_failure = row.answer < GST_FLOW_EOS;
  EXPECT_TRUE(rig.wait_until([&] { return rig.errors().size() == (is_failure ? 1U : 0U); }));
  EXPECT_EQ(std::ranges::count(rig.message_order(), "PROGRESS complete"), 1);
  EXPECT_EQ(rig.video_log().count(GST_EVENT_EOS), 1);
  EXPECT_EQ(rig.sound_log().count(GST_EVENT_EOS), 1);
}

INSTANTIATE_TEST_SUITE_P(, OnePadStops,
                         ::testing::Values(Downstream{true, GST_FLOW_ERROR}, Downstream{true, GST_FLOW_EOS},
                                           Downstream{true, GST_FLOW_NOT_LINKED},
                                           Downstream{true, GST_FLOW_NOT_NEGOTIATED}, Downstream{false, GST_FLOW_ERROR},
                                           Downstream{false, GST_FLOW_EOS}, Downstream{false, GST_FLOW_NOT_LINKED},
                                           Downstream{false, GST_FLOW_NOT_NEGOTIATED}));

TEST_F(AudioLinkTest, NobodyListeningIsAnError) {
  refuse_tasks();
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  ElementRig::answer_buffers(rig.video()->sinkpad, GST_FLOW_NOT_LINKED);
  ElementRig::answer_buffers(rig.sound()->sinkpad, GST_FLOW_NOT_LINKED);
  rig.push_frames(90);
  rig.end();
  EXPECT_TRUE(rig.wait_for_error());
}

}  // namespace
}  // namespace klingv2a::test
