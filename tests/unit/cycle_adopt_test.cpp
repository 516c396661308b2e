// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A task that a person names becomes its row's only where nothing speaks against it, and nothing is ever submitted.
#include "cycle/adopt.h"

#include <gtest/gtest.h>

#include "fake_clock.h"
#include "journal/journal.h"
#include "private_home.h"
#include "raw_server.h"

namespace klingv2a::cycle {
namespace {

using journal::State;
using test::Answer;
using test::reply;

constexpr const char* kTaskId = "861254119619698760";
constexpr const char* kJson = "Content-Type: application/json\r\n";

Answer task_answer(const std::string& status, const std::string& external_task_id = {},
                   const std::string& id = kTaskId) {
  const std::string info = external_task_id.empty() ? "{}" : R"({"external_task_id":")" + external_task_id + "\"}";
  return reply(200,
               R"({"code":0,"message":"SUCCEED","request_id":"r","data":{"task_id":")" + id + R"(","task_status":")" +
                   status + R"(","task_info":)" + info + R"(,"task_result":{}}})",
               kJson);
}

class CycleAdopt : public ::testing::Test {
 protected:
  CycleAdopt() {
    settings_.service.base_url = api_.url("");
    settings_.service.api_key = "key";
  }

  using Steps = std::function<void(journal::Claim&)>;
  std::int64_t row(const std::string& key, const std::string& external_task_id, const Steps& steps = {}) {
    journal::Journal journal(location(), clock_, nullptr);
    const auto claim = journal.claim({.key = key, .length_ms = 5000, .service = "s"}, Seconds(0), [](const auto&) {});
    if (!external_task_id.empty()) claim->prepare({external_task_id, "{}"}, 5, Seconds(0), [](const auto&) {});
    if (steps) steps(*claim);
    return claim->row().id;
  }
  [[nodiscard]] journal::Location location() const { return journal::locate("", settings_.service.base_url); }
  [[nodiscard]] journal::Row row_of(std::int64_t id) {
    for (const journal::Row& row : journal::Journal(location(), clock_, nullptr).rows())
      if (row.id == id) return row;
    return {};
  }
  gateway::Task adopt(std::int64_t id, const std::string& task_id = kTaskId) {
    return adopt_task(settings_, id, task_id, clock_, nullptr, observer_);
  }
  // Nothing has changed, and nothing was paid.
  ErrorDetails refusal(std::int64_t id, const std::string& task_id = kTaskId) {
    const journal::Row before = row_of(id);
    try {
      (void)adopt(id, task_id);
      ADD_FAILURE() << "it was adopted";
      return {};
    } catch (const Error& error) {
      const journal::Row after = row_of(id);
      EXPECT_EQ(after.task_id, before.task_id);
      EXPECT_EQ(after.state, before.state);
      EXPECT_TRUE(after.owner.empty());
      EXPECT_EQ(error.details().paid, Paid::no);
      EXPECT_EQ(api_.posts(), 0);
      return error.details();
    }
  }

  struct Deaf : CycleObserver {
    void on_phase(Phase) override {}
    void before_submit() override { ADD_FAILURE() << "it would submit"; }
    void on_task(const gateway::Task&) override {}
    void on_waiting(Seconds) override {}
    void on_retry(const Error&, int, Seconds) override {}
  };

  const test::PrivateHome home_;
  test::RawServer api_;
  CycleSettings settings_;
  test::FakeClock clock_;
  Deaf observer_;
};

TEST_F(CycleAdopt, WhateverItsStatusTheRowIsSubmittedAndTheNextRunGoesOn) {
  int number = 0;
  for (const char* status : {"submitted", "processing", "succeed", "failed"}) {
    const std::string external = "external-" + std::to_string(++number);
    const std::string id = std::to_string(number) + kTaskId;
    const std::int64_t mine = row(external, external);
    api_.add(task_answer(status, "", id));
    EXPECT_EQ(adopt(mine, id).status_text, status);
    EXPECT_EQ(row_of(mine).state, State::submitted);
    EXPECT_EQ(row_of(mine).task_id, id);
    EXPECT_TRUE(row_of(mine).owner.empty()) << "the next run takes it at once";
  }
  EXPECT_EQ(api_.posts(), 0);
}

TEST_F(CycleAdopt, TheSameExternalIdIsAsItShouldBe) {
  const std::int64_t mine = row("a", "external");
  api_.add(task_answer("processing", "external"));
  EXPECT_EQ(adopt(mine).task_id, kTaskId);
}

TEST_F(CycleAdopt, AnotherExternalIdIsAnotherTask) {
  const std::int64_t mine = row("a", "external");
  api_.add(task_answer("processing", "somebody-else"));
  const ErrorDetails details = refusal(mine);
  EXPECT_EQ(details.kind, ErrorKind::settings);
  EXPECT_NE(details.message.find("somebody-else"), std::string::npos) << details.message;
}

TEST_F(CycleAdopt, ATaskThatTheServiceDoesNotKnowIsNone) {
  const std::int64_t mine = row("a", "external");
  api_.set_default(reply(404, R"({"code":1203,"message":"no","request_id":"r"})", kJson));
  const ErrorDetails details = refusal(mine);
  EXPECT_EQ(details.kind, ErrorKind::settings);
  EXPECT_NE(details.message.find("does not know task"), std::string::npos) << details.message;
}

TEST_F(CycleAdopt, TroubleAtTheServiceChangesNothing) {
  const std::int64_t mine = row("a", "external");
  api_.set_default(reply(401, R"({"code":1000,"message":"no","request_id":"r"})", kJson));
  EXPECT_EQ(refusal(mine).kind, ErrorKind::credentials);
  api_.set_default(reply(500, R"({"code":5000,"message":"no","request_id":"r"})", kJson));
  EXPECT_EQ(refusal(mine).kind, ErrorKind::service);
}

TEST_F(CycleAdopt, ATaskThatAnotherRowHasIsRefusedWithoutARequest) {
  const std::int64_t other = row("other", "external-other", [](auto& claim) { claim.accepted(kTaskId); });
  const std::int64_t mine = row("a", "external");
  const ErrorDetails details = refusal(mine);
  EXPECT_NE(details.message.find("row-" + std::to_string(other)), std::string::npos) << details.message;
  EXPECT_TRUE(api_.requests().empty());
}

TEST_F(CycleAdopt, ARowWithATaskKeepsIt) {
  const auto accepted = [](auto& claim) { claim.accepted("1"); };
  const auto ended = [](State state) {
    return [state](auto& claim) {
      claim.accepted("2");
      claim.ended(state, "", "", "");
    };
  };
  for (const std::int64_t mine :
       {row("a", "x", accepted), row("b", "y", ended(State::failed)), row("c", "z", ended(State::succeeded))}) {
    EXPECT_EQ(refusal(mine).kind, ErrorKind::settings);
  }
  EXPECT_TRUE(api_.requests().empty());
}

TEST_F(CycleAdopt, TheSameTaskOnceMoreChangesNothing) {
  const std::int64_t mine = row("a", "external", [](auto& claim) {
    claim.accepted(kTaskId);
    claim.ended(State::succeeded, "", "", "");
  });
  api_.add(task_answer("succeed"));
  EXPECT_EQ(adopt(mine).task_id, kTaskId);
  EXPECT_EQ(row_of(mine).state, State::succeeded);
}

TEST_F(CycleAdopt, ARowWithoutAPostHasNoTask) {
  const ErrorDetails details = refusal(row("a", ""));
  EXPECT_EQ(details.kind, ErrorKind::settings);
  EXPECT_TRUE(api_.requests().empty());
}

// The service may have made one all the same.
TEST_F(CycleAdopt, ARefusedPostMayHaveATask) {
  const std::int64_t mine = row("a", "external", [](auto& claim) { claim.refused("no"); });
  api_.add(task_answer("processing"));
  EXPECT_EQ(adopt(mine).task_id, kTaskId);
  EXPECT_EQ(row_of(mine).state, State::submitted);
}

// Between the look and the writing another row may have got it.
TEST_F(CycleAdopt, TheRowsAreLookedAtAgainWhenItIsWritten) {
  row("other", "external-other", [](auto& claim) { claim.accepted(kTaskId); });
  const std::int64_t mine = row("a", "external");
  journal::Journal journal(location(), clock_, nullptr);
  const auto claim = journal.claim_row(mine, Seconds(0), [](const auto&) {});
  EXPECT_THROW(claim->adopt(kTaskId), Error);
  EXPECT_TRUE(claim->row().task_id.empty());
}

}  // namespace
}  // namespace klingv2a::cycle
