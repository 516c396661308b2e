// SPDX-License-Identifier: LGPL-2.1-or-later
//
// klingv2amix when its gain is given: that it plays as its inputs come, holds little of them, and gives what it gives
// when it measures. And who waits, and is let go.
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <random>

#include "mix_rig.h"

namespace klingv2a::test {
namespace {

constexpr std::size_t kSecond = 48000;
constexpr std::uint64_t kFrameBytes = 2 * sizeof(float);
// max-ahead, what ducking hears beforehand, and the part that is being used.
constexpr std::uint64_t kMostHeld = (2 * kSecond + 4800 + 4096) * kFrameBytes;

Samples noise(float amplitude, std::size_t frames, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> values(-amplitude, amplitude);
  Samples samples(2 * frames);
  for (float& sample : samples) sample = values(random);
  return samples;
}

// Loud words with pauses between them.
Samples speech(std::size_t words) {
  Samples samples;
  for (unsigned n = 0; n < words; ++n)
    samples = std::move(samples) + noise(0.7F, kSecond / 2, n + 1) + level(0, kSecond * 2 / 3);
  return samples;
}

// Pushes it all, from a thread of its own, and ends; returns what the last push returned.
std::future<GstFlowReturn> feed(MixRig& rig, const std::string& name, const Samples& samples,
                                std::uint64_t at_frame = 0, std::size_t frames_at_once = 1024) {
  return std::async(std::launch::async, [&rig, name, &samples, at_frame, frames_at_once] {
    GstFlowReturn flow = GST_FLOW_OK;
    for (std::size_t at = 0; at < samples.size() && flow == GST_FLOW_OK; at += 2 * frames_at_once) {
      const auto end = std::min(samples.size(), at + 2 * frames_at_once);
      const Samples part(samples.begin() + static_cast<std::ptrdiff_t>(at),
                         samples.begin() + static_cast<std::ptrdiff_t>(end));
      flow = rig.push(name, part, at_frame + at / 2);
    }
    if (flow == GST_FLOW_OK) rig.end(name);
    return flow;
  });
}

// ---- the same samples

struct Inputs {
  const char* what;
  Samples original, generated;
  std::uint64_t original_at = 0, generated_at = 0;
};

Samples mixed(MixRig& rig, const Inputs& inputs) {
  rig.open("original");
  rig.open("generated");
  const auto original = feed(rig, "original", inputs.original, inputs.original_at);
  const auto generated = feed(rig, "generated", inputs.generated, inputs.generated_at, 4999);
  return rig.result();
}

// Another run with what the first one has measured, as text, as people pass it on.
std::string as_measured(const MixRig& rig) {
  std::string properties;
  for (const char* name : {"gain", "original-loudness", "limiter-ceiling"}) {
    std::array<char, G_ASCII_DTOSTR_BUF_SIZE> text{};
    g_ascii_dtostr(text.data(), text.size(), rig.number(name));
    properties += std::string(" ") + name + "=" + text.data();
  }
  return properties;
}

TEST(MixStreams, TheSamplesOfTheRunThatMeasured) {
  const Samples words = speech(4), rain = noise(0.3F, 5 * kSecond + 123, 77);
  const std::vector<Inputs> cases{{"the same start", words, rain},
                                  {"a late original", words, rain, 70001, 0},
                                  {"a late, short generated sound", words, noise(0.3F, kSecond, 5), 0, 90007},
                                  {"far apart", noise(0.7F, kSecond, 6), rain, 0, 20 * kSecond}};
  for (const auto& each : cases)
    for (const std::string level : {"mode=duck loudness=-23", "mode=duck loudness=-6", "mode=mix loudness=-20"}) {
      MixRig measuring("true-peak=-1 " + level);
      const auto wanted = mixed(measuring, each);
      EXPECT_EQ(measuring.number("limiter-ceiling") < 0, level == "mode=duck loudness=-6") << each.what;
      MixRig streaming("true-peak=-1 " + level + as_measured(measuring));
      EXPECT_EQ(mixed(streaming, each), wanted) << each.what << ": " << level;
      for (const char* field : {"limited-samples", "ducked-samples", "samples"})
        EXPECT_EQ(streaming.stat(field), measuring.stat(field)) << field;
      EXPECT_LE(streaming.bytes("held-bytes"), 2 * kMostHeld);
      EXPECT_EQ(as_measured(streaming), as_measured(measuring));
    }
}

TEST(MixStreams, UnderTheCeilingWithoutAMeasuredOne) {
  MixRig rig("gain=12 true-peak=-3");
  const Samples loud = noise(0.9F, 2 * kSecond, 1);
  const auto samples = mixed(rig, {"", loud, loud});
  const auto [low, high] = std::minmax_element(samples.begin(), samples.end());
  EXPECT_LE(std::max(-*low, *high), std::pow(10, -3.0 / 20));
  EXPECT_GT(rig.stat("limited-samples"), 0);
  EXPECT_EQ(rig.number("limiter-ceiling"), -3.15);
}

// The gain is given, but the threshold of the ducking is to be measured.
TEST(MixStreams, OnlyWithAllThatItNeeds) {
  MixRig rig("mode=duck gain=-6.0205999132796239 duck-depth=0");
  rig.open("original");
  rig.push("original", level(0.5F, 10 * kSecond));
  rig.end("original");
  const auto samples = rig.result();
  EXPECT_NEAR(samples.at(0), 0.25F, 1e-6);
  EXPECT_EQ(samples.size(), 20 * kSecond);
  EXPECT_TRUE(gst_structure_has_field(rig.stats().get(), "loudness-after"));
}

// ---- that it streams

TEST(MixStreams, BeforeEitherInputHasEnded) {
  for (const std::string properties : {"", "mode=duck original-loudness=-20", "gain=-3 loudness=-23"}) {
    MixRig rig(properties);
    rig.open("original");
    rig.open("generated");
    rig.push("original", counting(kSecond));
    rig.push("generated", counting(kSecond));
    EXPECT_TRUE(rig.log().wait_for_buffers(40)) << properties;
    EXPECT_FALSE(rig.log().ended());
  }
}

TEST(MixStreams, OneInputOnceTheOtherHasEndedOrIsSilent) {
  MixRig rig;
  rig.open("original");
  rig.open("generated");
  rig.push("original", counting(kSecond));
  rig.event("generated", gst_event_new_gap(0, GST_SECOND / 2));
  EXPECT_TRUE(rig.log().wait_for_buffers(20));
  rig.end("generated");
  EXPECT_TRUE(rig.log().wait_for_buffers(44));
}

// The original comes without a pause; the generated sound only in pieces of 20 s, each when the output has nothing more
// of the one before.
TEST(MixStreams, ThreeMinutesInBurstsAndHoldsLittle) {
  MixRig rig("mode=duck original-loudness=-20 duck-depth=0");
  rig.open("original");
  rig.open("generated");
  const Samples original = level(0.25F, 180 * kSecond);
  const auto fed = feed(rig, "original", original);
  for (std::uint64_t burst = 0; burst < 9; ++burst) {
    rig.push("generated", level(0.5F, 20 * kSecond), burst * 20 * kSecond);
    ASSERT_TRUE(rig.log().wait_for_buffers((burst + 1) * 20 * kSecond / 1024 - 2));
  }
  rig.end("generated");
  EXPECT_EQ(rig.result(), level(0.75F, 180 * kSecond));
  EXPECT_LE(rig.bytes("held-bytes"), 2 * kMostHeld);
  EXPECT_EQ(rig.bytes("spooled-bytes"), 0U);
}

TEST(MixStreams, AndLetsTheInputThatIsAheadWait) {
  MixRig rig("max-ahead=500000000");
  rig.open("original");
  rig.open("generated");
  const Samples original = level(0.25F, 30 * kSecond);
  auto fed = feed(rig, "original", original);
  rig.push("generated", level(0.5F, kSecond));
  // It is not through before the other one has ended.
  EXPECT_TRUE(rig.log().wait_for_buffers(45));
  EXPECT_EQ(fed.wait_for(Milliseconds(0)), std::future_status::timeout);
  rig.end("generated");
  EXPECT_EQ(fed.get(), GST_FLOW_OK);
  EXPECT_EQ(rig.result(), level(0.75F, kSecond) + level(0.25F, 29 * kSecond));
  EXPECT_LE(rig.bytes("held-bytes"), 2 * (kSecond / 2 + 4096) * kFrameBytes);
}

TEST(MixStreams, WithItsLatency) {
  MixRig rig("mode=duck original-loudness=-20");
  rig.open("original");
  const auto pad = PadPtr::adopt(gst_element_get_static_pad(rig.element(), "src"));
  GstQuery* query = gst_query_new_latency();
  ASSERT_TRUE(gst_pad_query(pad.get(), query));
  gboolean live = FALSE;
  GstClockTime min = 0, max = 0;
  gst_query_parse_latency(query, &live, &min, &max);
  gst_query_unref(query);
  // Ducking hears 100 ms ahead; a block; the limiter.
  EXPECT_EQ(min, frames_as_time(4800 + 1024 + 208));
  // As soon as that much has come there is output, and not before.
  rig.push("original", counting(4800 + 1023));
  rig.push("original", counting(1), 4800 + 1023);
  EXPECT_TRUE(rig.log().wait_for_buffers(1));
  rig.end("original");
  EXPECT_EQ(rig.result().size(), 2 * 5824U);
  EXPECT_EQ(rig.log().buffers().front().size, (1024 - 208) * kFrameBytes);
}

// ---- whoever waits is let go

// An original that waits for room, since there is no generated sound.
class MixWaits : public ::testing::Test {
 protected:
  MixWaits() {
    rig_.open("original");
    rig_.open("generated");
    rig_.push("original", level(0.25F, 2 * kSecond));
    fed_ = feed(rig_, "original", sound_, 2 * kSecond);
  }
  void expect_let_go(GstFlowReturn wanted) {
    ASSERT_EQ(fed_.wait_for(std::chrono::seconds(10)), std::future_status::ready);
    EXPECT_EQ(fed_.get(), wanted);
  }

  const Samples sound_ = level(0.25F, 10 * kSecond);
  MixRig rig_;
  std::future<GstFlowReturn> fed_;
};

TEST_F(MixWaits, UntilTheElementStops) {
  const auto before = std::chrono::steady_clock::now();
  rig_.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, Milliseconds(100));
  expect_let_go(GST_FLOW_FLUSHING);
}

TEST_F(MixWaits, UntilAFlush) {
  for (const char* name : {"original", "generated"}) rig_.event(name, gst_event_new_flush_start());
  expect_let_go(GST_FLOW_FLUSHING);
  for (const char* name : {"original", "generated"}) rig_.event(name, gst_event_new_flush_stop(TRUE));
  for (const char* name : {"original", "generated"}) {
    rig_.segment(name, 0);
    rig_.push(name, level(0.125F, 1000));
    rig_.end(name);
  }
  EXPECT_EQ(rig_.result(), level(0.25F, 1000));
}

TEST_F(MixWaits, UntilTheOtherEnds) {
  rig_.end("generated");
  expect_let_go(GST_FLOW_OK);
  EXPECT_EQ(rig_.result(), level(0.25F, 12 * kSecond));
}

TEST_F(MixWaits, UntilTheOtherPadIsReleased) {
  rig_.release("generated");
  expect_let_go(GST_FLOW_OK);
}

TEST_F(MixWaits, UntilTheOtherPadIsUnlinked) {
  rig_.push("generated", level(0.5F, kSecond));
  const auto pad = PadPtr::adopt(gst_pad_get_peer(rig_.source("generated")));
  ASSERT_TRUE(gst_pad_unlink(rig_.source("generated"), pad.get()));
  expect_let_go(GST_FLOW_OK);
  EXPECT_EQ(rig_.result(), level(0.75F, kSecond) + level(0.25F, 11 * kSecond));
}

TEST_F(MixWaits, UntilItsOwnPadIsReleased) {
  const auto pad = PadPtr::adopt(gst_pad_get_peer(rig_.source("original")));
  gst_element_release_request_pad(rig_.element(), pad.get());
  ASSERT_EQ(fed_.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_NE(fed_.get(), GST_FLOW_OK);
  rig_.push("generated", level(0.5F, kSecond));
  rig_.end("generated");
  EXPECT_EQ(rig_.result(), level(0.5F, kSecond));
}

TEST_F(MixWaits, UntilNobodyWantsTheMix) {
  gst_pad_set_chain_function(
      rig_.sink(), +[](GstPad*, GstObject*, GstBuffer* buffer) {
        gst_buffer_unref(buffer);
        return GST_FLOW_EOS;
      });
  rig_.push("generated", level(0.5F, kSecond / 2));
  expect_let_go(GST_FLOW_EOS);
  EXPECT_EQ(rig_.push("generated", level(0.5F, 10), kSecond), GST_FLOW_EOS);
}

TEST_F(MixWaits, UntilItsErrorDownstream) {
  gst_pad_set_chain_function(
      rig_.sink(), +[](GstPad*, GstObject*, GstBuffer* buffer) {
        gst_buffer_unref(buffer);
        return GST_FLOW_ERROR;
      });
  rig_.push("generated", level(0.5F, kSecond / 2));
  expect_let_go(GST_FLOW_EOS);
  EXPECT_TRUE(rig_.message(GST_MESSAGE_ERROR));
}

// ---- who comes in late

TEST(MixStreams, WithAPadThatComesLater) {
  MixRig rig;
  rig.open("original");
  rig.push("original", level(0.25F, kSecond));
  EXPECT_TRUE(rig.log().wait_for_buffers(40));
  rig.open("generated");
  rig.push("generated", level(0.5F, 2 * kSecond));
  rig.push("original", level(0.25F, kSecond), kSecond);
  rig.end("original");
  rig.end("generated");
  const auto samples = rig.result();
  EXPECT_EQ(samples.size(), 4 * kSecond);
  EXPECT_EQ(samples.front(), 0.25F);
  EXPECT_EQ(samples.back(), 0.75F);
}

// Of two sources that seek one after the other, what the first one brings already is not mixed with what the other one
// had, and not refused: it waits for both flushes. The rig's sources flush, and bring a second of sound, before a seek
// returns.
gboolean flush_and_play(GstPad* pad, GstObject*, GstEvent* event) {
  const EventPtr owned = EventPtr::adopt(event);
  if (GST_EVENT_TYPE(event) != GST_EVENT_SEEK) return TRUE;
  gst_pad_push_event(pad, gst_event_new_flush_start());
  gst_pad_push_event(pad, gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(pad, gst_event_new_segment(&segment));
  EXPECT_EQ(gst_pad_push(pad, sound_buffer(counting(kSecond), 0).to_c()), GST_FLOW_OK);
  return TRUE;
}

void expect_anew_after_a_seek(const std::string& properties, bool at_its_end) {
  MixRig rig(properties);
  for (const char* name : {"original", "generated"}) {
    rig.open(name);
    gst_pad_set_event_function(rig.source(name), flush_and_play);
  }
  for (const char* name : {"original", "generated"}) {
    rig.push(name, level(0.5F, kSecond));
    if (at_its_end) rig.end(name);
  }
  if (at_its_end) (void)rig.result();
  rig.log().clear();
  const auto pad = PadPtr::adopt(gst_element_get_static_pad(rig.element(), "src"));
  EXPECT_TRUE(gst_pad_send_event(pad.get(), gst_event_new_seek(1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                                               GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0)));
  for (const char* name : {"original", "generated"}) rig.end(name);
  Samples wanted = counting(kSecond);
  for (float& sample : wanted) sample *= 2;
  EXPECT_EQ(rig.result(), wanted);
  EXPECT_EQ(rig.log().count(GST_EVENT_FLUSH_START), 1);
  EXPECT_EQ(rig.log().count(GST_EVENT_FLUSH_STOP), 1);
}

TEST(MixStreams, BothInputsAnewAfterASeek) {
  expect_anew_after_a_seek("", false);
  expect_anew_after_a_seek("", true);
}

TEST(MixCollects, BothInputsAnewAfterASeek) {
  expect_anew_after_a_seek("mode=duck duck-depth=0", false);
  expect_anew_after_a_seek("mode=duck duck-depth=0", true);
}

// Nobody waits for a flush that does not come.
TEST(MixStreams, OnWhenOneInputRefusesToSeek) {
  MixRig rig;
  for (const char* name : {"original", "generated"}) rig.open(name);
  gst_pad_set_event_function(rig.source("original"), flush_and_play);
  gst_pad_set_event_function(
      rig.source("generated"), +[](GstPad*, GstObject*, GstEvent* event) -> gboolean {
        gst_event_unref(event);
        return FALSE;
      });
  const auto pad = PadPtr::adopt(gst_element_get_static_pad(rig.element(), "src"));
  EXPECT_TRUE(gst_pad_send_event(pad.get(), gst_event_new_seek(1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                                               GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0)));
  rig.push("generated", counting(kSecond));
  for (const char* name : {"original", "generated"}) rig.end(name);
  Samples wanted = counting(kSecond);
  for (float& sample : wanted) sample *= 2;
  EXPECT_EQ(rig.result(), wanted);
}

}  // namespace
}  // namespace klingv2a::test
