// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "ledger_lines.h"
#include "misbehave.h"
#include "submit_check.h"

namespace klingv2a::sim {
namespace {

constexpr std::string_view kEndpoint = "/v1/audio/video-to-audio";
constexpr std::string_view kAdmin = "/sim/";
constexpr int kDefaultPageSize = 30, kMaxPage = 1000, kMaxPageSize = 500;

std::int64_t now_ms() {
  return g_get_real_time() / 1000;
}

// pageNum and pageSize; an absent one has its default, one that breaks the limits is refused.
int page_parameter(const std::string& query, const char* name, int fallback, int maximum) {
  const std::unique_ptr<GHashTable, Deleter<g_hash_table_unref>> table(
      g_uri_parse_params(query.c_str(), -1, "&", G_URI_PARAMS_NONE, nullptr));
  const auto* text = table ? static_cast<const char*>(g_hash_table_lookup(table.get(), name)) : nullptr;
  if (!text) return fallback;
  const std::string_view view = text;
  int value = 0;
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
  if (error != std::errc{} || end != view.data() + view.size() || value < 1 || value > maximum)
    throw Refusal("1201", std::string(name) + " is out of range", name);
  return value;
}

View odd_view(const Fault& fault) {
  if (fault.message.empty()) return {.status = "thinking", .hide_results = true};
  return {.status = fault.message};
}

int sent_status(const Answer& answer) {
  const bool none = answer.wire == Answer::Wire::reset || answer.wire == Answer::Wire::hang;
  return none ? 0 : answer.status;
}

}  // namespace

Api::Api(const Options& options, Ledger& ledger, FaultQueue& faults,
         std::function<void(const std::string& task_id)> start_task)
    : credentials_(options.keys, options.key_pairs),
      external_lookup_(options.external_lookup.value_or(options.dialect == Provider::kling)),
      refuse_duplicates_(options.refuse_duplicates.value_or(options.dialect == Provider::kling)),
      list_lag_(options.list_lag),
      concurrency_(options.concurrency),
      dialect_{options.dialect, options.naming, {}},
      ledger_(ledger),
      faults_(faults),
      results_(options.ranges, ledger, faults),
      start_task_(std::move(start_task)),
      sound_(options.sound) {}

void Api::set_host_url(const std::string& host_url) {
  dialect_.host_url = host_url;
}

void Api::set_sound(const SoundOptions& sound) {
  const MutexLocker lock(mutex_);
  sound_ = sound;
}

std::string Api::base_path() const {
  return dialect_.provider == Provider::cometapi ? "/kling" : "";
}

// The ledger knows of a request before its answer leaves, so that a client that has the answer finds it there.
Answer Api::answer(const Request& request) {
  if (request.path.starts_with(kAdmin)) return admin(request);
  Answer answer;
  try {
    answer = route(request);
  } catch (const Refusal& refusal) {
    answer = error_answer(dialect_, refusal.code, refusal.what(), refusal.param);
  }
  ledger_.record({request.method, request.path, sent_status(answer), !request.authorization.empty()});
  return answer;
}

Answer Api::route(const Request& request) {
  if (request.path.starts_with(kResults)) return results_.answer(dialect_, request);
  const std::string endpoint = base_path() + std::string(kEndpoint);
  if (request.path.starts_with(endpoint)) {
    const std::string rest = request.path.substr(endpoint.size());
    if (rest.empty() || rest.front() == '/') return route_api(request, rest);
  }
  return html_answer(404, "404 Not Found");
}

Answer Api::route_api(const Request& request, const std::string& rest) {
  if (const auto code = credentials_.refusal(request.authorization, now_ms() / 1000)) return error(*code);
  if (rest.empty() && request.method == "POST") return submit(request);
  if (rest.empty() && request.method == "GET" && dialect_.provider == Provider::kling) return list(request);
  if (rest.size() > 1 && request.method == "GET") return query(rest.substr(1));
  return error("1202");
}

Answer Api::error(const std::string& code) const {
  return error_answer(dialect_, code, meaning_of(code));
}

Answer Api::submit(const Request& request) {
  const Submit submit = read_submit(request.content_type, request.body);
  if (refuse_duplicates_ && ledger_.by_external_id(submit.external_task_id))
    throw Refusal("1201", "external_task_id is not unique", "external_task_id");
  if (concurrency_ > 0 && ledger_.in_flight() >= concurrency_) return error("1303");
  if (const auto fault = faults_.take({Fault::On::submit})) return submit_under_fault(submit, *fault);
  return accept(submit, {});
}

Answer Api::submit_under_fault(const Submit& submit, const Fault& fault) {
  if (fault.what == Fault::Do::fail_task) return accept(submit, {Ending::Kind::fail, fault.message});
  if (fault.what == Fault::Do::never_finish) return accept(submit, {Ending::Kind::never, {}});
  return misbehave(dialect_, fault, fault.paid ? accept(submit, {}) : error("5000"));
}

Answer Api::accept(const Submit& submit, Ending ending) {
  SoundOptions sound;
  {
    const MutexLocker lock(mutex_);
    sound = sound_;
  }
  const SimTask task = ledger_.accept(submit, sound, std::move(ending));
  start_task_(task.paid.task_id);
  return accepted_answer(dialect_, task);
}

Answer Api::query(const std::string& id) {
  const auto task = find(id);
  const bool succeeded = task && task->paid.status == "succeed";
  const auto fault = faults_.take({.on = Fault::On::query, .has_task = task.has_value(), .succeeded = succeeded});
  if (!fault) return task ? task_answer(dialect_, *task) : error("1203");
  if (fault->what == Fault::Do::missing_result) return task_answer(dialect_, *task, {.hide_results = true});
  if (fault->what == Fault::Do::odd_status) return task_answer(dialect_, *task, odd_view(*fault));
  if (fault->what == Fault::Do::odd_result) return task_answer(dialect_, *task, {.shape = fault->code});
  return misbehave(dialect_, *fault, task ? task_answer(dialect_, *task) : error("1203"));
}

// The slot in the path takes either id.
std::optional<SimTask> Api::find(const std::string& id) {
  if (auto task = ledger_.show(id)) return task;
  const auto task = external_lookup_ ? ledger_.by_external_id(id) : std::nullopt;
  return task && is_listed(*task) ? ledger_.show(task->paid.task_id) : std::nullopt;
}

bool Api::is_listed(const SimTask& task) const {
  return now_ms() - task.created_ms >= list_lag_.count();
}

// Newest first, as a user of the list wants it; Kling's page names no order.
std::vector<SimTask> Api::listed() const {
  std::vector<SimTask> tasks = ledger_.tasks();
  std::erase_if(tasks, [this](const SimTask& task) { return !is_listed(task); });
  std::ranges::reverse(tasks);
  return tasks;
}

Answer Api::list(const Request& request) {
  const int page = page_parameter(request.query, "pageNum", 1, kMaxPage);
  const int size = page_parameter(request.query, "pageSize", kDefaultPageSize, kMaxPageSize);
  const std::vector<SimTask> tasks = listed();
  const std::size_t from = std::min(tasks.size(), static_cast<std::size_t>(page - 1) * static_cast<std::size_t>(size));
  const std::size_t to = std::min(tasks.size(), from + static_cast<std::size_t>(size));
  std::vector<SimTask> shown;
  for (std::size_t i = from; i < to; ++i) shown.push_back(ledger_.show(tasks[i].paid.task_id).value_or(tasks[i]));
  Answer proper = list_answer(dialect_, shown);
  const auto fault = faults_.take({Fault::On::query});
  return fault ? misbehave(dialect_, *fault, std::move(proper)) : proper;
}

// For tests in other languages. Not part of the API, not in the ledger, and without a key.
Answer Api::admin(const Request& request) {
  if (request.path == "/sim/ledger" && request.method == "GET") return ledger_answer();
  if (request.path == "/sim/faults" && request.method == "POST") return add_fault(request.body);
  if (request.path == "/sim/faults" && request.method == "DELETE") {
    faults_.clear();
    return text_answer(200, "cleared");
  }
  return text_answer(404, "GET /sim/ledger, POST /sim/faults, DELETE /sim/faults");
}

Answer Api::ledger_answer() const {
  Answer answer;
  answer.body = make_blob(ledger_json(ledger_.tasks(), ledger_.requests(), ledger_.most_in_flight()));
  return answer;
}

Answer Api::add_fault(const std::string& json) {
  try {
    faults_.add(parse_fault_json(json));
    return text_answer(200, "added");
  } catch (const std::invalid_argument& wrong) {
    return text_answer(400, wrong.what());
  }
}

}  // namespace klingv2a::sim
