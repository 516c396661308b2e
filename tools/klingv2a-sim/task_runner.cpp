// SPDX-License-Identifier: LGPL-2.1-or-later
#include "task_runner.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "chance.h"
#include "clip_analysis.h"
#include "fetch.h"
#include "sound_maker.h"
#include "submit_check.h"
#include "task_end.h"

namespace klingv2a::sim {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr double kNsPerSecond = 1e9;
constexpr std::int64_t kUsPerMs = 1000;
constexpr double kLoudestMotion = 0.1;  // a tenth of the picture's range changes from frame to frame

Score score_of(const Clip& clip) {
  Score score{.length_ns = clip.length_ns, .clicks_ns = clip.flashes_ns(), .levels = {}, .sights = {}};
  for (const Frame& frame : clip.frames) {
    score.levels.push_back({frame.time_ns, frame.motion / kLoudestMotion});
    score.sights.push_back({frame.time_ns, frame.look});
  }
  return score;
}

// A Kling-made video is not there to be looked at: a click at each full second, the quietest noise.
Score score_by_id(double seconds) {
  Score score{.length_ns = std::llround(seconds * kNsPerSecond), .clicks_ns = {}, .levels = {}, .sights = {}};
  for (std::int64_t time = kSecondNs; time < score.length_ns; time += kSecondNs) score.clicks_ns.push_back(time);
  return score;
}

// The same for the same video and number of earlier tasks with it, whatever else the service has done.
std::uint64_t take_of(const Ledger& ledger, const std::string& task_id) {
  const auto tasks = ledger.tasks();
  const auto task = std::ranges::find(tasks, task_id, [](const SimTask& each) { return each.paid.task_id; });
  if (task == tasks.end()) return 0;
  const auto video = [](const SimTask& each) { return each.submit.video_id + "/" + each.paid.video_sha256; };
  const auto earlier =
      std::count_if(tasks.begin(), task, [&](const SimTask& each) { return video(each) == video(*task); });
  Chance mixed(g_str_hash(video(*task).c_str()));
  for (auto left = earlier; left > 0; --left) (void)mixed.next();
  return mixed.next();
}

// A task that an earlier process accepted has gone on since then. The clock may have been set back.
Clock::time_point accepted_at(const SimTask& task) {
  const std::int64_t age_ms = g_get_real_time() / kUsPerMs - task.created_ms;
  return Clock::now() - std::chrono::milliseconds(std::max<std::int64_t>(0, age_ms));
}

}  // namespace

TaskRunner::TaskRunner(const Options& options, Ledger& ledger, FaultQueue& faults)
    : check_resolution_(options.check_resolution), ledger_(ledger), faults_(faults), task_time_(options.task_time) {}

TaskRunner::~TaskRunner() {
  std::list<Job> jobs;
  {
    const MutexLocker lock(mutex_);
    stopping_ = true;
    jobs.swap(jobs_);
  }
  change_.notify_all();
  g_cancellable_cancel(cancellable_.get());
  for (Job& job : jobs) job.thread.join();
}

void TaskRunner::start(const std::string& task_id) {
  std::list<Job> done;
  {
    const MutexLocker lock(mutex_);
    take_done_locked(done);
    Job& job = jobs_.emplace_back();
    job.thread = std::thread([this, &job, task_id] {
      run(task_id);
      job.done = true;
    });
  }
  for (Job& job : done) job.thread.join();
}

void TaskRunner::resume() {
  for (const SimTask& task : ledger_.tasks())
    if (is_in_flight(task)) start(task.paid.task_id);
}

// Those have nothing left to wait for; their threads would otherwise pile up in a long run.
void TaskRunner::take_done_locked(std::list<Job>& done) {
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    const auto next = std::next(job);
    if (job->done) done.splice(done.end(), jobs_, job);
    job = next;
  }
}

void TaskRunner::set_task_time(std::chrono::milliseconds time) {
  {
    const MutexLocker lock(mutex_);
    task_time_ = time;
  }
  change_.notify_all();
}

void TaskRunner::run(const std::string& task_id) {
  try {
    if (const auto task = ledger_.by_id(task_id)) work(*task);
  } catch (const Cancelled&) {
    // The service ends; the task's last state stands in the ledger.
  } catch (const std::exception& failure) {
    end_as_failed(task_id, failure.what());
  }
}

void TaskRunner::end_as_failed(const std::string& task_id, const char* message) {
  try {
    ledger_.fail(task_id, message);
  } catch (const std::exception& failure) {  // the disk; the next process will do the task again
    g_critical("klingv2a-sim: the end of task %s is not in the ledger: %s", task_id.c_str(), failure.what());
  }
}

void TaskRunner::work(const SimTask& task) {
  const Clock::time_point accepted = accepted_at(task);
  Blob file;
  Score score = task.submit.video_url.empty() ? imagine(task) : look(task, file);
  score.take = take_of(ledger_, task.paid.task_id);
  if (task.ending.kind == Ending::Kind::never) return;
  if (task.ending.kind == Ending::Kind::fail) {
    wait_for_task_time(accepted);
    throw TaskFailure(task.ending.message);
  }
  finish(task, file, score, accepted);
}

Score TaskRunner::imagine(const SimTask& task) {
  const double seconds = known_video_s(task.submit.video_id).value_or(0);
  ledger_.processing(task.paid.task_id, {.duration_s = seconds});
  return score_by_id(seconds);
}

// The ledger learns what was fetched before it is judged, so that a test sees why it was refused.
Score TaskRunner::look(const SimTask& task, Blob& file) {
  file = clip_of(task);
  const Clip clip = analyse(file, cancellable_.get());
  ledger_.processing(task.paid.task_id, {sha256_of(file), static_cast<double>(clip.length_ns) / kNsPerSecond,
                                         clip.width, clip.height, static_cast<int>(clip.frames.size())});
  judge(task.submit.video_url, clip, check_resolution_);
  return score_of(clip);
}

// A task that an earlier process had fetched the video for need not ask for it again.
Blob TaskRunner::clip_of(const SimTask& task) {
  if (task.paid.status == "processing")
    if (Blob kept = ledger_.clip(task.paid.task_id)) return kept;
  Blob fetched = fetch(task.submit.video_url, faults_.take({Fault::On::fetch}), cancellable_.get());
  ledger_.keep_clip(task.paid.task_id, fetched);
  return fetched;
}

void TaskRunner::finish(const SimTask& task, const Blob& clip, const Score& score, Clock::time_point accepted) {
  const SoundOptions& sound = task.sound;
  Pcm pcm = play(score, sound);
  Results results;
  results.sound_s = static_cast<double>(pcm.length()) / sound.rate;
  if (sound.audios && sound.wav) results.wav = make_wav(pcm);
  if (sound.audios && sound.mp3) results.mp3 = make_mp3(pcm, cancellable_.get());
  results.video = make_video(clip, pcm, cancellable_.get());
  wait_for_task_time(accepted);
  ledger_.succeed(task.paid.task_id, std::move(pcm.clicks), pcm.length(), std::move(results));
}

void TaskRunner::wait_for_task_time(Clock::time_point accepted) {
  const MutexLocker lock(mutex_);
  while (!stopping_ && Clock::now() < accepted + task_time_) change_.wait_until(mutex_, accepted + task_time_);
  if (stopping_) throw Cancelled{};
}

}  // namespace klingv2a::sim
