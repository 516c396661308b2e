// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What gst-validate does to pipelines (its scenarios have the same names), in small: a pipeline with klingv2a is to
// answer, play and end as the same one without it. Only what klingv2a refuses (other rates, trick modes) differs.
#include <gtest/gtest.h>

#include "decoded.h"
#include "pipeline_run.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

const ClipOptions kClip{.seconds = 4, .bframes = 2, .gop = 15, .flash_frames = {20, 61}};

struct Played {
  std::vector<bool> answers;        // of each action
  std::vector<GstClockTime> times;  // PTS of what left after the last flush
  End end = End::deadline;
  bool operator==(const Played&) const = default;
};

void PrintTo(const Played& played, std::ostream* out) {
  *out << to_string(played.end) << ", " << played.times.size() << " buffers, answers";
  for (const bool answer : played.answers) *out << " " << answer;
}

// A pipeline, and what a scenario can do with it. Seeks are made in PAUSED, where nothing runs away.
class Stage {
 public:
  explicit Stage(const std::string& middle)
      : run_("filesrc location=" + test_clip(kClip) + " ! qtdemux name=d  h264parse name=p ! " + middle),
        log_(run_.watch("v", "sink")) {
    // gst_parse_launch() would link the demuxer once only.
    const auto link = +[](GstElement*, GstPad* pad, gpointer parser) {
      const auto sink = GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(GST_ELEMENT(parser), "sink"));
      gst_pad_link(pad, sink.get());
    };
    g_signal_connect_object(run_.element("d").get(), "pad-added", G_CALLBACK(link), run_.element("p").get(),
                            static_cast<GConnectFlags>(0));
  }

  void to(GstState state) {
    played_.answers.push_back(gst_element_set_state(run_.pipeline(), state) != GST_STATE_CHANGE_FAILURE);
    if (state == GST_STATE_NULL) run_.forget_logs();  // how far it got is chance
    if (state > GST_STATE_READY) played_.answers.push_back(run_.wait_for_state(state));
  }
  void seek(double start, double stop = -1, double rate = 1.0, int flags = 0) {
    const auto to_time = [](double seconds) { return static_cast<gint64>(seconds * GST_SECOND); };
    const auto all = static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE | flags);
    const bool done = gst_element_seek(run_.pipeline(), rate, GST_FORMAT_TIME, all, GST_SEEK_TYPE_SET, to_time(start),
                                       stop < 0 ? GST_SEEK_TYPE_NONE : GST_SEEK_TYPE_SET, to_time(std::max(stop, 0.0)));
    played_.answers.push_back(done);
    if (done) played_.answers.push_back(run_.wait_for_state(GST_STATE_PAUSED));
  }
  // To its end; then what was seen.
  Played finish() {
    run_.start();
    played_.end = run_.wait_for_end();
    for (const auto& buffer : log_.buffers_since_flush()) played_.times.push_back(buffer.pts);
    run_.stop();
    return played_;
  }

 private:
  PipelineRun run_;
  PadLog& log_;
  Played played_;
};

struct Scenario {
  const char* name;
  void (*act)(Stage& stage);
};

void PrintTo(const Scenario& scenario, std::ostream* out) {
  *out << scenario.name;
}

class Scenarios : public ::testing::TestWithParam<Scenario> {
 protected:
  Played with() {
    Stage stage(klingv2a_on(service_) + "k.video ! queue ! fakesink name=v k.audio ! queue ! fakesink");
    GetParam().act(stage);
    return stage.finish();
  }
  static Played without() {
    Stage stage("queue ! fakesink name=v");
    GetParam().act(stage);
    return stage.finish();
  }
  const sim::Service service_{quick_service()};
};

INSTANTIATE_TEST_SUITE_P(, Scenarios,
                         ::testing::Values(Scenario{"play_15s", [](Stage&) {}},
                                           Scenario{"pause_resume",
                                                    [](Stage& stage) {
                                                      for (int i = 0; i < 3; ++i) {
                                                        stage.to(GST_STATE_PLAYING);
                                                        stage.to(GST_STATE_PAUSED);
                                                      }
                                                    }},
                                           Scenario{"seek_forward",
                                                    [](Stage& stage) {
                                                      stage.to(GST_STATE_PAUSED);
                                                      for (const double position : {0.5, 1.5, 3.0})
                                                        stage.seek(position);
                                                    }},
                                           Scenario{"seek_backward",
                                                    [](Stage& stage) {
                                                      stage.to(GST_STATE_PAUSED);
                                                      for (const double position : {3.0, 2.0, 0.7, 0.0})
                                                        stage.seek(position);
                                                    }},
                                           Scenario{"seek_with_stop",
                                                    [](Stage& stage) {
                                                      stage.to(GST_STATE_PAUSED);
                                                      stage.seek(0.5, 2.5);
                                                    }},
                                           Scenario{"scrub_forward_seeking",
                                                    [](Stage& stage) {
                                                      stage.to(GST_STATE_PAUSED);
                                                      for (int i = 0; i < 12; ++i) stage.seek(i * 0.3);
                                                    }},
                                           Scenario{"change_state_intensive",
                                                    [](Stage& stage) {
                                                      for (int i = 0; i < 2; ++i)
                                                        for (const auto state :
                                                             {GST_STATE_NULL, GST_STATE_PLAYING, GST_STATE_NULL,
                                                              GST_STATE_PAUSED, GST_STATE_PLAYING, GST_STATE_PAUSED,
                                                              GST_STATE_NULL})
                                                          stage.to(state);
                                                    }}),
                         [](const auto& one) { return std::string(one.param.name); });

TEST_P(Scenarios, AreAsWithoutKlingv2a) {
  const auto expected = without();
  EXPECT_EQ(with(), expected);
  EXPECT_EQ(expected.end, End::eos);
  EXPECT_LE(posts(service_), 1);
}

class RefusedScenarios : public Scenarios {};

INSTANTIATE_TEST_SUITE_P(
    , RefusedScenarios,
    ::testing::Values(Scenario{"fast_forward", [](Stage& stage) { stage.seek(0, -1, 2.0); }},
                      Scenario{"slow_motion", [](Stage& stage) { stage.seek(0, -1, 0.5); }},
                      Scenario{"reverse_playback", [](Stage& stage) { stage.seek(0, 3, -1.0); }},
                      Scenario{"trick_mode", [](Stage& stage) { stage.seek(0, -1, 1.0, GST_SEEK_FLAG_TRICKMODE); }},
                      Scenario{"trick_mode_key_units",
                               [](Stage& stage) { stage.seek(0, -1, 1.0, GST_SEEK_FLAG_TRICKMODE_KEY_UNITS); }}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_P(RefusedScenarios, AreRefusedAndTheRestIsPlayed) {
  Stage stage(klingv2a_on(service_) + "k.video ! queue ! fakesink name=v k.audio ! queue ! fakesink");
  stage.to(GST_STATE_PAUSED);
  GetParam().act(stage);
  const auto played = stage.finish();
  EXPECT_EQ(played.answers, (std::vector<bool>{true, true, false}));
  EXPECT_EQ(played.times.size(), static_cast<std::size_t>(frame_count(kClip)));
  EXPECT_EQ(played.end, End::eos);
  EXPECT_EQ(posts(service_), 1);
}

}  // namespace
}  // namespace klingv2a::test
