// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A run takes its settings once, at READY→PAUSED. What is set later is refused with a WARNING, so that nothing which
// makes the same frames come again (a seek, a loop, another stream) pays for a second task.
#include <array>

#include "element_fixture.h"
#include "own_properties.h"

namespace klingv2a::test {
namespace {

// An element with a bus, and how often each of its properties was notified of.
class FrozenSettings : public ::testing::TestWithParam<const char*> {
 protected:
  FrozenSettings() {
    gst_element_set_bus(element_.get(), bus_.get());
    gst_bus_set_sync_handler(bus_.get(), &note, this, nullptr);
    if (std::string(GetParam()) != "klingv2amix")
      g_object_set(element_.get(), "api-key", "k", "base-url", "http://127.0.0.1:1/kling", "video-id", "v", nullptr);
    const auto notified = +[](GObject*, GParamSpec* spec, FrozenSettings* self) { self->notified_ = spec->name; };
    g_signal_connect(element_.get(), "notify", G_CALLBACK(notified), this);
  }
  ~FrozenSettings() override {
    to(GST_STATE_NULL);
    g_signal_handlers_disconnect_by_data(element_.get(), this);
    gst_element_set_bus(element_.get(), nullptr);
  }
  void to(GstState state) const { gst_element_set_state(element_.get(), state); }
  [[nodiscard]] std::vector<GParamSpec*> settings() const {
    auto specs = own_properties(element_.get());
    std::erase_if(specs, [](const GParamSpec* spec) { return (spec->flags & G_PARAM_WRITABLE) == 0; });
    return specs;
  }
  void set_other(GParamSpec* spec) {
    notified_.clear();
    warnings_.clear();
    Value value(spec->value_type);
    set_other_value(spec, value.get());
    g_object_set_property(G_OBJECT(element_.get()), spec->name, value.get());
  }
  [[nodiscard]] std::string read(const GParamSpec* spec) const {
    return spec->flags & G_PARAM_READABLE ? read_property(element_.get(), spec) : "";
  }
  void expect_refused(GParamSpec* spec) {
    SCOPED_TRACE(spec->name);
    const auto before = read(spec);
    set_other(spec);
    EXPECT_EQ(read(spec), before);
    EXPECT_EQ(notified_, "");
    ASSERT_EQ(warnings_.size(), 1U);
    EXPECT_NE(warnings_.front().text.find(spec->name), std::string::npos) << warnings_.front().text;
    EXPECT_EQ(warnings_.front().text.find("Prüfung"), std::string::npos) << "it may be a secret";
    EXPECT_EQ(warnings_.front().detail("kind"), "settings");
  }
  void expect_taken(GParamSpec* spec) {
    SCOPED_TRACE(spec->name);
    const auto before = read(spec);
    set_other(spec);
    EXPECT_TRUE(warnings_.empty());
    const bool readable = (spec->flags & G_PARAM_READABLE) != 0;
    EXPECT_EQ(notified_, readable ? spec->name : "") << "GObject notifies of nothing that cannot be read";
    EXPECT_EQ(read(spec) != before, readable);
  }
  [[nodiscard]] std::size_t warnings() const { return warnings_.size(); }

  const GObjectPtr<GstElement> element_ = new_element(GetParam());

 private:
  static GstBusSyncReply note(GstBus*, GstMessage* message, gpointer self) {
    auto& warnings = static_cast<FrozenSettings*>(self)->warnings_;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) warnings.push_back(read_error(message));
    return GST_BUS_PASS;
  }
  const GObjectPtr<GstBus> bus_ = GObjectPtr<GstBus>::adopt(gst_bus_new());
  std::vector<SeenError> warnings_;
  std::string notified_;
};

INSTANTIATE_TEST_SUITE_P(Of, FrozenSettings, ::testing::Values("klingv2a", "klingv2abin", "klingv2amix"),
                         [](const auto& one) { return std::string(one.param); });

TEST_P(FrozenSettings, AreRefusedInPaused) {
  to(GST_STATE_PAUSED);
  for (GParamSpec* spec : settings()) expect_refused(spec);
}

TEST_P(FrozenSettings, AreRefusedInPlaying) {
  to(GST_STATE_PLAYING);
  for (GParamSpec* spec : settings()) expect_refused(spec);
}

TEST_P(FrozenSettings, AreTakenInNull) {
  for (GParamSpec* spec : settings()) expect_taken(spec);
}

TEST_P(FrozenSettings, AreTakenInReadyBeforeAndAfterARun) {
  to(GST_STATE_READY);
  to(GST_STATE_PAUSED);
  to(GST_STATE_READY);
  for (GParamSpec* spec : settings()) expect_taken(spec);
}

TEST_P(FrozenSettings, ToSetWhatIsSetAlreadyIsNoNews) {
  to(GST_STATE_PAUSED);
  for (GParamSpec* spec : settings()) {
    if ((spec->flags & G_PARAM_READABLE) == 0) continue;
    Value value(spec->value_type);
    g_object_get_property(G_OBJECT(element_.get()), spec->name, value.get());
    g_object_set_property(G_OBJECT(element_.get()), spec->name, value.get());
  }
  EXPECT_EQ(warnings(), 0U);
}

TEST(SettingsOfChildren, AreRefusedToo) {
  const auto bin = new_element("klingv2abin");
  g_object_set(bin.get(), "api-key", "k", "base-url", "http://127.0.0.1:1/kling", "video-id", "v", nullptr);
  gst_element_set_state(bin.get(), GST_STATE_PAUSED);
  gst_child_proxy_set(GST_CHILD_PROXY(bin.get()), "kling::bgm-prompt", "piano", "mix::duck-depth", 3.0, nullptr);
  char* prompt = nullptr;
  double depth = 0;
  gst_child_proxy_get(GST_CHILD_PROXY(bin.get()), "kling::bgm-prompt", &prompt, "mix::duck-depth", &depth, nullptr);
  EXPECT_EQ(GCharPtr(prompt), nullptr);
  EXPECT_EQ(depth, 12.0);
  gst_element_set_state(bin.get(), GST_STATE_NULL);
}

// Settings that contradict each other, since NULL→READY.
TEST(SettingsInReady, AreCheckedAgainOnTheWayUp) {
  const auto element = new_element("klingv2a");
  g_object_set(element.get(), "api-key", "k", "base-url", "http://127.0.0.1:1/kling", "video-id", "v", nullptr);
  ASSERT_EQ(gst_element_set_state(element.get(), GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  g_object_set(element.get(), "video-url", "https://example.org/v.mp4", nullptr);
  EXPECT_EQ(gst_element_set_state(element.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  g_object_set(element.get(), "video-url", nullptr, nullptr);
  EXPECT_EQ(gst_element_set_state(element.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state(element.get(), GST_STATE_NULL);
}

// ---- what would be another task of the same clip

GstClockTime length_of(const PadLog& log) {
  GstClockTime length = 0;
  for (const auto& buffer : log.buffers()) length += buffer.duration;
  return length;
}

struct LateSetting {
  const char* property;
  const char* value;
};

void PrintTo(const LateSetting& setting, std::ostream* out) {
  *out << setting.property;
}

class PaidOnce : public ElementTest, public ::testing::WithParamInterface<LateSetting> {
 protected:
  void SetUp() override {
    refuse_tasks();
    rig_.push_clip();
    ASSERT_TRUE(rig_.wait_for_end());
    ASSERT_EQ(posts(), 1);
    gst_util_set_object_arg(G_OBJECT(rig_.element()), GetParam().property, GetParam().value);
    rig_.video_log().clear();
    rig_.sound_log().clear();
  }
  void expect_the_same_sound_again() {
    rig_.push_frames(90);
    rig_.end();
    ASSERT_TRUE(rig_.wait_for_end());
    EXPECT_EQ(posts(), 1);
    EXPECT_EQ(rig_.video_log().count(), 90U);
    EXPECT_EQ(length_of(rig_.sound_log()), 3 * GST_SECOND);
    ASSERT_EQ(rig_.warnings().size(), 2U) << "of the silence, and of the property";
    EXPECT_NE(rig_.warnings().back().text.find(GetParam().property), std::string::npos);
  }
  ElementRig rig_{base_url(), {.properties = kSilent}};
};

INSTANTIATE_TEST_SUITE_P(
    , PaidOnce,
    ::testing::Values(LateSetting{"sound-effect-prompt", "rain"}, LateSetting{"bgm-prompt", "piano"},
                      LateSetting{"asmr-mode", "true"}, LateSetting{"take", "1"}, LateSetting{"video-id", "sim-5s"},
                      LateSetting{"video-url", "https://example.org/v.mp4"}, LateSetting{"api-key", "another"},
                      LateSetting{"base-url", "http://127.0.0.1:1/kling"},
                      LateSetting{"journal", "/nonexistent/journal.sqlite"}, LateSetting{"external-task-id", "mine"},
                      LateSetting{"on-unknown", "resubmit"}, LateSetting{"conform", "always"},
                      LateSetting{"on-failure", "error"}, LateSetting{"dry-run", "true"}));

TEST_P(PaidOnce, AfterAFlushingSeek) {
  rig_.push_event(gst_event_new_flush_start());
  rig_.push_event(gst_event_new_flush_stop(TRUE));
  rig_.segment();
  expect_the_same_sound_again();
}

TEST_P(PaidOnce, WhenTheStreamComesAgain) {
  rig_.stream_start();
  rig_.segment();
  expect_the_same_sound_again();
}

class PaidOnceInALoop : public ElementTest {};

// A loop by segments: SEGMENT_DONE, and the same from the start without a flush.
TEST_F(PaidOnceInALoop, BySegmentDone) {
  refuse_tasks();
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  for (guint64 loop = 0; loop < 4; ++loop) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.stop = 3 * GST_SECOND;
    segment.base = loop * 3 * GST_SECOND;
    rig.push_event(gst_event_new_segment(&segment));
    rig.push_frames(90);
    rig.push_event(gst_event_new_segment_done(GST_FORMAT_TIME, 3 * GST_SECOND));
    ASSERT_TRUE(rig.wait_until([&] {
      return rig.video_log().count(GST_EVENT_SEGMENT_DONE) == static_cast<int>(loop) + 1 &&
             rig.sound_log().count(GST_EVENT_SEGMENT_DONE) == static_cast<int>(loop) + 1;
    }));
    g_object_set(rig.element(), "take", static_cast<guint>(loop) + 1, "bgm-prompt", "piano", nullptr);
  }
  EXPECT_EQ(posts(), 1);
  EXPECT_EQ(rig.video_log().count(), 360U);
  EXPECT_EQ(length_of(rig.sound_log()), 12 * GST_SECOND);
}

// The next run has what was set between the two.
TEST_F(PaidOnceInALoop, AnotherRunTakesWhatWasSetInReady) {
  refuse_tasks();
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  gst_element_set_state(rig.element(), GST_STATE_READY);
  g_object_set(rig.element(), "take", 1U, nullptr);
  gst_element_set_state(rig.element(), GST_STATE_PLAYING);
  rig.video_log().clear();
  rig.sound_log().clear();
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_EQ(posts(), 2);
}

}  // namespace
}  // namespace klingv2a::test
