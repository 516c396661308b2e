// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the simulated service's account allows: who may ask, how a task is found again, which external ids are taken,
// and how many tasks may be in flight.
#include <gtest/gtest.h>

#include <algorithm>

#include "klingv2a-sim/credentials.h"
#include "sim_fixture.h"

namespace klingv2a::test {
namespace {

using namespace std::chrono_literals;
using On = sim::Fault::On;
using Do = sim::Fault::Do;

class SimRules : public SimFixture {
 protected:
  [[nodiscard]] HttpReply list() const { return http_call({"GET", endpoint(), kKey, {}}); }
  [[nodiscard]] HttpReply post_named(const std::string& external_id) const {
    return post(R"({"video_id":"sim-3s","external_task_id":")" + external_id + "\"}");
  }
  [[nodiscard]] std::string ledger() const {
    const std::string url = endpoint();
    return http_call({"GET", url.substr(0, url.find('/', 7)) + "/sim/ledger", {}, {}}).body;
  }
};

// ---- finding a task again ----

TEST_F(SimRules, TheListNamesTheExternalIds) {
  run(quick_kling());
  submit(R"("video_id":"sim-3s","external_task_id":"mine")");
  EXPECT_EQ(json_at(list().body, "$.data[0].task_info.external_task_id"), "mine");
}

TEST_F(SimRules, CometApiFindsATaskByItsExternalIdOnlyWhenToldTo) {
  for (const bool told : {false, true}) {
    sim::Options options = quick();
    if (told) options.external_lookup = true;
    run(options);
    const std::string id = submit(R"("video_id":"sim-3s","external_task_id":"mine")");
    const HttpReply answer = get("mine");
    EXPECT_EQ(answer.status, told ? 200 : 404);
    EXPECT_EQ(json_at(answer.body, "$.data.task_id"), told ? id : "");
    EXPECT_EQ(json_at(answer.body, "$.error.code"), told ? "" : "1203");
    EXPECT_EQ(list().status, 404) << "it has no list";
  }
}

TEST_F(SimRules, AnExternalIdIsFoundWhateverCharactersItHas) {
  run(quick_kling());
  const std::string id = submit(R"("video_id":"sim-3s","external_task_id":"a/b c%41é")");
  EXPECT_EQ(json_at(get("a%2Fb%20c%2541%C3%A9").body, "$.data.task_id"), id);
}

TEST_F(SimRules, AYoungTaskIsKnownByItsIdAlone) {
  sim::Options options = quick_kling();
  options.list_lag = 1h;
  run(options);
  const std::string id = submit(R"("video_id":"sim-3s","external_task_id":"mine")");
  EXPECT_EQ(get(id).status, 200);
  EXPECT_EQ(json_at(get("mine").body, "$.code"), "1203");
  EXPECT_EQ(json_at(list().body, "$.data"), "[]");
}

TEST_F(SimRules, ATaskIsListedAndFoundOnceItIsOldEnough) {
  sim::Options options = quick_kling();
  options.list_lag = 100ms;
  run(options);
  submit(R"("video_id":"sim-3s","external_task_id":"mine")");
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (get("mine").status != 200) ASSERT_LT(std::chrono::steady_clock::now(), end);
  EXPECT_NE(json_at(list().body, "$.data[0].task_id"), "");
}

// ---- external ids ----

TEST_F(SimRules, ASecondTaskOfAnExternalIdIsRefusedOrAccepted) {
  struct Row {
    bool kling;
    std::optional<bool> refuse;
    bool refused;
  };
  for (const Row& row : {Row{true, {}, true}, Row{false, {}, false}, Row{true, false, false}, Row{false, true, true}}) {
    sim::Options options = row.kling ? quick_kling() : quick();
    options.refuse_duplicates = row.refuse;
    run(options);
    EXPECT_EQ(post_named("same").status, 200);
    const HttpReply again = post_named("same");
    EXPECT_EQ(again.status, row.refused ? 400 : 200);
    EXPECT_EQ(sim_->paid_tasks().size(), row.refused ? 1U : 2U);
    if (!row.refused) continue;
    EXPECT_EQ(json_at(again.body, row.kling ? "$.code" : "$.error.code"), "1201");
    const std::string message = json_at(again.body, row.kling ? "$.message" : "$.error.message");
    EXPECT_NE(message.find("external_task_id"), std::string::npos) << message;
  }
}

// ---- tasks in flight ----

TEST_F(SimRules, ATaskBeyondTheConcurrencyIsRefusedAndCountsForNothing) {
  for (const bool kling : {false, true}) {
    sim::Options options = kling ? quick_kling() : quick();
    options.concurrency = 2;
    options.task_time = 1h;
    run(options);
    submit(R"("video_id":"sim-3s")");
    submit(R"("video_id":"sim-3s")");
    sim_->add_fault({.on = On::submit, .what = Do::error_code, .code = "1302"});
    for (int i = 0; i < 2; ++i) {
      const HttpReply refused = post_named("third");
      EXPECT_EQ(refused.status, 429);
      EXPECT_EQ(json_at(refused.body, kling ? "$.code" : "$.error.code"), "1303");
    }
    EXPECT_EQ(sim_->paid_tasks().size(), 2U);
    EXPECT_EQ(sim_->most_in_flight(), 2);
    EXPECT_EQ(json_at(ledger(), "$.most_in_flight"), "2");
  }
}

TEST_F(SimRules, ATaskHoldsItsSlotUntilItsEnd) {
  sim::Options options = quick();
  options.concurrency = 1;
  run(options);
  sim_->add_fault({.on = On::submit, .what = Do::fail_task});
  for (int i = 0; i < 2; ++i) {  // the first one fails, the second succeeds
    submit(R"("video_id":"sim-3s")");
    EXPECT_TRUE(ends_as(i == 0 ? "failed" : "succeed"));
  }
  sim_->add_fault({.on = On::submit, .what = Do::never_finish});
  submit(R"("video_id":"sim-3s")");
  EXPECT_TRUE(ends_as("processing"));
  EXPECT_EQ(post(R"({"video_id":"sim-3s"})").status, 429);
  EXPECT_EQ(sim_->most_in_flight(), 1);
}

TEST_F(SimRules, WithoutALimitTheHighestNumberInFlightIsRecorded) {
  sim::Options options = quick();
  options.task_time = 1h;
  run(options);
  for (int i = 0; i < 7; ++i) submit(R"("video_id":"sim-3s")");
  sim_->set_task_time(0ms);
  EXPECT_TRUE(sim_->wait_until(
      [](const sim::Service& sim) {
        const auto tasks = sim.paid_tasks();
        return std::ranges::all_of(tasks, [](const sim::PaidTask& task) { return task.status == "succeed"; });
      },
      kDeadline));
  submit(R"("video_id":"sim-3s")");
  EXPECT_EQ(sim_->most_in_flight(), 7);
}

// ---- who may ask ----

// Made with Python's hmac. The secret is "top-secret", but where the name says otherwise.
struct Token {
  std::string_view claims, signature;
  std::string_view header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";  // {"alg":"HS256","typ":"JWT"}
  [[nodiscard]] std::string bearer() const {
    return "Bearer " + std::string(header) + "." + std::string(claims) + "." + std::string(signature);
  }
};
constexpr std::int64_t kNotBefore = 1700000000, kExpires = 4000000000;
constexpr Token kGood = {"eyJpc3MiOiJhY2Nlc3MiLCJleHAiOjQwMDAwMDAwMDAsIm5iZiI6MTcwMDAwMDAwMH0",
                         "2EKm1FRJR6Ha5TcuIls2RXJqMhHeA3zXiiYA-fT6BXU"};
constexpr Token kExpired = {"eyJpc3MiOiJhY2Nlc3MiLCJleHAiOjE3MDAwMDAwMDAsIm5iZiI6MTYwMDAwMDAwMH0",
                            "2JNO6-J3xTLs3Tvhsgc7PccE0ro-38dzt6BEuWPLwfA"};
constexpr Token kEarly = {"eyJpc3MiOiJhY2Nlc3MiLCJleHAiOjQxMDAwMDAwMDAsIm5iZiI6NDAwMDAwMDAwMH0",
                          "IxI6O5CA0tPWBUOos7SD8pQD-cEI0um1JOq9I9KTHLs"};
constexpr Token kOtherSecret = {kGood.claims, "0gLzt_VtuygSX3d7y5TmefZfV4iCs4zzLfrpvQ_yGqw"};
constexpr Token kOtherIssuer = {"eyJpc3MiOiJub2JvZHkiLCJleHAiOjQwMDAwMDAwMDAsIm5iZiI6MTcwMDAwMDAwMH0",
                                "eATq4K7e5leE2QWiJBnDC9JzAcfx4wkU_luchRp-zcM"};
constexpr Token kNoExp = {"eyJpc3MiOiJhY2Nlc3MiLCJuYmYiOjE3MDAwMDAwMDB9",
                          "LVfFTL0HVUBfU5JfWKNxFsIq8rbp9akzNOLd3KF2xMs"};
constexpr Token kNoNbf = {"eyJpc3MiOiJhY2Nlc3MiLCJleHAiOjQwMDAwMDAwMDB9",
                          "aZe6Fqjb9oFkAJtb8DP0TeWJMBu74ROvGVyg-iro80s"};
constexpr Token kTextExp = {"eyJpc3MiOiJhY2Nlc3MiLCJleHAiOiI0MDAwMDAwMDAwIiwibmJmIjoxNzAwMDAwMDAwfQ",
                            "N1h_bdErekOtJe60E33zp7bOzqGcYBVdd4iwxDjLxA4"};
constexpr Token kAlgNone = {kGood.claims, "eOcRaokBN2sVqbZwnPAB-tW9u-6bdkPYndW2b1LY8aM", "eyJhbGciOiJub25lIn0"};

TEST(SimCredentials, AJwtCountsFromNbfUntilExp) {
  const sim::Credentials credentials({"sim-key"}, {{"access", "top-secret"}});
  EXPECT_EQ(credentials.refusal(kGood.bearer(), kNotBefore - 1), "1003");
  EXPECT_EQ(credentials.refusal(kGood.bearer(), kNotBefore), std::nullopt);
  EXPECT_EQ(credentials.refusal(kGood.bearer(), kExpires - 1), std::nullopt);
  EXPECT_EQ(credentials.refusal(kGood.bearer(), kExpires), "1004");
}

TEST(SimCredentials, AJwtThatIsNotOursIsInvalid) {
  const sim::Credentials credentials({"sim-key"}, {{"other", "top-secret"}, {"access", "top-secret"}});
  for (const Token& token : {kOtherSecret, kOtherIssuer, kNoExp, kNoNbf, kTextExp, kAlgNone})
    EXPECT_EQ(credentials.refusal(token.bearer(), kNotBefore), "1002") << token.bearer();
  std::string changed = kGood.bearer();
  changed[changed.rfind('.') + 1] = '3';
  const std::string good = kGood.bearer();
  for (const std::string& wrong : {changed, good + ".", good + "=", good + "A", good.substr(0, good.rfind('.')),
                                   good.substr(0, good.rfind('.') + 1), std::string("Bearer .."),
                                   std::string("Bearer bm90.anNvbg.eA"), good.substr(7)})
    EXPECT_EQ(credentials.refusal(wrong, kNotBefore), "1002") << wrong;
  EXPECT_EQ(credentials.refusal("", kNotBefore), "1001");
  EXPECT_EQ(sim::Credentials({"sim-key"}, {}).refusal(kGood.bearer(), kNotBefore), "1002") << "no key pair is known";
}

TEST_F(SimRules, AJwtIsTakenBesideTheKeyInBothDialects) {
  for (const bool kling : {false, true}) {
    sim::Options options = kling ? quick_kling() : quick();
    options.key_pairs = {{"access", "top-secret"}};
    run(options);
    const auto submit_with = [this](const std::string& authorization) {
      return http_call({"POST", endpoint(), authorization, R"({"video_id":"sim-3s"})"});
    };
    EXPECT_EQ(submit_with(kKey).status, 200);
    EXPECT_EQ(submit_with(kGood.bearer()).status, 200);
    for (const auto& [token, code] :
         {std::pair{kExpired, std::string("1004")}, {kEarly, "1003"}, {kOtherSecret, "1002"}}) {
      const HttpReply refused = submit_with(token.bearer());
      EXPECT_EQ(refused.status, 401);
      EXPECT_EQ(kling ? json_at(refused.body, "$.code") : code, code);
    }
    EXPECT_EQ(sim_->paid_tasks().size(), 2U);
  }
}

TEST_F(SimRules, TheNextRequestsOfWhateverKindCanBeToldThatTheirTokenHasExpired) {
  run(quick_kling());
  const std::string id = submit(R"("video_id":"sim-3s")");
  const sim::Fault expired{.on = On::api, .what = Do::error_code, .times = 3, .code = "1004"};
  sim_->add_fault(expired);
  for (const HttpReply& answer : {get(id), post(R"({"video_id":"sim-3s"})"), list()}) {
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(json_at(answer.body, "$.code"), "1004");
  }
  EXPECT_EQ(get(id).status, 200);
  EXPECT_EQ(sim_->paid_tasks().size(), 1U);
  EXPECT_THROW(sim_->add_fault({.on = On::api, .what = Do::fail_task}), std::invalid_argument);
}

}  // namespace
}  // namespace klingv2a::test
