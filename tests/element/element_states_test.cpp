// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Up and down through the states, in every order and many times; and what NULL→READY refuses without any network.
#include <array>
#include <semaphore>
#include <thread>

#include "element_fixture.h"
#include "process_counts.h"

namespace klingv2a::test {
namespace {

using On = sim::Fault::On;
using Do = sim::Fault::Do;

constexpr const char* kNobody = "http://127.0.0.1:1/kling";  // a service that nobody may ask

// An element with a bus, without pads' peers.
class BareElement {
 public:
  explicit BareElement(const std::string& properties)
      : element_(GObjectPtr<GstElement>::adopt(
            GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(("klingv2a name=k " + properties).c_str(), nullptr))))),
        bus_(GObjectPtr<GstBus>::adopt(gst_bus_new())) {
    gst_element_set_bus(element_.get(), bus_.get());
  }
  ~BareElement() {
    gst_element_set_state(element_.get(), GST_STATE_NULL);
    gst_element_set_bus(element_.get(), nullptr);
  }
  BareElement(const BareElement&) = delete;
  BareElement& operator=(const BareElement&) = delete;

  [[nodiscard]] GstElement* get() const { return element_.get(); }
  GstStateChangeReturn to(GstState state) const { return gst_element_set_state(element_.get(), state); }
  // The one error that was posted.
  [[nodiscard]] SeenError error() const {
    const std::unique_ptr<GstMessage, Deleter<gst_message_unref>> message(
        gst_bus_pop_filtered(bus_.get(), GST_MESSAGE_ERROR));
    EXPECT_TRUE(message);
    EXPECT_FALSE(gst_bus_have_pending(bus_.get()));
    return message ? read_error(message.get()) : SeenError();
  }

 private:
  GObjectPtr<GstElement> element_;
  GObjectPtr<GstBus> bus_;
};

std::string valid_on(const std::string& url) {
  return "api-key=k base-url=" + url + " video-id=v ";
}

// ---- making one

TEST(Instantiation, MakesNoThreadAndOpensNothing) {
  const auto make = [] {
    return GObjectPtr<GstElement>::adopt(
        GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("klingv2a", nullptr))));
  };
  make();  // loads the plugin
  const auto before = ProcessCounts::now();
  const auto element = make();
  EXPECT_TRUE(element);
  EXPECT_EQ(ProcessCounts::now(), before);
}

TEST(Instantiation, NeedsNoKeyAndNoEnvironment) {
  for (int i = 0; i < 20; ++i) {
    const BareElement element("");
    ASSERT_NE(element.get(), nullptr);
  }
}

// ---- up and down

class StateCycles : public ::testing::Test {
 protected:
  void go(std::initializer_list<GstState> states) const {
    for (const auto state : states)
      ASSERT_EQ(element_.to(state), GST_STATE_CHANGE_SUCCESS) << gst_element_state_get_name(state);
  }
  BareElement element_{valid_on(kNobody)};
};

TEST_F(StateCycles, AllTheWayUpAndDown) {
  for (int i = 0; i < 20; ++i) go({GST_STATE_PLAYING, GST_STATE_NULL});
}

TEST_F(StateCycles, StepByStep) {
  for (int i = 0; i < 20; ++i)
    go({GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING, GST_STATE_PAUSED, GST_STATE_READY, GST_STATE_NULL});
}

TEST_F(StateCycles, BackAndForthInTheMiddle) {
  for (int i = 0; i < 10; ++i)
    go({GST_STATE_READY, GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_READY, GST_STATE_PAUSED,
        GST_STATE_PLAYING, GST_STATE_PAUSED, GST_STATE_PLAYING, GST_STATE_READY, GST_STATE_PLAYING, GST_STATE_NULL});
}

TEST_F(StateCycles, LeaveNoThreadBehind) {
  go({GST_STATE_PLAYING, GST_STATE_NULL});
  const auto before = ProcessCounts::now();
  for (int i = 0; i < 10; ++i) go({GST_STATE_PLAYING, GST_STATE_NULL});
  EXPECT_LE(ProcessCounts::now().threads, before.threads + 1);  // GStreamer's thread pool keeps some for a while
  EXPECT_EQ(ProcessCounts::now().fds, before.fds);
}

// ---- with video

class StatesWithVideo : public ElementTest {
 protected:
  static GstStateChangeReturn to(const ElementRig& rig, GstState state) {
    return gst_element_set_state(rig.element(), state);
  }
};

TEST_F(StatesWithVideo, AFrameThatIsHeldDoesNotStopTheWayDown) {
  const ElementRig rig(base_url(), {.properties = "video-id=sim-3s"});
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(rig.begin());
    EXPECT_EQ(rig.push_frames(10), GST_FLOW_OK);
    EXPECT_EQ(to(rig, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
    EXPECT_EQ(to(rig, GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS);
  }
  EXPECT_EQ(posts(), 0);
}

// Demuxers make an ERROR of anything else.
TEST_F(StatesWithVideo, UpstreamIsFlushedOnTheWayDownInTheMiddleOfItsTags) {
  constexpr GstClockTime kShort = GST_MSECOND;
  const ElementRig rig(base_url(), {.properties = "video-id=sim-3s"});
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(rig.begin());
    GstFlowReturn flow = GST_FLOW_OK;
    std::binary_semaphore flows(0);
    std::thread upstream([&] {
      for (guint frame = 0; flow == GST_FLOW_OK; ++frame) {
        rig.push_event(gst_event_new_tag(gst_tag_list_new(GST_TAG_BITRATE, frame, nullptr)));
        flow = rig.push_frame(frame * kShort, kShort);
        if (frame == 5) flows.release();
      }
    });
    EXPECT_TRUE(flows.try_acquire_for(std::chrono::seconds(30)));
    EXPECT_EQ(to(rig, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
    upstream.join();
    EXPECT_EQ(flow, GST_FLOW_FLUSHING);
    EXPECT_EQ(to(rig, GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS);
  }
}

TEST_F(StatesWithVideo, EachRunHasItsOwnSound) {
  refuse_tasks();
  ElementRig rig(base_url(), {.properties = kSilent});
  for (int i = 0; i < 3; ++i) {
    rig.push_clip();
    ASSERT_TRUE(rig.wait_for_end());
    EXPECT_EQ(rig.video_log().count(), 90U);
    rig.video_log().clear();
    rig.sound_log().clear();
    ASSERT_EQ(to(rig, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
    ASSERT_EQ(to(rig, GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS);
  }
  EXPECT_EQ(posts(), 3);
  EXPECT_EQ(rig.signals(),
            (std::vector<std::string>{"pad-added audio", "no-more-pads", "no-more-pads", "no-more-pads"}));
}

TEST_F(StatesWithVideo, FramesAreRefusedAfterTheWayDown) {
  const ElementRig rig(base_url(), {.properties = "video-id=sim-3s"});
  rig.begin();
  to(rig, GST_STATE_READY);
  EXPECT_EQ(rig.push_frame(0), GST_FLOW_FLUSHING);
}

TEST_F(StatesWithVideo, AFailedRunCanBeRepeated) {
  ElementRig rig(base_url(), {.properties = "video-id=sim-3s"});
  service_.add_fault({.on = On::submit, .what = Do::error_code, .code = "1102"});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_error());
  to(rig, GST_STATE_NULL);
  to(rig, GST_STATE_PLAYING);
  rig.video_log().clear();
  rig.sound_log().clear();
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_EQ(rig.errors().size(), 1U);
  EXPECT_EQ(rig.sound_log().count(), 75U);  // 3 s in buffers of 40 ms
}

// ---- what NULL→READY refuses

struct Refused {
  const char* what;
  const char* properties;
  int code;
  const char* kind;
};

void PrintTo(const Refused& refused, std::ostream* out) {
  *out << refused.what;
}

class RefusedAtReady : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedAtReady, WithDetailsAndNothingPaid) {
  const auto& row = GetParam();
  const BareElement element(row.properties);
  EXPECT_EQ(element.to(GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
  const auto error = element.error();
  EXPECT_TRUE(error.is(GST_RESOURCE_ERROR, row.code)) << error.code << " " << error.text;
  EXPECT_EQ(error.detail("kind"), row.kind) << error.text;
  EXPECT_FALSE(error.detail("phase").empty());
  EXPECT_EQ(error.detail("paid"), "no");
  EXPECT_NE(error.debug.find(std::string("kind=") + row.kind), std::string::npos) << error.debug;
}

#define LETTERS_50 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
#define LETTERS_201 LETTERS_50 LETTERS_50 LETTERS_50 LETTERS_50 "f"
#define LOOPBACK "base-url=http://127.0.0.1:1/kling "

INSTANTIATE_TEST_SUITE_P(
    , RefusedAtReady,
    ::testing::Values(
        Refused{"no key", LOOPBACK, GST_RESOURCE_ERROR_NOT_AUTHORIZED, "credentials"},
        Refused{"a key with a blank", "api-key=\"a b\" " LOOPBACK, GST_RESOURCE_ERROR_NOT_AUTHORIZED, "credentials"},
        Refused{"a long sound effect prompt", "api-key=k sound-effect-prompt=" LETTERS_201 " " LOOPBACK,
                GST_RESOURCE_ERROR_SETTINGS, "input"},
        Refused{"a long music prompt", "api-key=k bgm-prompt=" LETTERS_201 " " LOOPBACK, GST_RESOURCE_ERROR_SETTINGS,
                "input"},
        Refused{"both references", "api-key=k video-id=v video-url=https://example.org/v.mp4 " LOOPBACK,
                GST_RESOURCE_ERROR_SETTINGS, "settings"},
        Refused{"a publish URI of no known kind", "api-key=k publish=ftp://example.org/ " LOOPBACK,
                GST_RESOURCE_ERROR_SETTINGS, "settings"},
        Refused{"userinfo in base-url", "api-key=k base-url=http://me:pw@127.0.0.1:1/kling",
                GST_RESOURCE_ERROR_SETTINGS, "settings"},
        Refused{"no publish for a service elsewhere", "api-key=k base-url=https://api.example.org/kling",
                GST_RESOURCE_ERROR_SETTINGS, "settings"},
        Refused{"no publish for the default service", "api-key=k", GST_RESOURCE_ERROR_SETTINGS, "settings"}));

TEST(SettingsAtReady, TheSameElementWorksOnceTheyAreRight) {
  const BareElement element(LOOPBACK);
  ASSERT_EQ(element.to(GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  element.to(GST_STATE_NULL);
  g_object_set(element.get(), "api-key", "k", nullptr);
  EXPECT_EQ(element.to(GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS);
}

TEST(SettingsAtReady, AreCheckedWithoutAskingAnyone) {
  const sim::Service service(quick_service());
  const BareElement element(valid_on(service.base_url()));
  EXPECT_EQ(element.to(GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS);
  element.to(GST_STATE_NULL);
  EXPECT_TRUE(service.requests().empty());
}

}  // namespace
}  // namespace klingv2a::test
