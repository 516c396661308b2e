// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ledger.h"

#include <algorithm>
#include <stdexcept>

#include "json.h"

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

void write_task(JsonWriter& json, const PaidTask& task) {
  json.string("task_id", task.task_id)
      .string("external_task_id", task.external_task_id)
      .string("status", task.status)
      .string("status_message", task.status_message)
      .string("body", task.body)
      .string("video_sha256", task.video_sha256)
      .number("duration_s", task.duration_s)
      .integer("width", task.width)
      .integer("height", task.height)
      .integer("frames", task.frames)
      .integer("samples", task.samples)
      .array("clicks");
  for (const std::int64_t click : task.clicks) json.value(click);
  json.end_array();
}

void write_request(JsonWriter& json, const SeenRequest& request) {
  json.string("method", request.method)
      .string("path", request.path)
      .integer("status", request.status)
      .boolean("has_authorization", request.has_authorization);
}

}  // namespace

std::string to_json(const PaidTask& task) {
  JsonWriter json;
  json.object().string("event", "task");
  write_task(json, task);
  return json.end_object().text();
}

std::string to_json(const SeenRequest& request) {
  JsonWriter json;
  json.object().string("event", "request");
  write_request(json, request);
  return json.end_object().text();
}

std::string to_json(const std::vector<PaidTask>& tasks, const std::vector<SeenRequest>& requests) {
  JsonWriter json;
  json.object().array("tasks");
  for (const PaidTask& task : tasks) {
    json.object();
    write_task(json, task);
    json.end_object();
  }
  json.end_array().array("requests");
  for (const SeenRequest& request : requests) {
    json.object();
    write_request(json, request);
    json.end_object();
  }
  return json.end_array().end_object().text();
}

Ledger::Ledger(const std::string& file) {
  if (file.empty()) return;
  file_.open(file, std::ios::app);
  if (!file_) throw std::runtime_error("cannot open the ledger file " + file);
}

Task Ledger::accept(Submit submit, const Sound& sound, Ending ending) {
  Task task;
  task.paid.external_task_id = submit.external_task_id;
  task.paid.status = "submitted";
  task.paid.body = submit.body;
  task.submit = std::move(submit);
  task.sound = sound;
  task.ending = std::move(ending);
  task.created_ms = task.updated_ms = now_ms();
  task.result_path = random_name();
  task.signature = random_name();
  const std::lock_guard lock(mutex_);
  task.paid.task_id = std::to_string(kFirstTaskId + kTaskIdStep * static_cast<std::int64_t>(tasks_.size()));
  tasks_.push_back(task);
  changed_locked(to_json(task.paid));
  return task;
}

template <typename Change>
void Ledger::update(const std::string& task_id, const Change& change) {
  const std::lock_guard lock(mutex_);
  const auto task = std::ranges::find(tasks_, task_id, [](const Task& each) { return each.paid.task_id; });
  if (task == tasks_.end()) return;
  change(*task);
  task->updated_ms = now_ms();
  changed_locked(to_json(task->paid));
}

void Ledger::processing(const std::string& task_id, const SeenVideo& video) {
  update(task_id, [&](Task& task) {
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
  update(task_id, [&](Task& task) {
    task.paid.status = "succeed";
    task.paid.clicks = std::move(clicks);
    task.paid.samples = samples;
    task.results = std::move(results);
  });
}

void Ledger::fail(const std::string& task_id, const std::string& message) {
  update(task_id, [&](Task& task) {
    task.paid.status = "failed";
    task.paid.status_message = message;
  });
}

template <typename Matches>
std::optional<Task> Ledger::find(const Matches& matches) const {
  const std::lock_guard lock(mutex_);
  const auto task = std::ranges::find_if(tasks_, matches);
  if (task == tasks_.end()) return std::nullopt;
  return *task;
}

std::optional<Task> Ledger::by_id(const std::string& task_id) const {
  return find([&](const Task& task) { return task.paid.task_id == task_id; });
}

std::optional<Task> Ledger::by_external_id(const std::string& external_task_id) const {
  if (external_task_id.empty()) return std::nullopt;
  return find([&](const Task& task) { return task.paid.external_task_id == external_task_id; });
}

std::optional<Task> Ledger::by_result_path(const std::string& result_path) const {
  return find([&](const Task& task) { return task.result_path == result_path; });
}

std::vector<Task> Ledger::tasks() const {
  const std::lock_guard lock(mutex_);
  return tasks_;
}

void Ledger::record(const SeenRequest& request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(request);
  changed_locked(to_json(request));
}

std::vector<SeenRequest> Ledger::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::uint64_t Ledger::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

void Ledger::wait_for_change(std::uint64_t seen, std::chrono::steady_clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  change_.wait_until(lock, deadline, [&] { return changes_ != seen; });
}

void Ledger::changed_locked(const std::string& line) {
  ++changes_;
  if (file_.is_open()) file_ << line << std::endl;
  change_.notify_all();
}

}  // namespace klingv2a::sim
