// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The disk is full: below the journal, the cache or the spool there is a tmpfs of a few pages. Nothing is paid when
// that shows before the submit; what is paid for is delivered, or is there for the next run once there is room again.
#include <gtest/gtest.h>

#include "fault_scene.h"

namespace klingv2a::test {
namespace {

// The client on a disk of `kilobytes` at `directory`, and again, until it succeeds, when there is room. Says how the
// first run ended.
void put_on_small_disk(FaultScene& scene, const std::string& directory, int kilobytes) {
  const std::string at = scene.path(directory);
  scene.set_script("set -e; mkdir -p " + at + "; mount -t tmpfs -o size=" + std::to_string(kilobytes) + "k tmpfs " +
                   at + "; if CLIENT; then echo first run: well; else echo first run: failed; fi; " +
                   "mount -o remount,size=64m " + at + "; CLIENT || CLIENT || CLIENT");
}

bool said(const FaultScene& scene, const std::string& text) {
  return scene.said().find(text) != std::string::npos;
}

// Of a full disk this is promised, whenever it shows: an error that says so, or the sound and a warning.
PaidOnceRow run_on(const PutServer& store, const std::string& directory, int kilobytes,
                   const std::string& right_sound) {
  FaultScene scene(store);
  put_on_small_disk(scene, directory, kilobytes);
  const bool done = scene.run_client();
  PaidOnceRow row = row_of(scene, directory + " of " + std::to_string(kilobytes) + " kB", right_sound);
  const bool came_through = said(scene, "first run: well");
  row.as_promised = done && (came_through || said(scene, "kind=disk"));
  if (!row.is_ok()) return row;
  row.note = came_through
                 ? said(scene, "WARNING") ? "the sound, with a warning" : "the sound"
                 : std::string("error, ") + (said(scene, "paid=yes") ? "paid" : "not paid") + ", then the sound";
  return row;
}

TEST(Disk, MayBeFull) {
  if (run_program({"unshare", "--user", "--map-root-user", "--mount", "true"}).exit_code != 0)
    GTEST_SKIP() << "no disk of our own can be mounted here";
  const PutServer store;
  const std::string right_sound = undisturbed_sound(store);
  const int step = is_long_form() ? 4 : 24;
  std::vector<std::function<PaidOnceRow()>> cases;
  for (int kilobytes = 4; kilobytes <= 172; kilobytes += step)
    cases.emplace_back([&, kilobytes] { return run_on(store, "state", kilobytes, right_sound); });
  for (const char* directory : {"cache", "spool"})
    for (const int kilobytes : {4, 400, 560, 700})
      cases.emplace_back([&, directory, kilobytes] { return run_on(store, directory, kilobytes, right_sound); });
  judge_all("disk full", cases);
}

}  // namespace
}  // namespace klingv2a::test
