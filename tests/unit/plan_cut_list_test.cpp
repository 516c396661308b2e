// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Lists of shot changes from outside, and the frames that they mean.
#include <gtest/gtest.h>

#include <string>

#include "error.h"
#include "plan/cut_list.h"
#include "plan/listed_shots.h"

namespace klingv2a::plan {
namespace {

using Times = std::vector<Nanoseconds>;

constexpr FrameRate kPal{25, 1}, kNtsc{30000, 1001};

std::string refusal_of(std::string_view text, FrameRate rate = {}) {
  try {
    (void)read_cut_list(text, rate);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.details().message;
  }
  return "";
}

TEST(CutList, HasATimeALine) {
  EXPECT_EQ(read_cut_list("1\n2.5\n00:01:23.500\n1:02\n00:00:04.000000001\n"),
            (Times{kSecond, 2500 * kMillisecond, 4 * kSecond + 1, 62 * kSecond, 83500 * kMillisecond}));
}

TEST(CutList, PassesOverWhatSaysNothing) {
  EXPECT_EQ(read_cut_list("\xEF\xBB\xBF# shots\r\n\r\n  3 \t\r\n5 # the door\n3"), (Times{3 * kSecond, 5 * kSecond}));
  EXPECT_EQ(read_cut_list(""), Times{});
  EXPECT_EQ(read_cut_list("#"), Times{});
}

TEST(CutList, CountsFramesOfTheRate) {
  EXPECT_EQ(read_cut_list("00:00:01:12", kPal), (Times{1480 * kMillisecond}));
  EXPECT_EQ(read_cut_list("00:00:01:00", kNtsc), (Times{30 * 1001 * kSecond / 30000}));
  EXPECT_NE(refusal_of("00:00:01:12").find("frame rate"), std::string::npos);
  EXPECT_NE(refusal_of("00:00:01:25", kPal).find("25 frames"), std::string::npos);
}

// An hour of it is an hour to 4 ms.
TEST(CutList, KnowsDropFrameTimeCode) {
  EXPECT_EQ(read_cut_list("01:00:00;00", kNtsc), (Times{Nanoseconds{107892} * 1001 * kSecond / 30000}));
  EXPECT_EQ(read_cut_list("00:01:00;02", kNtsc), (Times{Nanoseconds{1800} * 1001 * kSecond / 30000}));
  EXPECT_NE(refusal_of("00:01:00;01", kNtsc), "");
  EXPECT_NE(refusal_of("00:00:01;01", kPal), "");
}

TEST(CutList, NamesTheLineThatIsWrong) {
  for (const auto* wrong :
       {"x",        "-1",        "1e3", "1,5",         "1.",      ".5",         "1.2.3",         "00:60:00",
        "00:00:60", "1:2:3:4:5", "nan", "99999999999", "3600001", "1001:00:00", "00:00:01.5:03", ";",
        "::",       "1:;1",      "+1",  "0x10"})
    EXPECT_NE(refusal_of("# a list\n1\n" + std::string(wrong) + "\n2", kPal).find("line 3 of"), std::string::npos)
        << wrong;
}

TEST(CutList, ShowsOnlyTheBeginningOfALongLine) {
  EXPECT_LT(refusal_of(std::string(1U << 20U, 'x')).size(), 200U);
}

TEST(CutList, IsBounded) {
  std::string many;
  for (int i = 0; i <= 100'000; ++i) many += "1\n";
  EXPECT_NE(refusal_of(many).find("line 100001"), std::string::npos);
  EXPECT_NE(refusal_of(std::string((16U << 20U) + 1, '\n')), "");
}

// ---- PySceneDetect

const std::string kHead =
    "Scene Number,Start Frame,Start Timecode,Start Time (seconds),End Frame,End Timecode,End Time (seconds),"
    "Length (frames),Length (timecode),Length (seconds)\r\n";
const std::string kScenes =
    "1,1,00:00:00.000,0.000,90,00:00:03.754,3.754,90,00:00:03.754,3.754\r\n"
    "2,91,00:00:03.754,3.754,210,00:00:08.759,8.759,120,00:00:05.005,5.005\r\n"
    "3,211,00:00:08.759,8.759,259,00:00:10.802,10.802,49,00:00:02.044,2.043\r\n";

TEST(CutList, ReadsPySceneDetectsTable) {
  const Times cuts{3754 * kMillisecond, 8759 * kMillisecond};
  EXPECT_EQ(read_cut_list(kHead + kScenes), cuts);
  EXPECT_EQ(read_cut_list("Timecode List:,00:00:03.754,00:00:08.759\r\n" + kHead + kScenes), cuts);
  EXPECT_EQ(read_cut_list(kHead), Times{});
}

TEST(CutList, NamesTheLineOfATableThatIsWrong) {
  EXPECT_NE(refusal_of(kHead + kScenes + "4,260,00:00:10.802\n").find("line 5 of"), std::string::npos);
  EXPECT_NE(refusal_of("Scene Number,Start Frame\n1,2\n").find("line 1 of"), std::string::npos);
}

// ---- their frames

Times marked(const Times& listed, const Times& frames) {
  ListedShots shots(listed);
  Times changes;
  std::size_t count = 0;
  const auto take = [&] {
    while (const auto mark = shots.next()) {
      EXPECT_EQ(mark->at, frames[count++]);
      if (mark->place == Place::shot_change) changes.push_back(mark->at);
    }
  };
  for (const auto frame : frames) {
    shots.add(frame);
    take();
  }
  shots.end();
  take();
  EXPECT_EQ(count, frames.size());
  return changes;
}

TEST(ListedShots, MarkTheNearestFrame) {
  const Times frames{0, 40, 80, 120, 160};
  EXPECT_EQ(marked({39, 81}, frames), (Times{40, 80}));
  EXPECT_EQ(marked({59, 61}, frames), (Times{40, 80}));
  EXPECT_EQ(marked({41, 42}, frames), Times{40});
  EXPECT_EQ(marked({179}, frames), Times{160});
}

TEST(ListedShots, AreNoneWhereTheVideoBeginsAndBeyondItsEnd) {
  const Times frames{0, 40, 80};
  EXPECT_EQ(marked({-500, 0, 19}, frames), Times{});
  EXPECT_EQ(marked({100, 5000}, frames), Times{});
}

}  // namespace
}  // namespace klingv2a::plan
