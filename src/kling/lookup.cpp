// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See lookup.h.
#include "kling/lookup.h"

#include <algorithm>
#include <set>
#include <utility>

namespace klingv2a::kling {
namespace {

constexpr int kPageSize = 500;
constexpr int kMostPages = 1000;

LookupResult found(Task task, const std::string& external_task_id) {
  task.external_task_id = external_task_id;
  return {.verdict = LookupResult::Verdict::found, .task = std::move(task)};
}

LookupResult unknown(std::string why) {
  return {.verdict = LookupResult::Verdict::unknown, .why = std::move(why)};
}

// True when the service has answered, and would answer the same again: it does not know the task, or not this call.
bool is_final(const Error& error) {
  if (error.kind() == ErrorKind::credentials) return false;
  if (const auto* answer = dynamic_cast<const ApiError*>(&error)) return answer->action() != Action::retry;
  // Of the other failures only an answer that is too large is one.
  return error.kind() == ErrorKind::result;
}

std::optional<Task> by_external_id(Client& client, const std::string& external_task_id) {
  try {
    return client.find_by_external_id(external_task_id);
  } catch (const Error& error) {
    if (!is_final(error)) throw;
    g_debug("no task by its external id: %s", error.what());
    return std::nullopt;
  }
}

// The account's tasks, read until one is found or there are no more. A page that is not full says nothing (the service
// may give smaller ones than were asked for), so only an empty one is the end.
class ListReader {
 public:
  ListReader(Client& client, const std::string& external_task_id)
      : client_(client), external_task_id_(external_task_id) {}

  LookupResult read() {
    for (int page = 1; page <= kMostPages; ++page) {
      std::vector<Task> tasks = client_.list(page, kPageSize);
      if (tasks.empty()) return at_the_end();
      if (Task* ours = find(tasks)) return found(std::move(*ours), external_task_id_);
      if (!take(tasks)) return unknown("the service's list repeats itself");
    }
    return unknown("the service's list has no end");
  }

 private:
  Task* find(std::vector<Task>& tasks) const {
    const auto ours = std::ranges::find(tasks, external_task_id_, &Task::external_task_id);
    return ours == tasks.end() ? nullptr : &*ours;
  }

  // False when the page holds nothing new: then the pages are not what they seem.
  bool take(const std::vector<Task>& tasks) {
    const std::size_t known = seen_.size();
    for (const Task& task : tasks) {
      seen_.insert(task.task_id);
      has_external_ids_ = has_external_ids_ || !task.external_task_id.empty();
    }
    return seen_.size() > known;
  }

  [[nodiscard]] LookupResult at_the_end() const {
    if (!seen_.empty() && !has_external_ids_) return unknown("the service's list names no external_task_id");
    return {.verdict = LookupResult::Verdict::absent,
            .why = "none of the account's " + std::to_string(seen_.size()) + " tasks has this external_task_id"};
  }

  Client& client_;
  const std::string& external_task_id_;
  std::set<std::string> seen_;
  bool has_external_ids_ = false;
};

}  // namespace

LookupResult look_up(Client& client, const std::string& external_task_id) {
  if (std::optional<Task> task = by_external_id(client, external_task_id)) {
    return found(std::move(*task), external_task_id);
  }
  try {
    return ListReader(client, external_task_id).read();
  } catch (const Error& error) {
    if (!is_final(error)) throw;
    return unknown(std::string("the service gives no list of tasks: ") + error.what());
  }
}

}  // namespace klingv2a::kling
