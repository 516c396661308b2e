// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Several runs at the same time on one journal: the same clip is paid once, other clips wait for their turn, and a
// journal that cannot be used stops everything before money is spent.
#include <algorithm>
#include <fstream>

#include "rerun.h"

namespace klingv2a::test {
namespace {

class AtOnce : public Rerun {
 protected:
  explicit AtOnce(const sim::Options& options = quick_service(Milliseconds(200))) : Rerun(options) {}

  // Starts one more run.
  void start(const std::string& properties = {}, const std::string& source = mp4()) {
    auto& run = runs_.emplace_back(std::make_unique<PipelineRun>(pipeline(properties, source)));
    heard_.push_back(&run->watch("k", "audio", PadLog::Keep::bytes));
    run->start();
  }
  // A clip of its own.
  static std::string clip_with_flash(int frame) {
    auto options = clip();
    options.flash_frames = {frame};
    return mp4(options);
  }
  void wait_for_all() {
    for (const auto& run : runs_) EXPECT_EQ(run->wait_for_end(), End::eos) << run->first_error();
  }
  // What all the runs together have in this field of their stats.
  [[nodiscard]] double sum(const std::string& field) const {
    double all = 0;
    for (const auto& run : runs_) all += run->stat("k", field);
    return all;
  }
  [[nodiscard]] bool anyone_says(const std::string& words) const {
    return std::ranges::any_of(runs_, [&](const auto& run) {
      return std::ranges::any_of(run->progress(), [&](const SeenProgress& progress) {
        return progress.text.find(words) != std::string::npos;
      });
    });
  }

  std::vector<std::unique_ptr<PipelineRun>> runs_;
  std::vector<const PadLog*> heard_;
};

TEST_F(AtOnce, TheSameClipIsPaidOnceAndHeardByBoth) {
  start();
  start();
  wait_for_all();
  EXPECT_EQ(posts(service_), 1);
  for (const auto* heard : heard_) EXPECT_EQ(sound_of_pad(*heard).clicks(), (std::vector<std::int64_t>{32000, 97600}));
  EXPECT_EQ(sum("paid-tasks"), 1);
  EXPECT_EQ(sum("kept-sounds"), 1);
  EXPECT_EQ(sum("waits-for-another"), 1);
  EXPECT_TRUE(anyone_says("another run has this clip"));
}

// All of them make the journal, at the same moment.
TEST_F(AtOnce, EightRunsMakeOneJournal) {
  constexpr int kRuns = 8;
  for (int i = 0; i < kRuns; ++i) start("max-tasks=8 video-id=sim-3s take=" + std::to_string(i));
  wait_for_all();
  EXPECT_EQ(posts(service_), kRuns);
  EXPECT_EQ(sum("paid-tasks"), kRuns);
}

TEST_F(AtOnce, NoMoreTasksThanToldAreUnderWayAndTheOthersSayThatTheyWait) {
  for (const int frame : {20, 40, 60}) start("max-tasks=1", clip_with_flash(frame));
  wait_for_all();
  EXPECT_EQ(posts(service_), 3);
  EXPECT_EQ(service_.most_in_flight(), 1);
  EXPECT_TRUE(anyone_says("waiting for a turn"));
  for (std::size_t i = 0; i < heard_.size(); ++i)
    EXPECT_EQ(sound_of_pad(*heard_[i]).clicks(), (std::vector<std::int64_t>{(20 + 20 * static_cast<int>(i)) * 1600}));
}

class AtOnceOnABusyService : public AtOnce {
 protected:
  AtOnceOnABusyService() : AtOnce(one_at_a_time()) {}
  static sim::Options one_at_a_time() {
    auto options = quick_service(Milliseconds(200));
    options.concurrency = 1;
    return options;
  }
};

TEST_F(AtOnceOnABusyService, WhoIsRefusedForNowAsksAgain) {
  service_.set_task_time(std::chrono::seconds(600));
  start({}, clip_with_flash(20));
  ASSERT_TRUE(service_.wait_until([](const sim::Service& service) { return service.paid_tasks().size() == 1; },
                                  std::chrono::seconds(30)));
  start({}, clip_with_flash(40));
  ASSERT_TRUE(
      service_.wait_until([](const sim::Service& service) { return posts(service) == 2; }, std::chrono::seconds(30)));
  service_.set_task_time(Milliseconds(10));
  wait_for_all();
  EXPECT_EQ(service_.paid_tasks().size(), 2U);
  EXPECT_EQ(service_.most_in_flight(), 1);
  EXPECT_GE(runs_.back()->stat("k", "retries"), 1);
  EXPECT_FALSE(runs_.back()->stat_text("k", "last-retry-reason").empty());
}

// What stands in the journal's place, and what kind of error it is.
class UselessJournal : public Rerun {
 protected:
  void expect_nothing_asked(const std::string& kind, const std::string& properties = {}) {
    const Ran ran = run(properties);
    EXPECT_EQ(ran.end, End::error);
    EXPECT_EQ(ran.kind(), kind) << ran.error.text;
    EXPECT_EQ(ran.paid(), "no");
    EXPECT_EQ(ran.requests, 0);
    EXPECT_NE(ran.error.text.find("journal"), std::string::npos) << ran.error.text;
  }
};

TEST_F(UselessJournal, ADirectoryInItsPlaceStopsEverything) {
  std::filesystem::create_directories(journal());
  expect_nothing_asked("disk");
}

TEST_F(UselessJournal, ADamagedOneStopsEverythingAndIsLeftAsItIs) {
  expect_sound(run(), "submitted");
  const auto size = std::filesystem::file_size(journal());
  {
    std::ofstream file(journal(), std::ios::binary | std::ios::in);
    for (std::size_t i = 0; i < size; i += 16) file << "not a journal   ";
  }
  for (const char* change : {"", "take=1"}) expect_nothing_asked("disk", change);
  EXPECT_EQ(std::filesystem::file_size(journal()) / 16, size / 16);
}

TEST_F(UselessJournal, AnotherProgramsFileStopsEverythingAndSilenceIsNoWayOut) {
  std::filesystem::create_directories(journal().parent_path());
  std::ofstream(journal()) << "this is somebody's diary, and it is longer than a header of a database would be";
  expect_nothing_asked("disk", "on-failure=silence");
}

TEST_F(UselessJournal, ARelativePathIsRefusedAtReady) {
  expect_nothing_asked("settings", "journal=journal.sqlite");
}

}  // namespace
}  // namespace klingv2a::test
