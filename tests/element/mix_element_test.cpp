// SPDX-License-Identifier: LGPL-2.1-or-later
//
// klingv2amix between its neighbours: what goes where on the timeline, to the sample, and what happens when one of them
// behaves in an unusual way.
#include <gtest/gtest.h>

#include <chrono>
#include <limits>

#include "mix_rig.h"

namespace klingv2a::test {
namespace {

constexpr std::size_t kSecond = 48000;

// With these the rig's element collects, and gives the same as when it streams: its ducking changes nothing.
constexpr const char* kCollects = "mode=duck duck-depth=0";

struct Way {
  const char *name, *properties;
};
// In both ways.
class MixElement : public ::testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(That, MixElement, ::testing::Values(Way{"Streams", ""}, Way{"Collects", kCollects}),
                         [](const auto& one) { return std::string(one.param.name); });

// ---- the timeline

TEST_P(MixElement, AddsBothToTheSample) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.open("generated");
  rig.push("original", counting(5000));
  rig.push("generated", level(0.125F, 100), 3001);
  rig.end("original");
  rig.end("generated");
  Samples wanted = counting(5000);
  for (std::size_t at = 2 * 3001; at < 2 * 3101; ++at) wanted[at] += 0.125F;
  EXPECT_EQ(rig.result(), wanted);
}

TEST_P(MixElement, BeginsWithTheEarlierAndEndsWithTheLater) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.open("generated");
  rig.push("original", level(0.25F, 100), 500);
  rig.push("generated", level(0.125F, 100), 480);
  rig.end("generated");
  rig.end("original");
  EXPECT_EQ(rig.result(), level(0.125F, 20) + level(0.375F, 80) + level(0.25F, 20));
  EXPECT_EQ(rig.log().buffers().front().running_time, 10 * static_cast<std::int64_t>(GST_MSECOND));
}

TEST_P(MixElement, CountsRunningTimeAndNotTimestamps) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.open("generated");
  rig.segment("original", 1000 * GST_SECOND);
  rig.segment("generated", 0, GST_CLOCK_TIME_NONE, 10 * GST_MSECOND);
  rig.push("original", level(0.25F, 960), 1000 * kSecond);
  rig.push("generated", level(0.5F, 480));
  rig.end("original");
  rig.end("generated");
  EXPECT_EQ(rig.result(), level(0.25F, 480) + level(0.75F, 480));
}

TEST_P(MixElement, GivesTimestampsFromACountOfSamples) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.push("original", sound_buffer(counting(100001), 33333333));
  rig.end("original");
  EXPECT_EQ(rig.result().size(), 2 * 100001U);
  std::uint64_t frames = 0;
  for (const auto& buffer : rig.log().buffers()) {
    EXPECT_EQ(buffer.pts, 33333333 + frames_as_time(frames));
    frames += buffer.size / 8;
    EXPECT_EQ(buffer.pts + buffer.duration, 33333333 + frames_as_time(frames));
    EXPECT_LE(buffer.duration, 40 * GST_MSECOND);
  }
}

TEST_P(MixElement, TakesRoundedTimestampsForWhatTheyAre) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  // As in Matroska: packets of 1024 samples at whole milliseconds, the first marked as a discontinuity.
  for (std::uint64_t n = 0; n < 20; ++n) {
    const GstClockTime rounded = (frames_as_time(n * 1024) + GST_MSECOND / 2) / GST_MSECOND * GST_MSECOND;
    rig.push("original", sound_buffer(counting(1024), rounded, n % 7 == 0 ? GST_BUFFER_FLAG_DISCONT : 0));
  }
  rig.end("original");
  EXPECT_EQ(rig.result().size(), 2 * 20 * 1024U);
}

TEST_P(MixElement, FillsHolesAndCutsOverlaps) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.push("original", level(0.25F, 1000));
  rig.push("original", level(0.5F, 3000), 3000);    // a hole of 2000
  rig.push("original", level(0.125F, 3000), 4500);  // 1500 of these are there
  rig.push("original", level(0.75F, 100), 100);     // and all of these
  rig.end("original");
  EXPECT_EQ(rig.result(), level(0.25F, 1000) + level(0, 2000) + level(0.5F, 3000) + level(0.125F, 1500));
}

TEST_P(MixElement, BelievesADiscontinuityOfFiveMilliseconds) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.push("original", level(0.25F, 1000));
  rig.push("original", sound_buffer(level(0.5F, 10), frames_as_time(1240), GST_BUFFER_FLAG_DISCONT));
  rig.end("original");
  EXPECT_EQ(rig.result(), level(0.25F, 1000) + level(0, 240) + level(0.5F, 10));
}

TEST_P(MixElement, MakesSilenceOfGapEvents) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.event("original", gst_event_new_gap(0, 10 * GST_MSECOND));
  rig.push("original", level(0.25F, 480), 480);
  rig.event("original", gst_event_new_gap(20 * GST_MSECOND, 30 * GST_MSECOND));
  rig.end("original");
  EXPECT_EQ(rig.result(), level(0, 480) + level(0.25F, 480) + level(0, 1440));
}

TEST_P(MixElement, LeavesOutWhatTheSegmentAndTheClippingMetaLeaveOut) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.segment("original", frames_as_time(480), frames_as_time(1440));
  rig.push("original", counting(1920));
  rig.segment("original", 0, GST_CLOCK_TIME_NONE, frames_as_time(960));
  auto buffer = sound_buffer(counting(1000), 0);
  gst_buffer_add_audio_clipping_meta(buffer.get(), GST_FORMAT_DEFAULT, 0, 300);
  rig.push("original", std::move(buffer));
  rig.end("original");
  const Samples all = counting(1920);
  EXPECT_EQ(rig.result(), Samples(all.begin() + 960, all.begin() + 2880) + counting(700));
}

TEST_P(MixElement, JoinsBuffersWithoutTimestamps) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.push("original", sound_buffer(level(0.25F, 7)));
  rig.push("original", sound_buffer(level(0.5F, 7)));
  rig.end("original");
  EXPECT_EQ(rig.result(), level(0.25F, 7) + level(0.5F, 7));
}

TEST_P(MixElement, RefusesAProgrammeOfMoreThanADay) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.push("original", level(0.25F, 10));
  EXPECT_EQ(rig.push("original", sound_buffer(level(0.25F, 10), 1000 * 3600 * GST_SECOND)), GST_FLOW_ERROR);
  EXPECT_TRUE(rig.message(GST_MESSAGE_ERROR));
}

// ---- channels

TEST_P(MixElement, Keeps51WithTheGeneratedSoundInFront) {
  MixRig rig(GetParam().properties);
  rig.open("original", MixRig::k51);
  rig.open("generated");
  rig.push("original", level(0.25F, 2, 6));
  rig.push("generated", level(0.5F, 1));
  rig.end("original");
  rig.end("generated");
  EXPECT_EQ(rig.result(), (Samples{0.75F, 0.75F, 0.25F, 0.25F, 0.25F, 0.25F}) + level(0.25F, 1, 6));
  EXPECT_NE(rig.log().caps().find("channels=(int)6"), std::string::npos) << rig.log().caps();
  EXPECT_NE(rig.log().caps().find("0x000000000000003f"), std::string::npos) << rig.log().caps();
}

TEST_P(MixElement, MakesStereoOfMono) {
  MixRig rig(GetParam().properties);
  rig.open("original", MixRig::kMono);
  rig.open("generated", MixRig::kMono);
  rig.push("original", level(0.25F, 3, 1));
  rig.push("generated", level(0.5F, 3, 1));
  rig.end("original");
  rig.end("generated");
  EXPECT_EQ(rig.result(), level(0.75F, 3));
}

TEST_P(MixElement, KeepsItsLayoutWhenCapsChange) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.push("original", level(0.25F, 10));
  rig.set_caps("original", MixRig::kMono);
  rig.push("original", level(0.5F, 10, 1), 10);
  rig.end("original");
  EXPECT_EQ(rig.result(), level(0.25F, 10) + level(0.5F, 10));
}

TEST_P(MixElement, SaysItsCapsBeforeTheSoundIsThere) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  EXPECT_TRUE(rig.log().wait_for_event(GST_EVENT_SEGMENT));
  EXPECT_EQ(rig.log().count(GST_EVENT_STREAM_START), 1);
  EXPECT_EQ(rig.log().count(GST_EVENT_CAPS), 1);
  EXPECT_EQ(rig.log().count(), 0U);
}

TEST_P(MixElement, WaitsForTheOriginalsCaps) {
  MixRig rig(GetParam().properties);
  rig.open("original", "");
  rig.open("generated", MixRig::kMono);
  rig.push("generated", level(0.5F, 10, 1));
  rig.end("generated");
  rig.set_caps("original", MixRig::k51);
  rig.segment("original", 0);
  rig.push("original", level(0.25F, 10, 6));
  rig.end("original");
  EXPECT_EQ(rig.result().size(), 60U);
}

// ---- inputs that are not there

TEST_P(MixElement, PlaysTheOneInputThereIs) {
  for (const std::string name : {"original", "generated"}) {
    MixRig rig(GetParam().properties);
    rig.open(name);
    rig.push(name, counting(3000));
    rig.end(name);
    EXPECT_EQ(rig.result(), counting(3000)) << name;
  }
}

TEST_P(MixElement, TakesAnInputThatEndsWithoutSound) {
  for (const std::string empty : {"original", "generated"}) {
    const std::string other = empty == "original" ? "generated" : "original";
    MixRig rig(GetParam().properties);
    rig.open(empty, "");
    rig.open(other);
    rig.end(empty);
    rig.push(other, counting(3000));
    rig.end(other);
    EXPECT_EQ(rig.result(), counting(3000)) << empty;
  }
}

TEST_P(MixElement, EndsWhenNoInputHasSound) {
  MixRig rig(GetParam().properties);
  rig.open("original", "");
  rig.open("generated", "");
  rig.end("original");
  rig.end("generated");
  EXPECT_TRUE(rig.result().empty());
}

TEST_P(MixElement, DoesNotWaitForAPadThatIsNotLinked) {
  MixRig rig(GetParam().properties);
  const auto unlinked = PadPtr::adopt(gst_element_request_pad_simple(rig.element(), "original"));
  ASSERT_TRUE(unlinked);
  rig.open("generated");
  rig.push("generated", counting(3000));
  rig.end("generated");
  EXPECT_EQ(rig.result(), counting(3000));
  gst_element_release_request_pad(rig.element(), unlinked.get());
}

TEST_P(MixElement, DoesNotWaitForAPadThatWasReleased) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.open("generated");
  rig.push("generated", counting(100));
  rig.end("generated");
  rig.release("original");
  EXPECT_EQ(rig.result(), counting(100));
}

TEST_P(MixElement, RefusesOtherRatesAndSegments) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  const auto caps =
      CapsPtr::adopt(gst_caps_from_string("audio/x-raw,format=F32LE,layout=interleaved,rate=44100,channels=2"));
  const auto pad = PadPtr::adopt(gst_element_get_static_pad(rig.element(), "original"));
  EXPECT_FALSE(gst_pad_query_accept_caps(pad.get(), caps.get()));
  GstSegment bytes;
  gst_segment_init(&bytes, GST_FORMAT_BYTES);
  rig.event("original", gst_event_new_segment(&bytes));
  EXPECT_TRUE(rig.message(GST_MESSAGE_ERROR));
}

TEST_P(MixElement, RefusesWhatComesWhenItPlays) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.push("original", counting(100));
  rig.end("original");
  (void)rig.result();
  rig.open("generated");
  EXPECT_EQ(rig.push("generated", counting(100)), GST_FLOW_EOS);
}

// ---- states, flushes

TEST_P(MixElement, BeginsAnewAfterAFlush) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.open("generated");
  rig.push("original", counting(3000));
  rig.end("original");
  rig.push("generated", counting(2000));
  for (const char* name : {"original", "generated"}) rig.event(name, gst_event_new_flush_start());
  for (const char* name : {"original", "generated"}) rig.event(name, gst_event_new_flush_stop(TRUE));
  EXPECT_EQ(rig.log().count(GST_EVENT_FLUSH_START), 1);
  EXPECT_TRUE(rig.log().wait_for_event(GST_EVENT_FLUSH_STOP));
  for (const char* name : {"original", "generated"}) {
    rig.segment(name, 0);
    rig.push(name, level(0.25F, 1000));
    rig.end(name);
  }
  EXPECT_EQ(rig.result(), level(0.5F, 1000));
}

TEST_P(MixElement, PlaysAgainAfterAFlushAtTheEnd) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.push("original", counting(3000));
  rig.end("original");
  (void)rig.result();
  rig.log().clear();
  rig.event("original", gst_event_new_flush_start());
  rig.event("original", gst_event_new_flush_stop(TRUE));
  rig.segment("original", 0);
  rig.push("original", level(0.25F, 1000));
  rig.end("original");
  EXPECT_EQ(rig.result(), level(0.25F, 1000));
}

TEST_P(MixElement, CanBeUsedAgainAndAgain) {
  MixRig rig(GetParam().properties);
  for (int round = 0; round < 3; ++round) {
    rig.open("original");
    rig.push("original", counting(3000));
    rig.end("original");
    EXPECT_EQ(rig.result(), counting(3000)) << round;
    rig.stop();
    rig.log().clear();
    rig.play();
  }
}

TEST(MixCollects, StopsAtOnceWhileItMeasures) {
  MixRig rig("loudness=-23 mode=duck");
  rig.open("original");
  rig.open("generated");
  const Samples noise = counting(10 * kSecond);
  for (std::uint64_t n = 0; n < 12; ++n) {  // two minutes
    rig.push("original", noise, n * 10 * kSecond);
    rig.push("generated", noise, n * 10 * kSecond);
  }
  rig.end("original");
  rig.end("generated");
  const auto before = std::chrono::steady_clock::now();
  rig.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, Milliseconds(100));
  EXPECT_EQ(rig.stat("samples"), -1) << "it had ended before it was stopped";
}

// ---- store, settings, what is said

TEST(MixCollects, KeepsInAFileWhatIsTooMuchForMemory) {
  MixRig rig(std::string(kCollects) + " max-hold-bytes=200000");
  rig.open("original");
  rig.open("generated");
  Samples wanted;
  for (std::uint64_t n = 0; n < 40; ++n) {
    const float value = static_cast<float>(n) / 128;
    rig.push("original", level(value, 4801), n * 4801);
    rig.push("generated", level(0.25F, 4801), n * 4801);
    wanted = std::move(wanted) + level(value + 0.25F, 4801);
  }
  rig.end("original");
  rig.end("generated");
  EXPECT_EQ(rig.result(), wanted);
  EXPECT_GT(rig.bytes("spooled-bytes"), 2'000'000U);
  // Beside the budget what is being filled: 16384 frames of each input.
  EXPECT_LE(rig.bytes("held-bytes"), 200'000U + 2 * 16384 * 8);
}

TEST_P(MixElement, CountsWhatIsNoNumber) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.push("original", {0.25F, std::numeric_limits<float>::quiet_NaN()});
  rig.end("original");
  EXPECT_EQ(rig.result(), (Samples{0.25F, 0}));
  EXPECT_EQ(rig.bytes("repaired-samples"), 1U);
}

// With a file of 80 MB, closed by nobody who waits.
TEST(MixCollects, StopsAtOnceWhileItCollects) {
  MixRig rig(std::string(kCollects) + " max-hold-bytes=0");
  rig.open("original");
  const Samples noise = counting(10 * kSecond);
  for (std::uint64_t n = 0; n < 20; ++n) rig.push("original", noise, n * 10 * kSecond);
  const auto before = std::chrono::steady_clock::now();
  rig.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, Milliseconds(100));
}

TEST(MixCollects, SaysThatItCannotKeepMore) {
  MixRig rig(std::string(kCollects) + " max-hold-bytes=0 spool-dir=/nonexistent");
  rig.open("original");
  EXPECT_EQ(rig.push("original", counting(kSecond)), GST_FLOW_ERROR);
  const auto message = rig.message(GST_MESSAGE_ERROR);
  ASSERT_TRUE(message);
  GError* error = nullptr;
  gst_message_parse_error(message.get(), &error, nullptr);
  EXPECT_TRUE(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT)) << error->message;
  g_error_free(error);
}

TEST(MixCollects, TellsWhatItMeasured) {
  MixRig rig("loudness=-23 mode=duck");
  rig.open("original", MixRig::kMono);
  rig.push("original", counting(2 * kSecond, 1));
  rig.end("original");
  EXPECT_EQ(rig.result().size(), 4 * kSecond);
  const auto message = rig.message(GST_MESSAGE_ELEMENT);
  ASSERT_TRUE(message);
  const GstStructure* said = gst_message_get_structure(message.get());
  EXPECT_STREQ(gst_structure_get_name(said), "klingv2amix");
  for (const char* field : {"loudness-before", "loudness-after", "true-peak-before", "true-peak-after", "gain",
                            "original-loudness", "limiter-ceiling"})
    EXPECT_TRUE(gst_structure_has_field_typed(said, field, G_TYPE_DOUBLE)) << field;
  EXPECT_EQ(rig.stat("samples"), static_cast<std::int64_t>(2 * kSecond));
  EXPECT_EQ(rig.stat("limited-samples"), 0);
  EXPECT_EQ(rig.stat("ducked-samples"), 0);
  EXPECT_TRUE(gst_structure_is_equal(rig.stats().get(), said));
}

TEST_P(MixElement, TakesTheOriginalsTagsFirst) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.open("generated");
  rig.event("original",
            gst_event_new_tag(gst_tag_list_new(GST_TAG_LANGUAGE_CODE, "de", GST_TAG_AUDIO_CODEC, "AAC", nullptr)));
  rig.event("generated",
            gst_event_new_tag(gst_tag_list_new(GST_TAG_LANGUAGE_CODE, "en", GST_TAG_COMMENT, "generated", nullptr)));
  rig.push("original", counting(100));
  rig.end("original");
  rig.end("generated");
  (void)rig.result();
  const auto pad = PadPtr::adopt(gst_element_get_static_pad(rig.element(), "src"));
  const auto event = EventPtr::adopt(gst_pad_get_sticky_event(pad.get(), GST_EVENT_TAG, 0));
  ASSERT_TRUE(event);
  GstTagList* tags = nullptr;
  gst_event_parse_tag(event.get(), &tags);
  const GCharPtr text(gst_tag_list_to_string(tags));
  const std::string all = text.get();
  EXPECT_NE(all.find("language-code=(string)de"), std::string::npos) << all;
  EXPECT_NE(all.find("generated"), std::string::npos) << all;
  EXPECT_EQ(all.find("AAC"), std::string::npos) << all;
}

TEST_P(MixElement, AnswersDurationAndPosition) {
  MixRig rig(GetParam().properties);
  rig.open("original");
  rig.push("original", counting(kSecond));
  rig.end("original");
  (void)rig.result();
  gint64 duration = 0, position = 0;
  EXPECT_TRUE(gst_element_query_duration(rig.element(), GST_FORMAT_TIME, &duration));
  EXPECT_EQ(duration, static_cast<gint64>(GST_SECOND));
  EXPECT_TRUE(gst_element_query_position(rig.element(), GST_FORMAT_TIME, &position));
  EXPECT_EQ(position, static_cast<gint64>(GST_SECOND));
}

TEST(MixProperties, GivesBackEveryPropertyThatIsSet) {
  const auto mixer =
      GObjectPtr<GstElement>::adopt(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("klingv2amix", nullptr))));
  for (const auto& [name, value] : std::vector<std::pair<const char*, const char*>>{{"mode", "mix"},
                                                                                    {"duck-depth", "20"},
                                                                                    {"duck-threshold", "-5"},
                                                                                    {"duck-attack", "7000000"},
                                                                                    {"duck-hold", "8000000"},
                                                                                    {"duck-release", "9000000"},
                                                                                    {"original-level", "-3"},
                                                                                    {"generated-level", "-6"},
                                                                                    {"loudness", "-16"},
                                                                                    {"true-peak", "-2"},
                                                                                    {"max-hold-bytes", "123456"},
                                                                                    {"spool-dir", "/var/tmp"},
                                                                                    {"gain", "-4.5"},
                                                                                    {"original-loudness", "-20"},
                                                                                    {"limiter-ceiling", "-1.5"},
                                                                                    {"max-ahead", "3000000000"}}) {
    gst_util_set_object_arg(G_OBJECT(mixer.get()), name, value);
    GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(mixer.get()), name);
    ASSERT_TRUE(spec) << name;
    GValue got = G_VALUE_INIT;
    g_value_init(&got, spec->value_type);
    g_object_get_property(G_OBJECT(mixer.get()), name, &got);
    const GCharPtr text(gst_value_serialize(&got));
    EXPECT_STREQ(text.get(), value) << name;
    EXPECT_FALSE(g_param_value_defaults(spec, &got)) << name;
    g_value_unset(&got);
  }
}

}  // namespace
}  // namespace klingv2a::test
