// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Somebody sets the clock by a day, forwards or backwards, while a run is under way or between two: the run does not
// even notice, one task is paid, and its sound is there.
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>

#include "fault_scene.h"

namespace klingv2a::test {
namespace {

constexpr std::int64_t kDay = 24 * 3600;

// The clock of a scene's clients.
class ClientClock {
 public:
  explicit ClientClock(FaultScene& scene) : path_(scene.path("clock")) {
    set(0);
    scene.set_environment("KLINGV2A_TEST_CLOCK_SHIFT", path_);
  }
  // In place: the clients look at the file's page.
  void set(std::int64_t shift) {
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    if (!file) file.open(path_, std::ios::binary | std::ios::out);
    file.write(reinterpret_cast<const char*>(&shift), sizeof shift);
  }

 private:
  std::string path_;
};

constexpr const char* kMoments[] = {
    "before open state*",   "before send PUT*",    "before send POST*",         "after recv POST*",
    "before send GET /v1*", "after recv GET /v1*", "before send GET /results*", "before rename cache*",
};

PaidOnceRow jump_at(const PutServer& store, const char* moment, std::int64_t days, const std::string& right_sound) {
  FaultScene scene(store, {"--task-time", "0.5"});
  scene.set_properties("timeout=60");
  ClientClock clock(scene);
  const auto client = scene.start_client({Point::Do::hold, moment});
  EXPECT_TRUE(client->wait_until_held()) << moment;
  clock.set(days * kDay);
  client->go_on();
  const int exit_code = client->wait();
  PaidOnceRow row = row_of(scene, std::to_string(days) + " days " + moment, right_sound);
  row.as_promised = exit_code == 0;
  if (!row.is_ok()) row.note = client->said();
  return row;
}

// The first run is killed; the second one has another date.
PaidOnceRow jump_between(const PutServer& store, const char* moment, std::int64_t days,
                         const std::string& right_sound) {
  FaultScene scene(store);
  ClientClock clock(scene);
  scene.start_client({Point::Do::kill, moment})->wait();
  clock.set(days * kDay);
  const bool came_through = scene.run_client();
  PaidOnceRow row = row_of(scene, std::to_string(days) + " days between runs, killed " + moment, right_sound);
  row.as_promised = came_through;
  return row;
}

// A token that is signed by a wrong clock is refused; the service's own Date tells the time.
PaidOnceRow sign_by_wrong_clock(const PutServer& store, std::int64_t days, const std::string& right_sound) {
  FaultScene scene(store, {"--key-pair", "sim-access:sim-secret"});
  ClientClock clock(scene);
  clock.set(days * kDay);
  scene.set_credentials("access-key=sim-access secret-key=sim-secret");
  const bool came_through = scene.run_client();
  PaidOnceRow row = row_of(scene, std::to_string(days) + " days off, signed requests", right_sound);
  row.as_promised = came_through;
  return row;
}

TEST(WallClock, MayJumpByADayAtAnyMoment) {
  const PutServer store;
  const std::string right_sound = undisturbed_sound(store);
  std::vector<std::function<PaidOnceRow()>> cases;
  for (const std::int64_t days : {-1, 1}) {
    for (const char* moment : kMoments)
      cases.emplace_back([&, moment, days] { return jump_at(store, moment, days, right_sound); });
    for (const char* moment : {"after send more of POST*", "after recv GET /v1*", "after rename cache*"})
      cases.emplace_back([&, moment, days] { return jump_between(store, moment, days, right_sound); });
    cases.emplace_back([&, days] { return sign_by_wrong_clock(store, days, right_sound); });
  }
  judge_all("clock jumps", cases);
}

}  // namespace
}  // namespace klingv2a::test
