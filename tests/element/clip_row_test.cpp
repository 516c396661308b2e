// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The row of clips without a pipeline: where clips are cut, which sound they get, what may leave, what a flush keeps.
#include "clip_row.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace klingv2a {
namespace {

constexpr Nanoseconds kFrame = 40 * static_cast<Nanoseconds>(GST_MSECOND);
constexpr Nanoseconds kSecond = static_cast<Nanoseconds>(GST_SECOND);

class ClipRowTest : public testing::Test {
 protected:
  void SetUp() override { begin_stream("stream"); }

  void begin_stream(const std::string& id, GstClockTime start = 0) {
    row_.begin_stream(id);
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = segment.time = start;
    segment.base = 0;
    row_.set_segment(segment, 7);
  }

  static HeldItem frame_item(Nanoseconds time) {
    auto* buffer = gst_buffer_new_allocate(nullptr, 100, nullptr);
    return {.object = MiniPtr<GstMiniObject>::adopt(GST_MINI_OBJECT_CAST(buffer)),
            .memory = 100,
            .time = time,
            .begins_frame = true};
  }

  // A frame whose running time is `time`.
  ClipRow::Placed add(Nanoseconds time) {
    auto placed = row_.place({.start = time, .duration = static_cast<GstClockTime>(kFrame)});
    row_.hold(frame_item(time));
    return placed;
  }
  void add_frames(int from, int to) {
    for (int i = from; i < to; ++i) add(i * kFrame);
  }

  std::optional<CompleteClip> end(GstEvent* event = gst_event_new_eos()) {
    return row_.end(EventPtr::adopt(event), ClipRow::AtEnd::cut);
  }
  static GstEvent* segment_done() { return gst_event_new_segment_done(GST_FORMAT_TIME, 0); }

  void settle(const std::shared_ptr<ClipSound>& sound) {
    row_.settle(sound,
                make_silence(CapsPtr::adopt(gst_caps_from_string(
                                 "audio/x-raw, format=S16LE, layout=interleaved, rate=48000, channels=2")),
                             0),
                "42");
  }

  const CutAtEnd cuts_{};
  const LeaveWithSound leaves_{};
  ClipRow row_{cuts_, leaves_};
};

TEST_F(ClipRowTest, EosCutsTheClipAndHandsItOver) {
  const auto placed = add(0);
  ASSERT_TRUE(placed.begun);
  EXPECT_EQ(placed.begun->number, 1U);
  add_frames(1, 100);
  EXPECT_EQ(row_.unsubmitted(), placed.begun);
  const auto complete = end();
  ASSERT_TRUE(complete);
  EXPECT_EQ(complete->sound, placed.begun);
  EXPECT_EQ(complete->frames.size(), 100U);
  EXPECT_EQ(complete->timeline.length(), 100 * kFrame);
  EXPECT_TRUE(placed.begun->submitted);
  EXPECT_TRUE(row_.is_complete() && row_.has_eos());
  EXPECT_EQ(row_.filling(), nullptr);
  EXPECT_EQ(row_.unsubmitted(), nullptr);
}

TEST_F(ClipRowTest, NothingLeavesBeforeItsSoundIsThere) {
  const auto sound = add(0).begun;
  end();
  EXPECT_FALSE(row_.may_leave(row_.front(Reader::video)));
  EXPECT_EQ(row_.may_leave_until(), kNever);
  settle(sound);
  EXPECT_TRUE(row_.may_leave(row_.front(Reader::video)));
  EXPECT_TRUE(row_.has_video_to_give());
  EXPECT_EQ(row_.may_leave_until(), kForever) << "the video is complete";
  EXPECT_EQ(sound->task_id, "42");
}

TEST_F(ClipRowTest, ASecondClipWaitsForItsOwnSound) {
  const auto first = add(0).begun;
  add_frames(1, 100);
  end(segment_done());
  const auto second = add(100 * kFrame).begun;
  ASSERT_TRUE(second);
  EXPECT_EQ(second->number, 2U);
  add_frames(101, 200);
  settle(first);
  EXPECT_EQ(row_.may_leave_until(), 100 * kFrame) << "as far as the first clip goes";
  row_.pop(Reader::video);
  EXPECT_FALSE(row_.may_leave(row_.front(Reader::video)));
  EXPECT_TRUE(row_.may_leave(row_.front(Reader::audio))) << "the audio's view is its own";
  EXPECT_EQ(row_.may_leave_until(), 100 * kFrame) << "it has left, and counts all the same";
}

TEST_F(ClipRowTest, AClipOfEventsOnlyNeedsNoSound) {
  row_.hold({.object = MiniPtr<GstMiniObject>::adopt(GST_MINI_OBJECT_CAST(gst_event_new_gap(0, 1)))});
  EXPECT_FALSE(row_.may_leave(row_.front(Reader::video))) << "frames may still come";
  EXPECT_FALSE(end()) << "nothing is handed over";
  EXPECT_TRUE(row_.may_leave(row_.front(Reader::video)));
  EXPECT_TRUE(row_.sounds().empty());
}

TEST_F(ClipRowTest, AfterAFlushTheSameFramesAreAttachedToTheSoundThatWasSubmitted) {
  const auto sound = add(0).begun;
  add_frames(1, 100);
  end();
  EXPECT_EQ(row_.flush(), nullptr) << "it was handed over, and goes on";
  begin_stream("stream");
  const auto placed = add(0);
  EXPECT_FALSE(placed.begun);
  EXPECT_TRUE(placed.attached);
  EXPECT_EQ(row_.filling()->sound, sound);
  const auto attached = row_.filling();
  add(kFrame);
  EXPECT_EQ(row_.filling(), attached) << "the next frame stays in the attached clip";
  EXPECT_EQ(row_.filling()->sound, sound);
  EXPECT_EQ(row_.sounds_begun(), 1U);
  EXPECT_FALSE(end()) << "nothing is handed over twice";
}

TEST_F(ClipRowTest, ASeekIntoTheMiddlePlaysTheMatchingPartOfTheSound) {
  const auto sound = add(0).begun;
  add_frames(1, 100);
  end();
  row_.flush();
  begin_stream("stream", static_cast<GstClockTime>(2 * kSecond));
  const auto placed = row_.place({.start = 0, .duration = static_cast<GstClockTime>(kFrame)});
  EXPECT_TRUE(placed.attached);
  EXPECT_EQ(row_.filling()->sound, sound);
  EXPECT_EQ(row_.filling()->first_sample(48000), 2 * 48000);
}

TEST_F(ClipRowTest, ANewClipEndsWhereItRunsIntoOneThatWasSubmitted) {
  begin_stream("stream", static_cast<GstClockTime>(4 * kSecond));
  add_frames(0, 100);  // stream time 4 to 8 s
  end();
  row_.flush();
  begin_stream("stream");
  const auto second = add(0).begun;  // stream time 0
  ASSERT_TRUE(second);
  add_frames(1, 100);
  const auto placed = add(100 * kFrame);  // 4 s: the first one's
  ASSERT_TRUE(placed.complete);
  EXPECT_EQ(placed.complete->sound, second);
  EXPECT_EQ(placed.complete->frames.size(), 100U);
  EXPECT_TRUE(placed.attached);
}

TEST_F(ClipRowTest, AnotherStreamCountsItsTimeAnew) {
  const auto first = add(0).begun;
  end();
  settle(first);
  EXPECT_EQ(row_.begin_stream("other"), std::vector{first}) << "forgotten, for it is settled and of another stream";
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  row_.set_segment(segment, 8);
  EXPECT_TRUE(add(0).begun);
}

TEST_F(ClipRowTest, WhatIsBeingFilledIsOfBothStreamsThatAreConcatenated) {
  const auto sound = add(0).begun;
  EXPECT_TRUE(row_.begin_stream("other").empty());
  EXPECT_TRUE(sound->is_of("stream") && sound->is_of("other"));
}

TEST_F(ClipRowTest, AFlushDropsWhatWasNotHandedOverAndItsNumber) {
  const auto dropped = add(0).begun;
  EXPECT_EQ(row_.flush(), dropped);
  EXPECT_TRUE(row_.sounds().empty());
  EXPECT_EQ(row_.memory(), 0U);
  begin_stream("stream");
  EXPECT_EQ(add(0).begun->number, 1U);
}

TEST_F(ClipRowTest, AFlushKeepsTheEventsThatUpstreamWillNotSendAgain) {
  row_.set_audio_stream_start(EventPtr::adopt(gst_event_new_stream_start("sound")));
  add(0);
  row_.hold(
      {.object = MiniPtr<GstMiniObject>::adopt(GST_MINI_OBJECT_CAST(gst_event_new_tag(gst_tag_list_new_empty())))});
  row_.flush();
  ASSERT_FALSE(row_.empty(Reader::video));
  Clip& clip = row_.front(Reader::video);
  EXPECT_EQ(GST_EVENT_TYPE(GST_EVENT_CAST(clip.held.pop().object.get())), GST_EVENT_TAG);
  EXPECT_TRUE(clip.held.empty());
  EXPECT_TRUE(clip.audio_stream_start);
}

TEST_F(ClipRowTest, AStreamStartOfTheSoundThatWasNotSentGoesToTheNextClip) {
  row_.set_audio_stream_start(EventPtr::adopt(gst_event_new_stream_start("sound")));
  add(0);
  end(segment_done());
  add(kSecond);
  row_.pop(Reader::audio);
  EXPECT_TRUE(row_.front(Reader::audio).audio_stream_start);
}

TEST_F(ClipRowTest, WhenOneFailsOnlyThoseThatWereHandedOverHaveProspects) {
  const auto first = add(0).begun;
  end(segment_done());
  const auto second = add(kSecond).begun;
  EXPECT_TRUE(row_.others_have_prospects(second));
  EXPECT_FALSE(row_.others_have_prospects(first)) << "the second one is not handed over";
  EXPECT_EQ(row_.give_up_unsubmitted(), std::vector{second});
  EXPECT_TRUE(second->left_out);
  EXPECT_TRUE(row_.is_complete()) << "nothing more is taken in";
  settle(first);
  EXPECT_EQ(row_.may_leave_until(), kForever);
}

TEST_F(ClipRowTest, FramesOfAClipThatIsLeftOutAreNotPlayed) {
  const auto sound = add(0).begun;
  add_frames(1, 10);
  end(segment_done());
  sound->left_out = true;
  row_.pass_over_frames();
  EXPECT_EQ(row_.front(Reader::video).held.buffers(), 0U);
  EXPECT_EQ(row_.may_leave_until(), kForever);
}

// Two frames each.
class CutEverySecondFrame final : public CutPolicy {
 public:
  bool cuts_before(const Clip& filling, const FrameTime& /*next*/) const override { return filling.frames.size() == 2; }
};

class LeaveAtOnce final : public LeavePolicy {
 public:
  bool may_leave(const Clip& /*clip*/) const override { return true; }
};

TEST_F(ClipRowTest, PoliciesSayWhereItIsCutAndWhatMayLeave) {
  const CutEverySecondFrame cuts;
  const LeaveAtOnce leaves;
  ClipRow row(cuts, leaves);
  row.begin_stream("stream");
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  row.set_segment(segment, 1);
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 5; ++i) {
    const auto placed = row.place({.start = i * kFrame, .duration = static_cast<GstClockTime>(kFrame)});
    row.hold(frame_item(i * kFrame));
    if (placed.complete) sizes.push_back(placed.complete->frames.size());
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 2}));
  EXPECT_EQ(row.sounds_begun(), 3U);
  EXPECT_EQ(row.may_leave_until(), 5 * kFrame) << "nothing waits for a sound";
}

TEST_F(ClipRowTest, ClearForgetsAllAndReturnsTheSounds) {
  const auto sound = add(0).begun;
  end();
  EXPECT_EQ(row_.clear(), std::vector{sound});
  EXPECT_TRUE(row_.empty(Reader::video) && row_.empty(Reader::audio) && row_.sounds().empty());
  EXPECT_EQ(row_.may_leave_until(), kForever) << "complete, until the next run begins";
  row_.begin_run();
  EXPECT_EQ(row_.may_leave_until(), kNever);
}

// ---- a planned row

class PlannedRowTest : public ClipRowTest {
 protected:
  void SetUp() override {
    ClipRowTest::SetUp();
    add(0);
    row_.begin_planned();
  }
  std::shared_ptr<ClipSound> cut(int from, int to, bool is_last = false) {
    const plan::Range range{from * kFrame, to * kFrame};
    return row_.cut_planned({.range = range, .shown = range, .is_last = is_last});
  }
  static std::size_t buffers(const Clip& clip) { return clip.held.buffers(); }
};

TEST_F(PlannedRowTest, WhatIsCutGetsTheFramesBeforeItsEndAndTheRestASoundOfItsOwn) {
  add_frames(1, 100);
  const auto first = cut(0, 40);
  EXPECT_EQ(first->number, 1U);
  EXPECT_TRUE(first->submitted);
  ASSERT_TRUE(row_.filling() && row_.is_filling_planned());
  EXPECT_NE(row_.filling()->sound, first);
  EXPECT_EQ(row_.filling()->sound->number, 2U);
  EXPECT_EQ(buffers(row_.front(Reader::video)), 40U);
  EXPECT_EQ(buffers(*row_.filling()), 60U);
  EXPECT_EQ(row_.clips_ahead(), 1U);
  end();
  const auto second = cut(40, 100, true);
  EXPECT_EQ(second->number, 2U);
  EXPECT_EQ(row_.filling(), nullptr);
  EXPECT_EQ(row_.sounds_begun(), 2U);
}

// P before its B frames: what is decoded before the last frame of the clip leaves with it.
TEST_F(PlannedRowTest, NoFrameIsLeftBehindByTheOrderOfDecoding) {
  for (const int place : {3, 1, 2, 6, 4, 5, 9, 7, 8}) add(place * kFrame);
  cut(0, 5);
  EXPECT_EQ(buffers(row_.front(Reader::video)), 6U);
  EXPECT_EQ(buffers(*row_.filling()), 4U);
}

TEST_F(PlannedRowTest, TheVideosEndLeavesWithTheLastClip) {
  add_frames(1, 100);
  EXPECT_FALSE(end());  // the plan cuts
  cut(0, 60);
  EXPECT_FALSE(row_.front(Reader::video).end);
  cut(60, 100, true);
  row_.pop(Reader::video);
  EXPECT_TRUE(row_.front(Reader::video).end);
  EXPECT_TRUE(row_.has_eos());
}

// At 44100 Hz a frame is no whole number of samples: all clips together are as long as the row.
TEST_F(PlannedRowTest, SamplesAreCountedFromTheRowsBeginning) {
  add_frames(1, 100);
  cut(0, 33);
  cut(33, 67);
  cut(67, 100, true);
  std::int64_t samples = 0;
  for (int i = 0; i < 3; ++i) {
    samples += row_.front(Reader::audio).samples_so_far(22050);
    row_.pop(Reader::audio);
  }
  EXPECT_EQ(samples, to_samples(100 * kFrame, 22050));
}

TEST_F(PlannedRowTest, ASoundThatWasPlayedIsDroppedAndMadeAgainAfterASeek) {
  add_frames(1, 100);
  const auto first = cut(0, 50);
  cut(50, 100, true);
  settle(first);
  EXPECT_EQ(row_.sounds_ahead(), 1U);
  row_.pop(Reader::audio);
  EXPECT_EQ(first->soundtrack, nullptr);
  EXPECT_TRUE(first->settled);
  EXPECT_EQ(row_.flush(), nullptr);
  begin_stream("stream");
  const auto placed = add(10 * kFrame);
  EXPECT_TRUE(placed.attached);
  EXPECT_FALSE(first->settled);
}

TEST_F(PlannedRowTest, AfterASeekEachClipIsAttachedToItsOwnSound) {
  add_frames(1, 100);
  const auto first = cut(0, 50);
  const auto second = cut(50, 100, true);
  EXPECT_EQ(row_.flush(), nullptr);
  begin_stream("stream");
  add_frames(30, 51);
  add(52 * kFrame);
  add(49 * kFrame);  // decoded late, shown early
  add_frames(53, 100);
  ASSERT_EQ(row_.front(Reader::video).sound, first);
  EXPECT_EQ(row_.front(Reader::video).end_time, 50 * kFrame);
  EXPECT_EQ(row_.front(Reader::video).first_sample(1000), 1200);
  EXPECT_EQ(row_.front(Reader::video).samples_so_far(1000), 800);
  row_.pop(Reader::video);
  EXPECT_EQ(row_.front(Reader::video).sound, second);
  EXPECT_EQ(row_.front(Reader::video).begin, 50 * kFrame);
  EXPECT_EQ(row_.front(Reader::video).first_sample(1000), 0);
}

TEST_F(PlannedRowTest, AFlushForgetsWhatIsNotCut) {
  add_frames(1, 100);
  const auto first = cut(0, 50);
  const auto rest = row_.filling()->sound;
  EXPECT_EQ(row_.flush(), rest);
  EXPECT_EQ(row_.sounds_begun(), 1U);
  EXPECT_EQ(row_.sounds().size(), 1U);
}

}  // namespace
}  // namespace klingv2a
