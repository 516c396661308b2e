// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Many clips, eight elements at once in one process, while the service misbehaves at random: each clip is paid once and
// has its sound, and the process ends with no more threads, file descriptors and memory than it had after a warm-up.
#include <gst/gst.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <iostream>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "fault_scene.h"
#include "pipeline_run.h"
#include "process_counts.h"

namespace klingv2a::test {
namespace {

constexpr int kAtOnce = 8;
constexpr int kWarmUp = 16;
constexpr int kMostRuns = 8;  // of one clip, which may be hit by several faults
constexpr double kFaultsPerClip = 0.7;
constexpr std::ptrdiff_t kSpareThreads = 2, kSpareFds = 2;  // GLib keeps a few threads for the next job
constexpr double kSpareAllocatedMb = 4;
constexpr double kSpareResidentMb = 48;  // holes between what is allocated
constexpr std::chrono::seconds kSettling{30}, kQuiet{2};
constexpr std::chrono::milliseconds kBetweenLooks{50};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryCounts = false;  // freed memory is kept on purpose
#else
constexpr bool kMemoryCounts = true;
#endif

constexpr std::array kFaults{
    R"({"on":"submit","do":"error_code","code":"1302"})",
    R"({"on":"submit","do":"reset","paid":true})",
    R"({"on":"submit","do":"reset"})",
    R"({"on":"submit","do":"status","http_status":502,"body":"bad gateway","paid":true})",
    R"({"on":"submit","do":"half_answer","paid":true})",
    R"({"on":"query","do":"status","http_status":503,"body":"busy"})",
    R"({"on":"query","do":"reset"})",
    R"({"on":"query","do":"half_answer"})",
    R"({"on":"query","do":"odd_status"})",
    R"({"on":"query","do":"missing_result"})",
    R"({"on":"result","do":"status","http_status":500,"body":"oops"})",
    R"({"on":"result","do":"reset"})",
    R"({"on":"result","do":"cut","bytes":100000})",
    R"({"on":"result","do":"expire"})",
    R"({"on":"result","do":"corrupt"})",
    R"({"on":"result","do":"truncate"})",
    R"({"on":"result","do":"html"})",
};

double resident_mb() {
  ::malloc_trim(0);
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

double allocated_mb() {
  const auto info = ::mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd) / 1e6;
}

struct Footprint {
  ProcessCounts counts;
  double mb = 0, allocated_mb = 0;
};

std::string sound_form(const PipelineRun& run) {
  GstStructure* raw = nullptr;
  g_object_get(run.element("k").get(), "stats", &raw, nullptr);
  const std::unique_ptr<GstStructure, Deleter<gst_structure_free>> stats(raw);
  const char* form = gst_structure_get_string(stats.get(), "sound-form");
  return form ? form : "";
}

bool has_grown(const Footprint& before, const Footprint& after) {
  return after.counts.threads > before.counts.threads + kSpareThreads ||
         after.counts.fds > before.counts.fds + kSpareFds;
}

// What ends by itself, as idle threads do, is given time to: until nothing has changed for a while.
Footprint settled() {
  const auto begin = std::chrono::steady_clock::now();
  auto changed = begin;
  for (ProcessCounts counts = ProcessCounts::now(); changed + kQuiet > std::chrono::steady_clock::now();) {
    if (changed > begin + kSettling) break;
    std::this_thread::sleep_for(kBetweenLooks);  // nobody tells when a thread has ended
    if (std::exchange(counts, ProcessCounts::now()) != counts) changed = std::chrono::steady_clock::now();
  }
  return {ProcessCounts::now(), resident_mb(), allocated_mb()};
}

class Soak {
 public:
  Soak(unsigned seed, std::string right_sound) : random_(seed), right_sound_(std::move(right_sound)) {}

  // Clips number `first` to `last` - 1.
  void run(int first, int last) {
    std::atomic<int> next = first;
    std::vector<std::jthread> workers;
    for (int i = 0; i < kAtOnce; ++i)
      workers.emplace_back([&] {
        for (int clip = next++; clip < last; clip = next++) run_clip(clip);
      });
  }
  [[nodiscard]] PaidOnceRow row(int clips) const {
    PaidOnceRow row{.name = std::to_string(clips) + " clips, " + std::to_string(faults_) + " faults",
                    .posts = service_.count(R"("method":"POST","path":"/v1/)"),
                    .paid = service_.count(R"("task_id":)"),
                    .clips = clips};
    row.has_sound = right_ == clips;
    row.note = std::to_string(runs_) + " runs, " + std::to_string(right_) + " right sounds, " + std::to_string(mp3_) +
               " of them MP3";
    return row;
  }

 private:
  void run_clip(int clip) {
    maybe_add_fault();
    std::string why;
    for (int i = 0; i < kMostRuns; ++i) {
      ++runs_;
      if (run_once(clip, why)) {
        ++right_;
        return;
      }
    }
    ADD_FAILURE() << "clip " << clip << ": " << why;
  }

  // True when the clip has its sound.
  bool run_once(int clip, std::string& why) {
    const std::string file = folder_.file(std::to_string(clip) + ".wav");
    PipelineRun run("filesrc location=" + small_clip() +
                    " ! qtdemux ! h264parse ! klingv2a name=k api-key=sim-key "
                    "max-tasks=100 base-url=" +
                    service_.base_url() + " take=" + std::to_string(clip) +
                    " ! fakesink async=false sync=false k.audio ! audioconvert ! audio/x-raw,format=S16LE ! wavenc ! "
                    "filesink async=false location=" +
                    file);
    const End end = run.run();
    why = to_string(end) + (" " + run.first_error());
    const bool is_mp3 = sound_form(run) == "mp3";
    run.stop();
    const std::string samples = samples_of(file);
    std::filesystem::remove(file);
    if (end != End::eos) return false;
    // When the WAV failed twice, the MP3 is the sound, which is as long and not to the bit the same.
    const bool is_right = is_mp3 ? samples.size() == right_sound_.size() : samples == right_sound_;
    if (is_right && is_mp3) ++mp3_;
    if (!is_right) ADD_FAILURE() << "clip " << clip << " has another sound";
    return is_right;
  }

  void maybe_add_fault() {
    const std::lock_guard lock(mutex_);
    if (!std::bernoulli_distribution(kFaultsPerClip)(random_)) return;
    service_.add_fault(kFaults.at(std::uniform_int_distribution<std::size_t>(0, kFaults.size() - 1)(random_)));
    ++faults_;
  }

  const TemporaryFolder folder_;
  const SimProcess service_{KLINGV2A_SIM_PROGRAM, {"--dialect", "kling", "--task-time", "0.05"}};
  std::mutex mutex_;
  std::mt19937 random_;  // guarded by mutex_
  const std::string right_sound_;
  std::atomic<int> runs_ = 0, right_ = 0, mp3_ = 0, faults_ = 0;
};

TEST(Soak, PaysEachClipOnceAndLeavesNothingBehind) {
  const int clips = is_long_form() ? 200 : 24;
  const char* wanted = g_getenv("KLINGV2A_TEST_SEED");
  const unsigned seed = wanted ? static_cast<unsigned>(std::atoi(wanted)) : is_long_form() ? std::random_device()() : 1;
  std::cout << "KLINGV2A_TEST_SEED=" << seed << std::endl;
  std::optional<PutServer> store(std::in_place);
  const std::string right_sound = undisturbed_sound(*store);
  store.reset();

  // Else each of the threads, which come and go, leaves its holes in another place.
  ::mallopt(M_ARENA_MAX, 2);
  Soak soak(seed, right_sound);
  soak.run(0, kWarmUp);
  const Footprint before = settled();
  soak.run(kWarmUp, clips);
  const Footprint after = settled();

  PaidOnceTable table("soak");
  table.add(soak.row(clips));
  table.judge();
  std::cout << "after " << kWarmUp << " clips: " << before.counts << ", " << before.mb << " MB, allocated "
            << before.allocated_mb << " MB\n"
            << "after " << clips << " clips: " << after.counts << ", " << after.mb << " MB, allocated "
            << after.allocated_mb << " MB\n";
  EXPECT_FALSE(has_grown(before, after));
  EXPECT_TRUE(!kMemoryCounts || after.mb <= before.mb + kSpareResidentMb);
  EXPECT_TRUE(!kMemoryCounts || after.allocated_mb <= before.allocated_mb + kSpareAllocatedMb);
}

}  // namespace
}  // namespace klingv2a::test
