// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a dry run says of a clip that the journal knows already: never that nothing would be paid where a run might pay.
#include "cycle/dry_run.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "cycle/proxy_publication.h"
#include "fake_clock.h"
#include "journal/results.h"
#include "private_home.h"
#include "raw_server.h"

namespace klingv2a::cycle {
namespace {

constexpr const char* kTaskId = "861254119619698760";

class CycleDryRun : public ::testing::Test {
 protected:
  CycleDryRun() {
    settings_.service.base_url = api_.url("");
    settings_.service.api_key = "key";
  }

  // What a run has left in the journal.
  void leave(const std::function<void(journal::Claim&)>& steps) {
    journal::Journal journal(location(), clock_, nullptr);
    const auto ignore = [](const std::string&) {};
    const auto claim = journal.claim(identity_of(settings_, clip_), Seconds(0), ignore);
    claim->prepare({"external-1", "{}"}, 5, Seconds(0), ignore);
    steps(*claim);
  }
  void leave_prepared() {
    leave([](journal::Claim&) {});
  }
  void leave_downloaded() {
    leave([&](journal::Claim& claim) {
      claim.accepted(kTaskId);
      SpoolFile sound;
      sound.write_at(0, std::as_bytes(std::span(std::string_view("the sound"))));
      const auto kept = journal::Results(location().results, settings_.max_kept_bytes).keep("a-name.wav", sound);
      claim.ended(journal::State::succeeded, "", "", "");
      claim.downloaded(kept.name, "wav", kept.checksum, kept.bytes);
    });
  }
  [[nodiscard]] journal::Location location() const { return journal::locate("", settings_.service.base_url); }
  // The service hears nothing of it, whatever the journal knows.
  DryRun run_dry() {
    DryRun dry_run = dry_run_cycle(settings_, clip_, clock_, nullptr, observer_);
    EXPECT_TRUE(api_.requests().empty());
    return dry_run;
  }

  struct Deaf : CycleObserver {
    void on_phase(Phase) override {}
    void before_submit() override {}
    void on_task(const gateway::Task&) override {}
    void on_waiting(Seconds) override {}
    void on_retry(const Error&, int, Seconds) override {}
  };

  const test::PrivateHome home_;
  test::RawServer api_;
  CycleSettings settings_;
  const CycleClip clip_{.key = "key", .length_ms = 5000, .make_proxy = {}};
  test::FakeClock clock_;
  Deaf observer_;
};

bool says(const DryRun& dry_run, const std::string& words) {
  return dry_run.summary.find(words) != std::string::npos;
}

TEST_F(CycleDryRun, ATaskWithoutANameWouldBeLookedUpAndNeverPaidForAgain) {
  leave([](journal::Claim& claim) { claim.ended(journal::State::succeeded, "", "", ""); });
  const DryRun dry_run = run_dry();
  EXPECT_FALSE(dry_run.would_pay) << dry_run.summary;
  EXPECT_EQ(dry_run.origin, Origin::looked_up);
  EXPECT_TRUE(says(dry_run, "external-1")) << dry_run.summary;
}

// The service may show its whole list without the task, and then a run submits.
TEST_F(CycleDryRun, ATaskThatNobodyKnowsMayBePaidForAgainWhenItTurnsOutToBeAbsent) {
  leave_prepared();
  const DryRun dry_run = run_dry();
  EXPECT_TRUE(dry_run.would_pay);
  EXPECT_EQ(dry_run.origin, Origin::looked_up);
  EXPECT_TRUE(says(dry_run, "external-1")) << dry_run.summary;
  EXPECT_TRUE(says(dry_run, "without it, a task would be paid for")) << dry_run.summary;
  EXPECT_TRUE(says(dry_run, "cannot say, that would be an error")) << dry_run.summary;
}

TEST_F(CycleDryRun, ResubmittingATaskThatNobodyKnowsMayPay) {
  settings_.on_unknown = OnUnknown::resubmit;
  leave_prepared();
  const DryRun dry_run = run_dry();
  EXPECT_TRUE(dry_run.would_pay);
  EXPECT_TRUE(says(dry_run, "cannot say, perhaps a second one (on-unknown=resubmit)")) << dry_run.summary;
}

// That task may still have to fetch what lies under the clip's name.
TEST_F(CycleDryRun, NothingIsPublishedBesideATaskThatMayExist) {
  settings_.on_unknown = OnUnknown::resubmit;
  leave_prepared();
  const CycleClip clip{.key = clip_.key, .length_ms = clip_.length_ms, .make_proxy = [] {
                         ADD_FAILURE() << "a proxy is made";
                         return std::shared_ptr<const SpoolFile>();
                       }};
  EXPECT_TRUE(dry_run_cycle(settings_, clip, clock_, nullptr, observer_).would_pay);
}

TEST_F(CycleDryRun, AKeptSoundWouldBePlayed) {
  leave_downloaded();
  const DryRun dry_run = run_dry();
  EXPECT_FALSE(dry_run.would_pay);
  EXPECT_EQ(dry_run.origin, Origin::kept);
  EXPECT_TRUE(says(dry_run, kTaskId)) << dry_run.summary;
}

TEST_F(CycleDryRun, ASoundThatIsNoLongerKeptWouldBeDownloadedAgain) {
  leave_downloaded();
  std::filesystem::remove(home_.results() / "a-name.wav");
  const DryRun dry_run = run_dry();
  EXPECT_FALSE(dry_run.would_pay);
  EXPECT_EQ(dry_run.origin, Origin::downloaded_again);
  EXPECT_TRUE(says(dry_run, "would be downloaded")) << dry_run.summary;
}

TEST_F(CycleDryRun, AClipThatTheJournalDoesNotKnowWouldBePaidFor) {
  const DryRun dry_run = run_dry();
  EXPECT_TRUE(dry_run.would_pay);
  EXPECT_EQ(dry_run.origin, Origin::submitted);
}

}  // namespace
}  // namespace klingv2a::cycle
