// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The parts of klingv2abin that decide and compute: containers, the plan of the streams, times in the file, tags, text.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "aac_encoder.h"
#include "bin/container.h"
#include "bin/frame_order.h"
#include "bin/generated_mark.h"
#include "bin/muxed_timeline.h"
#include "bin/plain_text.h"
#include "bin/sound_encoder.h"
#include "bin/stream_plan.h"
#include "error.h"
#include "muxer_trial.h"

namespace klingv2a {
namespace {

constexpr const char* kH264 =
    "video/x-h264,stream-format=avc,alignment=au,width=1280,height=720,framerate=25/1,codec_data=(buffer)01";
constexpr const char* kAac =
    "audio/mpeg,mpegversion=4,stream-format=raw,framed=true,rate=48000,channels=2,codec_data=(buffer)1190";
constexpr const char* kAacWithoutRate =
    "audio/mpeg,mpegversion=4,stream-format=raw,framed=true,channels=2,codec_data=(buffer)100856e500";
constexpr const char* kMarkup = "text/x-raw,format=pango-markup";

CapsPtr caps_of(const char* text) {
  return CapsPtr::adopt(gst_caps_from_string(text));
}

std::vector<InputStream> streams_of(std::initializer_list<const char*> all) {
  std::vector<InputStream> streams;
  for (const char* text : all) streams.push_back({"src_" + std::to_string(streams.size()), caps_of(text)});
  return streams;
}

using Roles = std::vector<Role>;

TEST(Containers, FollowWhatTypefindSays) {
  EXPECT_EQ(container_of(caps_of("video/quicktime,variant=iso").get()), Container::mp4);
  EXPECT_EQ(container_of(caps_of("video/quicktime,variant=apple").get()), Container::mov);
  EXPECT_EQ(container_of(caps_of("video/quicktime").get()), Container::mov);
  EXPECT_EQ(container_of(caps_of("video/webm").get()), Container::webm);
  EXPECT_EQ(container_of(caps_of("video/mpegts,systemstream=true").get()), Container::ts);
  EXPECT_FALSE(container_of(caps_of("video/x-msvideo").get()));
}

TEST(Containers, SayHowTheirMuxersTakeAStream) {
  EXPECT_EQ(carriage(Container::mp4, caps_of(kH264).get()), Carriage::as_it_is);
  EXPECT_EQ(carriage(Container::ts, caps_of(kH264).get()), Carriage::reframed);
  EXPECT_EQ(carriage(Container::mp4, caps_of(kAac).get()), Carriage::as_it_is);
  EXPECT_EQ(carriage(Container::mp4, caps_of(kAacWithoutRate).get()), Carriage::reframed) << "muxers want all of it";
  EXPECT_EQ(carriage(Container::mkv, caps_of(kMarkup).get()), Carriage::plain_text);
  EXPECT_EQ(carriage(Container::ts, caps_of(kMarkup).get()), Carriage::none);
  EXPECT_EQ(carriage(Container::webm, caps_of(kH264).get()), Carriage::none);
  EXPECT_STREQ(pad_template_for(Container::mkv, caps_of(kMarkup).get()), "subtitle_%u");
}

// All of these fit the muxers' templates, and are refused when they come.
TEST(Containers, AskTheMuxerItself) {
  const auto is_taken = [](Container container, const char* caps) {
    return carriage(container, caps_of(caps).get()) != Carriage::none;
  };
  for (const char* refused :
       {"application/x-subtitle-unknown", "subtitle/x-kate", "audio/x-vorbis,rate=48000,channels=2",
        "video/x-theora,width=320,height=240", "video/x-divx,divxversion=6,width=320,height=240"})
    EXPECT_FALSE(is_taken(Container::mkv, refused)) << refused;
  EXPECT_FALSE(is_taken(Container::webm, "application/x-subtitle-unknown"));
  for (const char* refused : {"audio/mpeg,mpegversion=4,stream-format=raw,rate=48000,channels=2",
                              "video/x-h264,stream-format=avc,alignment=au,width=320,height=240"})
    EXPECT_FALSE(is_taken(Container::mp4, refused)) << refused;
  for (const char* taken : {"subpicture/x-dvd", "application/x-ass", "audio/x-alaw,rate=8000,channels=1",
                            "audio/x-eac3,rate=48000,channels=2", "text/x-raw,format=utf8"})
    EXPECT_TRUE(is_taken(Container::mkv, taken)) << taken;
}

// GStreamer 1.26: mpegtsmux refuses them at the first packet.
TEST(Containers, OfTransportStreamsHaveNoPlaceThatNoSpecificationKnows) {
  const auto muxer = make_gst_element("mpegtsmux");
  const auto pad = PadPtr::adopt(gst_element_request_pad_simple(muxer.get(), "sink_%d"));
  for (const char* caps :
       {"video/x-vp9,width=320,height=240", "video/x-av1,stream-format=obu-stream,alignment=frame"}) {
    EXPECT_EQ(carriage(Container::ts, caps_of(caps).get()), Carriage::none) << caps;
    EXPECT_FALSE(MuxerTrial::of_kind(pad.get()).takes(caps_of(caps).get())) << caps;
  }
  const char* const property = "enable-custom-mappings";
  if (!g_object_class_find_property(G_OBJECT_GET_CLASS(muxer.get()), property)) return;
  g_object_set(muxer.get(), property, TRUE, nullptr);
  EXPECT_TRUE(MuxerTrial::of_kind(pad.get()).takes(caps_of("video/x-vp9,width=320,height=240").get()));
}

TEST(Containers, MakePlainTextOfWhatTheirMuxersRefuse) {
  const auto way = [](Container container, const char* caps) { return carriage(container, caps_of(caps).get()); };
  for (const auto container : {Container::mp4, Container::mov, Container::webm})
    EXPECT_EQ(way(container, "application/x-subtitle-vtt"), Carriage::plain_text);
  EXPECT_EQ(way(Container::mp4, "application/x-ass"), Carriage::plain_text);
  EXPECT_EQ(way(Container::mkv, "application/x-ass"), Carriage::as_it_is);
  EXPECT_EQ(way(Container::ts, "application/x-subtitle-vtt"), Carriage::none);
}

TEST(StreamPlans, MixTheFirstAudioAndCopyTheRest) {
  const auto plan = make_plan(streams_of({kAac, kH264, kAac, kMarkup}), {}, Container::mkv);
  EXPECT_EQ(plan.container, Container::mkv);
  EXPECT_EQ(plan.roles, (Roles{Role::mixed, Role::dubbed, Role::copied, Role::copied}));
  EXPECT_EQ(plan.sound_place, 0U);
  EXPECT_TRUE(plan.lost.empty());
}

TEST(StreamPlans, FollowOriginalAudio) {
  const auto streams = streams_of({kH264, kAac});
  EXPECT_EQ(make_plan(streams, {Container::automatic, OriginalAudio::replace}, Container::mp4).roles,
            (Roles{Role::dubbed, Role::replaced}));
  const auto separate = make_plan(streams, {Container::automatic, OriginalAudio::separate}, Container::mp4);
  EXPECT_EQ(separate.roles, (Roles{Role::dubbed, Role::copied}));
  EXPECT_EQ(separate.sound_place, 2U);
}

TEST(StreamPlans, NameWhatIsLost) {
  const auto plan = make_plan(streams_of({kH264, "subpicture/x-dvd"}), {Container::mp4}, Container::mkv);
  EXPECT_EQ(plan.roles, (Roles{Role::dubbed, Role::lost}));
  ASSERT_EQ(plan.lost.size(), 1U);
  EXPECT_NE(plan.lost[0].find("subpicture/x-dvd"), std::string::npos) << plan.lost[0];
  EXPECT_NE(plan.lost[0].find("mp4mux"), std::string::npos) << plan.lost[0];
}

TEST(StreamPlans, NameTheLooksOfSubtitlesThatAreLost) {
  for (const char* marked_up : {"application/x-ssa", "application/x-subtitle-vtt"}) {
    const auto plan = make_plan(streams_of({kH264, marked_up}), {Container::mp4}, Container::mkv);
    EXPECT_EQ(plan.roles, (Roles{Role::dubbed, Role::copied}));
    ASSERT_EQ(plan.lost.size(), 1U);
    EXPECT_NE(plan.lost[0].find("plain text"), std::string::npos) << plan.lost[0];
  }
}

TEST(StreamPlans, AdviseOnlyWhatWouldBeTaken) {
  const auto advice_for = [](const char* video, Container container) {
    try {
      (void)make_plan(streams_of({video}), {container}, std::nullopt);
    } catch (const Error& error) {
      return error.details().advice;
    }
    return std::string("taken");
  };
  constexpr const char* kMpeg2 = "video/mpeg,mpegversion=2,systemstream=false,width=720,height=576,framerate=25/1";
  const auto advice = advice_for(kMpeg2, Container::mov);
  EXPECT_NE(advice.find("mux=mkv or mux=ts"), std::string::npos) << advice;
  EXPECT_EQ(advice.find("mux=mov"), std::string::npos) << advice;
  EXPECT_NE(advice_for("video/x-unknown", Container::mov).find("mux=wav"), std::string::npos);
}

TEST(StreamPlans, TakeMatroskaWhereTheInputsContainerCannotBeWritten) {
  EXPECT_EQ(make_plan(streams_of({kH264}), {}, std::nullopt).container, Container::mkv);
  EXPECT_EQ(make_plan(streams_of({"video/x-huffyuv,width=320,height=240"}), {}, Container::mp4).container,
            Container::mkv);
}

TEST(StreamPlans, RefuseWhatCannotBeDone) {
  const auto kind_of = [](const std::vector<InputStream>& streams, const Wishes& wishes) {
    try {
      (void)make_plan(streams, wishes, std::nullopt);
    } catch (const Error& error) {
      EXPECT_EQ(error.details().paid, Paid::no);
      return std::string(to_string(error.kind()));
    }
    return std::string("taken");
  };
  EXPECT_EQ(kind_of(streams_of({kAac}), {}), "input");
  EXPECT_EQ(kind_of({}, {}), "input");
  EXPECT_EQ(kind_of(streams_of({kH264}), {Container::webm}), "settings");
}

TEST(StreamPlans, OfTheSoundAloneLoseNothing) {
  const auto plan = make_plan(streams_of({kH264, kAac, kMarkup}), {Container::wav}, Container::mkv);
  EXPECT_EQ(plan.roles, (Roles{Role::dubbed, Role::mixed, Role::replaced}));
  EXPECT_TRUE(plan.lost.empty());
}

TEST(SoundEncoders, FollowTheContainer) {
  EXPECT_EQ(choose_encoder(AudioCodec::automatic, Container::mp4).name, "aac");
  EXPECT_EQ(choose_encoder(AudioCodec::automatic, Container::webm).name, "opus");
  EXPECT_EQ(choose_encoder(AudioCodec::automatic, Container::wav).name, "pcm");
  EXPECT_GT(choose_encoder(AudioCodec::aac, Container::mkv).priming, 0U);
  EXPECT_THROW((void)choose_encoder(AudioCodec::pcm, Container::mp4), Error);
}

TEST(SoundEncoders, KeepTheChannels) {
  for (const auto container : {Container::mp4, Container::mov, Container::mkv, Container::ts}) {
    for (const int channels : {0, 1, 2, 3, 4, 5, 6}) {
      const auto encoder = choose_encoder(AudioCodec::automatic, container, channels);
      EXPECT_EQ(encoder.name, "aac") << channels;
      EXPECT_TRUE(encoder.keeps_channels) << channels;
    }
    for (const int channels : {7, 8}) {
      const auto encoder = choose_encoder(AudioCodec::automatic, container, channels);
      const bool fits_aac = test::aac_encoder_takes(channels);
      EXPECT_EQ(encoder.name, fits_aac ? "aac" : "opus") << channels;
      EXPECT_TRUE(encoder.keeps_channels) << channels;
      EXPECT_EQ(choose_encoder(AudioCodec::aac, container, channels).keeps_channels, fits_aac) << channels;
    }
  }
  EXPECT_TRUE(choose_encoder(AudioCodec::opus, Container::mkv).keeps_channels);
  EXPECT_TRUE(choose_encoder(AudioCodec::flac, Container::mkv, 8).keeps_channels);
  EXPECT_TRUE(choose_encoder(AudioCodec::pcm, Container::mkv, 16).keeps_channels);
  EXPECT_TRUE(choose_encoder(AudioCodec::automatic, Container::wav, 8).keeps_channels);
  EXPECT_FALSE(choose_encoder(AudioCodec::pcm, Container::mov, 6).keeps_channels)
      << "qtmux writes no places of channels";
  EXPECT_FALSE(choose_encoder(AudioCodec::automatic, Container::mp4, 16).keeps_channels);
}

TEST(SoundEncoders, AdviseWhatTheContainerCarries) {
  try {
    (void)choose_encoder(AudioCodec::flac, Container::mp4);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.details().advice.find("audio-codec=aac or audio-codec=opus,"), std::string::npos)
        << error.details().advice;
  }
}

GstSegment segment_from(GstClockTime start, GstClockTime base = 0) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.position = start;
  segment.base = base;
  return segment;
}

BufferPtr at(GstClockTime pts, GstClockTime dts = GST_CLOCK_TIME_NONE) {
  auto buffer = BufferPtr::adopt(gst_buffer_new());
  GST_BUFFER_PTS(buffer.get()) = pts;
  GST_BUFFER_DTS(buffer.get()) = dts;
  return buffer;
}

constexpr GstClockTime kMs = GST_MSECOND;

TEST(MuxedTimes, MoveNothingWhereNothingWouldBeLost) {
  FrameOrder order;
  MuxedTimeline timeline(order);
  timeline.note_segment(kVideoStream, segment_from(0));
  timeline.note_buffer(kVideoStream, at(0).get());
  EXPECT_EQ(timeline.move(kVideoStream, segment_from(0)).base, 0U);
}

TEST(MuxedTimes, MoveAllByTheLargestPreRoll) {
  FrameOrder order;
  MuxedTimeline timeline(order);
  timeline.note_segment(kVideoStream, segment_from(1300 * kMs));
  timeline.note_buffer(kVideoStream, at(1000 * kMs).get());
  timeline.note_segment("src_1", segment_from(1300 * kMs));
  timeline.note_buffer("src_1", at(1290 * kMs).get());
  timeline.set_priming(21 * kMs);
  const auto video = timeline.move(kVideoStream, segment_from(1300 * kMs));
  EXPECT_EQ(video.start, 1000 * kMs);
  EXPECT_EQ(video.base, 0U);
  const auto copy = timeline.move("src_1", segment_from(1300 * kMs));
  EXPECT_EQ(gst_segment_to_running_time(&copy, GST_FORMAT_TIME, 1300 * kMs), 300 * kMs);
  const auto sound = timeline.move_sound(segment_from(0));
  EXPECT_EQ(gst_segment_to_running_time(&sound, GST_FORMAT_TIME, 21 * kMs), 300 * kMs);
  EXPECT_EQ(timeline.trimmed(kVideoStream), 300 * kMs);
  EXPECT_EQ(timeline.trimmed({}), 21 * kMs);
}

TEST(MuxedTimes, KnowWhatTheMuxerTakesOff) {
  FrameOrder order;
  MuxedTimeline timeline(order);
  timeline.set_priming(20 * kMs);
  const auto video = timeline.move(kVideoStream, segment_from(0, 500 * kMs));
  EXPECT_EQ(video.base, 520 * kMs);
  timeline.note_output(kVideoStream, at(0).get());
  (void)timeline.move_sound(segment_from(0, 500 * kMs));
  timeline.note_output({}, at(0).get());
  EXPECT_EQ(timeline.start_offset_in_file(), -480 * static_cast<std::int64_t>(kMs));
}

TEST(FrameOrders, GiveDtsToPicturesWithoutAny) {
  FrameOrder order;
  order.want_dts();
  const std::vector<GstClockTime> decode_order{0, 120, 40, 80};
  for (const auto time : decode_order) order.note(at(time * kMs).get());
  EXPECT_EQ(order.delay(), 40 * kMs);
  std::vector<GstClockTime> dts;
  for (const auto time : decode_order) {
    const auto timed = order.timed(at(time * kMs));
    EXPECT_EQ(GST_BUFFER_PTS(timed.get()) - order.room(), time * kMs);
    EXPECT_LE(GST_BUFFER_DTS(timed.get()), GST_BUFFER_PTS(timed.get()));
    dts.push_back(GST_BUFFER_DTS(timed.get()) + 40 * kMs - order.room());
  }
  EXPECT_EQ(dts, (std::vector<GstClockTime>{0, 40 * kMs, 80 * kMs, 120 * kMs}));
}

TEST(FrameOrders, LeavePicturesWithDtsAlone) {
  FrameOrder order;
  order.want_dts();
  order.note(at(40 * kMs, 0).get());
  EXPECT_EQ(order.room(), 0U);
  const auto buffer = order.timed(at(40 * kMs, 0));
  EXPECT_EQ(GST_BUFFER_DTS(buffer.get()), 0U);
}

TEST(PlainTexts, AreTextWithoutTags) {
  EXPECT_EQ(plain_text("Hello <i>you</i> &amp; me", Markup::pango), "Hello you & me");
  EXPECT_EQ(plain_text("5 < 6", Markup::pango), "5 < 6") << "no markup: as it is";
  const std::string closed("Bye\0", 4);
  auto subtitle = BufferPtr::adopt(gst_buffer_new_memdup(closed.data(), closed.size()));
  GST_BUFFER_PTS(subtitle.get()) = 7 * kMs;
  const auto plain = plain_text(subtitle, Markup::pango);
  EXPECT_EQ(gst_buffer_get_size(plain.get()), 3U);
  EXPECT_EQ(GST_BUFFER_PTS(plain.get()), 7 * kMs);
}

TEST(PlainTexts, OfWebvttAreWhatIsSaid) {
  EXPECT_EQ(plain_text("<c.yellow>hello</c> &amp; <00:00:01.500>bye", Markup::webvtt), "hello & bye");
  EXPECT_EQ(plain_text("1 < 2", Markup::webvtt), "1 < 2");
  EXPECT_EQ(plain_text("&lt;b&gt; &amp;lt;", Markup::webvtt), "<b> &lt;");
  EXPECT_EQ(plain_text("WEBVTT\n\nname\n00:01.000 --> 00:02.000 line:10%\n<v Ann>One\ntwo\n\n"
                       "00:03.000 --> 00:04.000\nThree\n\n",
                       Markup::webvtt),
            "One\ntwo\nThree");
  EXPECT_EQ(plain_text("name\nline:10%\n<i>One</i>\r\ntwo", Markup::webvtt_ffmpeg), "One\ntwo");
  EXPECT_EQ(plain_text("\n\nhello", Markup::webvtt_ffmpeg), "hello");
  EXPECT_EQ(plain_text("", Markup::webvtt_ffmpeg), "");
}

TEST(PlainTexts, OfSsaAreWhatIsSaid) {
  EXPECT_EQ(plain_text("3,0,Default,Ann,0,0,0,,{\\pos(1,2)}One, two\\Nthree\\hfour {", Markup::ssa),
            "One, two\nthree\u00A0four {");
  EXPECT_EQ(plain_text("no event", Markup::ssa), "no event");
}

EventPtr tag_with(GstTagScope scope, const char* tag, const char* value) {
  GstTagList* list = gst_tag_list_new(tag, value, nullptr);
  gst_tag_list_set_scope(list, scope);
  return EventPtr::adopt(gst_event_new_tag(list));
}

// The text of the first of the tags that the placeholder may take.
std::string isrc_of(const EventPtr& event) {
  GstTagList* list = nullptr;
  gst_event_parse_tag(event.get(), &list);
  char* text = nullptr;
  const bool found = gst_tag_list_get_string(list, GST_TAG_ISRC, &text);
  const GCharPtr owned(text);
  return found ? text : "";
}

TEST(MarkPlaceholders, TakeATagThatTheFileDoesNotUse) {
  MarkPlaceholder unused;
  unused.note(tag_with(GST_TAG_SCOPE_GLOBAL, GST_TAG_COMMENT, "mine").get());
  EXPECT_EQ(isrc_of(unused.take()).find(generated_mark()), 0U);
  EXPECT_FALSE(unused.take()) << "once";
  MarkPlaceholder used;
  used.note(tag_with(GST_TAG_SCOPE_GLOBAL, GST_TAG_ISRC, "mine").get());
  const auto other = used.take();
  ASSERT_TRUE(other);
  EXPECT_EQ(isrc_of(other), "");
}

}  // namespace
}  // namespace klingv2a
