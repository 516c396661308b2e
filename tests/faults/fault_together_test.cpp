// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Two processes are started at the same moment with the same clip, again and again, with the journal in SQLite and in
// PostgreSQL: one task is asked for and paid, both end well, and both have its sound.
#include <gtest/gtest.h>

#include <csignal>
#include <optional>

#include "fault_scene.h"

namespace klingv2a::test {
namespace {

constexpr int kRounds = 5;  // of one pair of processes after the other

// So many pairs run side by side.
std::size_t pairs() {
  return is_long_form() ? 10 : 2;
}

// Both stand before the same step, and take it at once.
PaidOnceRow run_two(FaultScene& scene, const std::string& gate, int round, const std::string& right_sound) {
  const int posts_before = scene.posts(), paid_before = scene.paid_tasks();
  scene.set_properties("take=" + std::to_string(round));
  const auto one = scene.start_client({Point::Do::hold, gate}, "one");
  const auto two = scene.start_client({Point::Do::hold, gate}, "two");
  const bool at_once = one->wait_until_held() && two->wait_until_held();
  one->go_on();
  two->go_on();
  const bool both_end_well = one->wait() == 0 && two->wait() == 0;
  PaidOnceRow row{.name = "round " + std::to_string(round) + ", both " + gate,
                  .posts = scene.posts() - posts_before,
                  .paid = scene.paid_tasks() - paid_before};
  row.has_sound = !right_sound.empty() && scene.sound("one") == right_sound && scene.sound("two") == right_sound;
  row.as_promised = at_once && both_end_well && row.posts == 1;
  if (!row.is_ok()) row.note = one->said() + two->said();
  return row;
}

TEST(Together, OnSqliteTwoProcessesShareOneTask) {
  const PutServer store;
  const std::string right_sound = undisturbed_sound(store);
  PaidOnceTable table("two at once on SQLite");
  side_by_side(pairs(), [&](std::size_t) {
    FaultScene scene(store);
    for (int round = 1; round <= kRounds; ++round) {
      // Every other time there is no journal yet.
      const bool is_fresh = round % 2 == 1;
      if (is_fresh) scene.set_environment("XDG_STATE_HOME", scene.path("state" + std::to_string(round)));
      table.add(run_two(scene, is_fresh ? "before mkostemp state*" : "before open state*", round, right_sound));
    }
  });
  table.judge();
}

TEST(Together, OnPostgresqlTwoProcessesShareOneTask) {
  if (PostgresServer::programs().empty()) GTEST_SKIP() << "no PostgreSQL server is installed";
  const PutServer store;
  const std::string right_sound = undisturbed_sound(store);
  const PostgresServer database;
  PaidOnceTable table("two at once on PostgreSQL");
  side_by_side(pairs(), [&](std::size_t) {
    FaultScene scene(store);
    scene.set_environment("KLINGV2A_JOURNAL", database.uri());
    const std::string gate = "before connect port " + std::to_string(database.port());
    for (int round = 1; round <= kRounds; ++round) table.add(run_two(scene, gate, round, right_sound));
  });
  table.judge();
}

// One is suspended for so long, with its proxy made and nothing prepared, that two takes the clip over; two is killed
// before it has asked for anything. So one has lost the clip, and has to take it again from the beginning.
TEST(Together, ARunThatStoodStillTakesItsClipAgain) {
  const PutServer store;
  const std::string right_sound = undisturbed_sound(store);
  FaultScene scene(store);
  const auto one = scene.start_client({Point::Do::hold, "after recv PUT*"});
  ASSERT_TRUE(one->wait_until_held());
  one->stand_still();
  EXPECT_EQ(scene.start_client({Point::Do::kill, "before send PUT*"}, "two")->wait(), 128 + SIGKILL);
  one->wake();
  one->go_on();
  PaidOnceTable table("suspended");
  table.add(finish(scene, *one, "suspended before the submit is prepared", right_sound));
  table.judge();
  EXPECT_EQ(scene.runs(), 0) << one->said();
}

// One is suspended when its POST is prepared and the connection is being made; two takes the clip over, finds no task,
// and pays for one. When one goes on, no byte has left, and it must not send any: the connect time-out or the row tells
// it.
PaidOnceRow suspended_before_the_post(const PutServer& store, const std::string& right_sound,
                                      const std::string& journal) {
  FaultScene scene(store);
  if (!journal.empty()) scene.set_environment("KLINGV2A_JOURNAL", journal);
  const auto one = scene.start_client({Point::Do::hold, "before connect port " + scene.service().port()});
  const bool held = one->wait_until_held();
  one->stand_still();
  const int two = scene.start_client({}, "two")->wait();
  one->wake();
  one->go_on();
  PaidOnceRow row = finish(
      scene, *one, "suspended before the POST" + std::string(journal.empty() ? "" : " (PostgreSQL)"), right_sound);
  row.as_promised = row.as_promised && held && two == 0 && row.posts == 1 && scene.runs() == 0;
  return row;
}

TEST(Together, ARunThatStoodStillBeforeItsPostDoesNotSendIt) {
  const PutServer store;
  const std::string right_sound = undisturbed_sound(store);
  std::vector<std::function<PaidOnceRow()>> cases{[&] { return suspended_before_the_post(store, right_sound, ""); }};
  std::optional<PostgresServer> database;
  if (!PostgresServer::programs().empty()) {
    database.emplace();
    cases.emplace_back([&] { return suspended_before_the_post(store, right_sound, database->uri()); });
  }
  judge_all("suspended before the POST", cases);
}

}  // namespace
}  // namespace klingv2a::test
