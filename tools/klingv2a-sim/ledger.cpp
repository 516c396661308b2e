// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ledger.h"

#include <algorithm>
#include <stdexcept>
#include <variant>

#include "ledger_lines.h"

namespace klingv2a::sim {
namespace {

// Above 2^53, as Kling's are: a client that reads them as numbers gets them wrong.
constexpr std::int64_t kFirstTaskId = 878106242831892487;
constexpr std::int64_t kTaskIdStep = 1000003;

std::int64_t now_ms() {
  return g_get_real_time() / 1000;
}

std::string random_name() {
  const GCharPtr uuid(g_uuid_string_random());
  return uuid.get();
}

constexpr const char* kClip = "clip";
constexpr const char* kWav = "wav";
constexpr const char* kMp3 = "mp3";
constexpr const char* kVideo = "mp4";

}  // namespace

bool is_in_flight(const SimTask& task) {
  return task.paid.status != "succeed" && task.paid.status != "failed";
}

Ledger::Ledger(const std::string& file, const LinkRules& link_rules)
    : link_rules_(link_rules), store_(file.empty() ? "" : file + ".results"), file_(file) {
  read_file();
  read_results();
}

void Ledger::read_file() {
  int number = 0;
  for (const std::string& line : file_.read()) {
    ++number;
    try {
      auto event = read_line(line);
      if (auto* task = std::get_if<SimTask>(&event))
        remember(std::move(*task));
      else
        remember(std::get<SeenRequest>(std::move(event)));
    } catch (const std::exception& wrong) {
      throw std::runtime_error("klingv2a-sim: line " + std::to_string(number) + " of the ledger file: " + wrong.what());
    }
  }
}

void Ledger::remember(SimTask task) {
  const MutexLocker lock(mutex_);
  if (SimTask* known = task_locked(task.paid.task_id))
    *known = std::move(task);
  else
    tasks_.push_back(std::move(task));
  most_in_flight_ = std::max(most_in_flight_, in_flight_locked());
}

void Ledger::remember(SeenRequest request) {
  const MutexLocker lock(mutex_);
  requests_.push_back(std::move(request));
}

void Ledger::read_results() {
  const MutexLocker lock(mutex_);
  for (SimTask& task : tasks_) {
    if (task.paid.status != "succeed") continue;
    const std::string& id = task.paid.task_id;
    task.results.wav = store_.load(id, kWav);
    task.results.mp3 = store_.load(id, kMp3);
    task.results.video = store_.load(id, kVideo);
    if (!task.results.video) throw std::runtime_error("klingv2a-sim: the results of task " + id + " are gone");
  }
}

SimTask* Ledger::task_locked(const std::string& task_id) {
  const auto task = std::ranges::find(tasks_, task_id, [](const SimTask& each) { return each.paid.task_id; });
  return task == tasks_.end() ? nullptr : &*task;
}

int Ledger::in_flight_locked() const {
  return static_cast<int>(std::ranges::count_if(tasks_, is_in_flight));
}

// Whoever has the answer may rely on the task: it is on disk first.
SimTask Ledger::accept(Submit submit, const SoundOptions& sound, Ending ending) {
  SimTask task;
  task.paid.external_task_id = submit.external_task_id;
  task.paid.status = "submitted";
  task.paid.body = submit.body;
  task.submit = std::move(submit);
  task.sound = sound;
  task.ending = std::move(ending);
  task.created_ms = task.updated_ms = now_ms();
  task.result_path = random_name();
  {
    const MutexLocker lock(mutex_);
    task.paid.task_id = std::to_string(kFirstTaskId + kTaskIdStep * static_cast<std::int64_t>(tasks_.size()));
    changed_locked(line_of(task));
    tasks_.push_back(task);
    most_in_flight_ = std::max(most_in_flight_, in_flight_locked());
  }
  file_.sync();
  if (on_status_) on_status_(task);
  return task;
}

void Ledger::set_on_status(std::function<void(const SimTask&)> on_status) {
  on_status_ = std::move(on_status);
}

template <typename Change>
void Ledger::update(const std::string& task_id, const Change& change) {
  std::optional<SimTask> changed;
  {
    const MutexLocker lock(mutex_);
    SimTask* task = task_locked(task_id);
    if (!task) return;
    const std::string before = task->paid.status;
    change(*task);
    task->updated_ms = now_ms();
    changed_locked(line_of(*task));
    if (task->paid.status != before) changed = *task;
  }
  if (changed && on_status_) on_status_(*changed);
}

void Ledger::keep_clip(const std::string& task_id, const Blob& clip) {
  store_.keep(task_id, kClip, clip);
}

Blob Ledger::clip(const std::string& task_id) const {
  return store_.load(task_id, kClip);
}

void Ledger::processing(const std::string& task_id, const SeenVideo& video) {
  update(task_id, [&](SimTask& task) {
    task.paid.status = "processing";
    task.paid.video_sha256 = video.sha256;
    task.paid.duration_s = video.duration_s;
    task.paid.width = video.width;
    task.paid.height = video.height;
    task.paid.frames = video.frames;
  });
}

void Ledger::succeed(const std::string& task_id, std::vector<std::int64_t> clicks, std::int64_t samples,
                     Results results) {
  store_.keep(task_id, kWav, results.wav);
  store_.keep(task_id, kMp3, results.mp3);
  store_.keep(task_id, kVideo, results.video);
  update(task_id, [&](SimTask& task) {
    task.paid.status = "succeed";
    task.paid.clicks = std::move(clicks);
    task.paid.samples = samples;
    task.results = std::move(results);
  });
}

void Ledger::fail(const std::string& task_id, const std::string& message) {
  update(task_id, [&](SimTask& task) {
    task.paid.status = "failed";
    task.paid.status_message = message;
  });
}

std::optional<SimTask> Ledger::show(const std::string& task_id) {
  const MutexLocker lock(mutex_);
  SimTask* task = task_locked(task_id);
  if (!task) return std::nullopt;
  if (task->paid.status == "succeed" && !task->link.is_alive(link_rules_, now_ms())) {
    task->link = {.signature = random_name(), .issued_ms = now_ms()};
    changed_locked(line_of(*task));
  }
  return *task;
}

bool Ledger::use_link(const std::string& task_id, const std::string& signature) {
  const MutexLocker lock(mutex_);
  SimTask* task = task_locked(task_id);
  if (!task || signature != task->link.signature || !task->link.is_alive(link_rules_, now_ms())) return false;
  ++task->link.fetches;
  if (link_rules_.fetches > 0) changed_locked(line_of(*task));
  return true;
}

void Ledger::expire_link(const std::string& task_id) {
  const MutexLocker lock(mutex_);
  SimTask* task = task_locked(task_id);
  if (!task) return;
  task->link.dead = true;
  changed_locked(line_of(*task));
}

template <typename Matches>
std::optional<SimTask> Ledger::find(const Matches& matches) const {
  const MutexLocker lock(mutex_);
  const auto task = std::ranges::find_if(tasks_, matches);
  if (task == tasks_.end()) return std::nullopt;
  return *task;
}

std::optional<SimTask> Ledger::by_id(const std::string& task_id) const {
  return find([&](const SimTask& task) { return task.paid.task_id == task_id; });
}

std::optional<SimTask> Ledger::by_external_id(const std::string& external_task_id) const {
  if (external_task_id.empty()) return std::nullopt;
  return find([&](const SimTask& task) { return task.paid.external_task_id == external_task_id; });
}

std::optional<SimTask> Ledger::by_result_path(const std::string& result_path) const {
  return find([&](const SimTask& task) { return task.result_path == result_path; });
}

std::vector<SimTask> Ledger::tasks() const {
  const MutexLocker lock(mutex_);
  return tasks_;
}

int Ledger::in_flight() const {
  const MutexLocker lock(mutex_);
  return in_flight_locked();
}

int Ledger::most_in_flight() const {
  const MutexLocker lock(mutex_);
  return most_in_flight_;
}

void Ledger::record(const SeenRequest& request) {
  const MutexLocker lock(mutex_);
  changed_locked(line_of(request));
  requests_.push_back(request);
}

std::vector<SeenRequest> Ledger::requests() const {
  const MutexLocker lock(mutex_);
  return requests_;
}

void Ledger::record(const SentCallback& callback) {
  const MutexLocker lock(mutex_);
  callbacks_.push_back(callback);
  ++changes_;
  change_.notify_all();
}

std::vector<SentCallback> Ledger::callbacks() const {
  const MutexLocker lock(mutex_);
  return callbacks_;
}

std::uint64_t Ledger::changes() const {
  const MutexLocker lock(mutex_);
  return changes_;
}

void Ledger::wait_for_change(std::uint64_t seen, std::chrono::steady_clock::time_point deadline) const {
  const MutexLocker lock(mutex_);
  while (changes_ == seen && change_.wait_until(mutex_, deadline) == std::cv_status::no_timeout) {
  }
}

void Ledger::changed_locked(const std::string& line) {
  file_.append(line);
  ++changes_;
  change_.notify_all();
}

}  // namespace klingv2a::sim
