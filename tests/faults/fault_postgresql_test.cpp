// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The journal's PostgreSQL crashes in each phase, and comes back at once, after a while, or only after the run has
// ended; and the client is killed around the commits: nothing is paid twice, and the sound comes, in the same run or in
// a rerun.
#include <gtest/gtest.h>

#include <optional>

#include "fault_scene.h"

namespace klingv2a::test {
namespace {

struct Moment {
  const char* name;
  const char* at;  // of the client's way
  int nth = 1;
};

constexpr const char* kBeforeCommit = "before send PCOMMIT*";
constexpr const char* kAfterCommit = "after send PCOMMIT*";

// The first two commits of a run are those of the tables.
constexpr Moment kMoments[] = {
    {"before the claim", "before connect*"},
    {"before the claim's commit", kBeforeCommit, 3},
    {"with the claim's commit under way", kAfterCommit, 3},
    {"before the submit is prepared", "after recv PUT*"},
    {"before the prepared row's commit", kBeforeCommit, 4},
    {"with the prepared row's commit under way", kAfterCommit, 4},
    {"before the submit", "before send POST*"},
    {"after the submit's answer", "after recv POST*"},
    {"before the accepted row's commit", kBeforeCommit, 5},
    {"with the accepted row's commit under way", kAfterCommit, 5},
    {"while the task is polled", "before send GET /v1*"},
    {"at the download", "before send GET /results*"},
    {"before the result is written down", "before rename cache*"},
};

enum class Away { at_once, a_while, until_the_end };

constexpr const char* to_string(Away away) {
  switch (away) {
    case Away::at_once:
      return "restarted";
    case Away::a_while:
      return "away for a while";
    case Away::until_the_end:
      return "away";
  }
  return "";
}

struct Crash {
  Moment moment;
  std::optional<Away> away;  // none: it is the client that crashes
};

// All of them in the long form; else those that wait for little.
std::vector<Crash> crashes() {
  std::vector<Crash> all;
  int number = 0;
  for (const Moment& moment : kMoments) {
    all.push_back({moment, Away::at_once});
    if (is_long_form() || number % 2 == 0) all.push_back({moment, Away::a_while});
    if (is_long_form() || number == 0 || number == 6) all.push_back({moment, Away::until_the_end});
    if (moment.nth > 1) all.push_back({moment, std::nullopt});
    ++number;
  }
  return all;
}

PaidOnceRow crash_client(FaultScene& scene, const Moment& moment, const std::string& right_sound) {
  EXPECT_EQ(scene.start_client({Point::Do::kill, moment.at, moment.nth})->wait(), 128 + 9) << moment.name;
  scene.run_until_done();
  return row_of(scene, std::string("client killed ") + moment.name, right_sound);
}

PaidOnceRow crash_database(FaultScene& scene, PostgresServer& database, const Crash& crash,
                           const std::string& right_sound) {
  const auto client = scene.start_client({Point::Do::hold, crash.moment.at, crash.moment.nth});
  EXPECT_TRUE(client->wait_until_held()) << crash.moment.name;
  const std::string refused = "after connect port " + std::to_string(database.port());
  const int before = client->passed(refused);
  database.stop_at_once();
  if (crash.away == Away::at_once) database.start();
  client->go_on();
  if (crash.away == Away::a_while) (void)client->wait_until_passed(refused, before + 1);
  if (crash.away == Away::until_the_end) client->wait();
  if (crash.away != Away::at_once) database.start();
  return finish(scene, *client, std::string(to_string(*crash.away)) + " " + crash.moment.name, right_sound);
}

TEST(Postgresql, MayCrashInEachPhase) {
  if (PostgresServer::programs().empty()) GTEST_SKIP() << "no PostgreSQL server is installed";
  const PutServer store;
  const std::string right_sound = undisturbed_sound(store);
  const auto all = crashes();
  constexpr std::size_t kServers = 4;
  std::vector<PaidOnceRow> rows(all.size());
  side_by_side(kServers, [&](std::size_t first) {
    PostgresServer database;
    for (std::size_t i = first; i < all.size(); i += kServers) {
      FaultScene scene(store);
      scene.set_environment("KLINGV2A_JOURNAL", database.uri());
      rows[i] = all[i].away ? crash_database(scene, database, all[i], right_sound)
                            : crash_client(scene, all[i].moment, right_sound);
    }
  });
  PaidOnceTable table("PostgreSQL stopped, or the client killed around its commits");
  for (const PaidOnceRow& row : rows) table.add(row);
  table.judge();
}

}  // namespace
}  // namespace klingv2a::test
