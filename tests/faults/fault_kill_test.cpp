// SPDX-License-Identifier: LGPL-2.1-or-later
//
// kill -9 of the client at many points of the cycle, then the same command again until it succeeds: one task is paid,
// and the sound is the one that an undisturbed run has. The long form takes every point there is.
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <optional>

#include "fault_scene.h"

namespace klingv2a::test {
namespace {

constexpr std::size_t kLeast = 40;
constexpr std::size_t kInEvenSteps = 5;
constexpr int kKilled = 128 + 9;

struct Crash {
  std::size_t place = 0;  // among all points
  Point point;
};

bool has(const std::string& point, const std::string& part) {
  return point.find(part) != std::string::npos;
}

// What an undisturbed run passes from an empty journal to the end, each as a place to be killed at.
std::vector<Crash> all_points(const PutServer& store) {
  const FaultScene scene(store);
  const auto client = scene.start_client();
  EXPECT_EQ(client->wait(), 0) << client->said();
  std::vector<Crash> points;
  std::map<std::string, int> seen;
  for (const std::string& line : client->points()) {
    const std::string at = line.substr(line.find(' ') + 1);
    points.push_back({points.size(), {Point::Do::kill, at, ++seen[at]}});
  }
  return points;
}

// Where a crash is most likely to leave things halfway, and money spent. Of uploads, downloads and commits, which move
// many pieces, the first.
bool is_turning_point(const Point& point) {
  if (has(point.at, "POST /") || has(point.at, "rename") || has(point.at, "after link") || has(point.at, "fsync"))
    return true;
  if (has(point.at, "after fdatasync")) return has(point.at, "sqlite");
  return point.nth == 1 && !has(point.at, "PUT") && (has(point.at, " /") || has(point.at, "half"));
}

// The turning points and some others in even steps; in the long form, all.
std::vector<Crash> choose(const std::vector<Crash>& points) {
  std::vector<Crash> chosen;
  std::size_t others = 0;
  for (const Crash& crash : points) {
    const bool moves_a_clip = has(crash.point.at, "more of PUT") && crash.point.nth > 1;
    const bool is_due = !moves_a_clip && ++others % (points.size() / kInEvenSteps / 2) == 0;
    if (is_long_form() || is_turning_point(crash.point) || is_due) chosen.push_back(crash);
  }
  return chosen;
}

// A row, or nothing when the run did not come there (not all pass the same number of polls and pieces).
std::optional<PaidOnceRow> kill_at(const PutServer& store, const Crash& crash, const std::string& right_sound) {
  FaultScene scene(store);
  if (scene.start_client(crash.point)->wait() != kKilled) return std::nullopt;
  scene.run_until_done();
  const std::string name = crash.point.at + (crash.point.nth > 1 ? " #" + std::to_string(crash.point.nth) : "");
  PaidOnceRow row = row_of(scene, std::to_string(crash.place) + " " + name, right_sound);
  if (row.is_ok() && scene.runs() > 1) row.note = std::to_string(scene.runs()) + " reruns";
  return row;
}

TEST(Kill, AtAnyPointOfTheCycleCostsOneTaskAndLosesNoSound) {
  const PutServer store;
  const std::string right_sound = undisturbed_sound(store);
  const auto points = all_points(store);
  const auto chosen = choose(points);
  std::vector<std::optional<PaidOnceRow>> rows(chosen.size());
  side_by_side(chosen.size(), [&](std::size_t i) { rows[i] = kill_at(store, chosen[i], right_sound); });
  PaidOnceTable table("kill -9 of the client");
  for (const auto& row : rows)
    if (row) table.add(*row);
  table.judge();
  std::cout << points.size() << " points, " << chosen.size() << " of them tried\n";
  EXPECT_GE(table.cases(), kLeast);
}

}  // namespace
}  // namespace klingv2a::test
