// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "submit_check.h"

namespace klingv2a::sim {
namespace {

constexpr std::string_view kEndpoint = "/v1/audio/video-to-audio";
constexpr std::string_view kResults = "/results/";
constexpr std::string_view kAdmin = "/sim/";
constexpr std::string_view kElsewhere = "/elsewhere";  // where redirects lead by default: nothing is there
constexpr int kDefaultPageSize = 30, kMaxPage = 1000, kMaxPageSize = 500;

bool starts_with(const std::string& text, std::string_view prefix) {
  return text.rfind(prefix, 0) == 0;
}

Answer text_answer(int status, const std::string& text) {
  Answer answer;
  answer.status = status;
  answer.content_type = "text/plain; charset=utf-8";
  answer.body = make_blob(text + "\n");
  return answer;
}

Answer blob_answer(const Blob& blob, const char* content_type) {
  if (!blob) return text_answer(404, "no such result");
  Answer answer;
  answer.content_type = content_type;
  answer.body = blob;
  return answer;
}

Answer raw_answer(const Fault& fault) {
  Answer answer = text_answer(fault.http_status, "");
  answer.body = make_blob(fault.body);
  if (starts_with(fault.body, "{")) answer.content_type = "application/json";
  return answer;
}

// Bytes that are no sound and no picture, and do not begin as one.
Blob garbage(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  return make_blob(std::move(bytes));
}

Answer answer_with_wire(Answer answer, Answer::Wire wire) {
  answer.wire = wire;
  return answer;
}

Answer answer_with_body(Answer answer, Blob body) {
  answer.body = std::move(body);
  return answer;
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

int sent_status(const Answer& answer) {
  const bool none = answer.wire == Answer::Wire::reset || answer.wire == Answer::Wire::hang;
  return none ? 0 : answer.status;
}

}  // namespace

Api::Api(const Options& options, Ledger& ledger, FaultQueue& faults,
         std::function<void(const std::string& task_id)> start_task)
    : keys_(options.keys),
      voice_{options.dialect, options.naming, {}},
      ledger_(ledger),
      faults_(faults),
      start_task_(std::move(start_task)),
      sound_(options.sound) {}

void Api::set_host_url(const std::string& host_url) {
  voice_.host_url = host_url;
}

void Api::set_sound(const Sound& sound) {
  const std::lock_guard lock(mutex_);
  sound_ = sound;
}

std::string Api::base_path() const {
  return voice_.dialect == Dialect::cometapi ? "/kling" : "";
}

// The ledger knows of a request before its answer leaves, so that a client that has the answer finds it there.
Answer Api::answer(const Request& request) {
  if (starts_with(request.path, kAdmin)) return admin(request);
  Answer answer;
  try {
    answer = route(request);
  } catch (const Refusal& refusal) {
    answer = error_answer(voice_, refusal.code, refusal.what(), refusal.param);
  }
  ledger_.record({request.method, request.path, sent_status(answer), !request.authorization.empty()});
  return answer;
}

Answer Api::route(const Request& request) {
  if (starts_with(request.path, kResults)) return result(request);
  const std::string endpoint = base_path() + std::string(kEndpoint);
  if (starts_with(request.path, endpoint)) {
    const std::string rest = request.path.substr(endpoint.size());
    if (rest.empty() || rest.front() == '/') return route_api(request, rest);
  }
  return html_answer(404, "404 Not Found");
}

Answer Api::route_api(const Request& request, const std::string& rest) {
  if (const auto refused = refuse_credentials(request)) return *refused;
  if (rest.empty() && request.method == "POST") return submit(request);
  if (rest.empty() && request.method == "GET" && voice_.dialect == Dialect::kling) return list(request);
  if (rest.size() > 1 && request.method == "GET") return query(rest.substr(1));
  return error("1202");
}

std::optional<Answer> Api::refuse_credentials(const Request& request) const {
  constexpr std::string_view kBearer = "Bearer ";
  if (request.authorization.empty()) return error("1001");
  if (!starts_with(request.authorization, kBearer)) return error("1002");
  const std::string key = request.authorization.substr(kBearer.size());
  if (std::ranges::find(keys_, key) == keys_.end()) return error("1002");
  return std::nullopt;
}

Answer Api::error(const std::string& code) const {
  return error_answer(voice_, code, meaning_of(code));
}

Answer Api::submit(const Request& request) {
  const Submit submit = read_submit(request.content_type, request.body);
  if (ledger_.by_external_id(submit.external_task_id))
    throw Refusal("1201", "external_task_id is not unique", "external_task_id");
  if (const auto fault = faults_.take({Fault::On::submit})) return submit_under_fault(submit, *fault);
  return accept(submit, {});
}

Answer Api::submit_under_fault(const Submit& submit, const Fault& fault) {
  if (fault.what == Fault::Do::fail_task) return accept(submit, {Ending::Kind::fail, fault.message});
  if (fault.what == Fault::Do::never_finish) return accept(submit, {Ending::Kind::never, {}});
  return misbehave(fault, fault.paid ? accept(submit, {}) : error("5000"));
}

Answer Api::accept(const Submit& submit, Ending ending) {
  Sound sound;
  {
    const std::lock_guard lock(mutex_);
    sound = sound_;
  }
  const Task task = ledger_.accept(submit, sound, std::move(ending));
  start_task_(task.paid.task_id);
  return accepted_answer(voice_, task);
}

Answer Api::query(const std::string& id) {
  auto task = ledger_.by_id(id);
  if (!task && voice_.dialect == Dialect::kling) task = ledger_.by_external_id(id);
  const bool succeeded = task && task->paid.status == "succeed";
  const auto fault = faults_.take({Fault::On::query, task.has_value(), succeeded});
  if (!fault) return task ? task_answer(voice_, *task) : error("1203");
  if (fault->what == Fault::Do::missing_result) return task_answer(voice_, *task, {{}, true});
  if (fault->what == Fault::Do::odd_status) return task_answer(voice_, *task, {"thinking", true});
  return misbehave(*fault, task ? task_answer(voice_, *task) : error("1203"));
}

// Newest first, as a user of the list wants it; Kling's page names no order.
Answer Api::list(const Request& request) {
  const int page = page_parameter(request.query, "pageNum", 1, kMaxPage);
  const int size = page_parameter(request.query, "pageSize", kDefaultPageSize, kMaxPageSize);
  std::vector<Task> tasks = ledger_.tasks();
  std::ranges::reverse(tasks);
  const auto all = static_cast<std::ptrdiff_t>(tasks.size());
  const std::ptrdiff_t from = std::min<std::ptrdiff_t>(all, std::ptrdiff_t{page - 1} * size);
  const std::ptrdiff_t to = std::min<std::ptrdiff_t>(all, from + size);
  Answer proper = list_answer(voice_, {tasks.begin() + from, tasks.begin() + to});
  const auto fault = faults_.take({Fault::On::query});
  return fault ? misbehave(*fault, std::move(proper)) : proper;
}

Answer Api::result(const Request& request) {
  if (!request.authorization.empty()) return text_answer(400, "a result takes no Authorization header");
  if (request.method != "GET" && request.method != "HEAD") return text_answer(405, "a result can only be read");
  Answer proper = proper_result(request);
  if (proper.status != 200) return proper;
  const auto fault = faults_.take({Fault::On::result});
  return fault ? misbehave(*fault, std::move(proper)) : proper;
}

Answer Api::proper_result(const Request& request) const {
  const std::string rest = request.path.substr(kResults.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const auto task = ledger_.by_result_path(rest.substr(0, slash));
  if (!task) return text_answer(404, "no such result");
  if (request.query != "sig=" + task->signature) return text_answer(403, "the link's signature is missing or wrong");
  const std::string file = rest.substr(slash);
  if (file == "/sound.wav") return blob_answer(task->results.wav, "audio/wav");
  if (file == "/sound.mp3") return blob_answer(task->results.mp3, "audio/mpeg");
  if (file == "/video.mp4") return blob_answer(task->results.video, "video/mp4");
  return text_answer(404, "no such result");
}

Answer Api::misbehave(const Fault& fault, Answer proper) const {
  Answer answer;
  switch (fault.what) {
    case Fault::Do::status:
      answer = raw_answer(fault);
      break;
    case Fault::Do::error_code:
      answer = error_answer(voice_, fault.code, fault.message.empty() ? meaning_of(fault.code) : fault.message);
      break;
    case Fault::Do::reset:
      return answer_with_wire(std::move(proper), Answer::Wire::reset);
    case Fault::Do::hang:
      return answer_with_wire(std::move(proper), Answer::Wire::hang);
    case Fault::Do::half_answer:
      return answer_with_wire(std::move(proper), Answer::Wire::half);
    case Fault::Do::corrupt: {
      const std::size_t size = proper.body->size();
      return answer_with_body(std::move(proper), garbage(size));
    }
    case Fault::Do::truncate: {
      const std::size_t half = proper.body->size() / 2;
      return answer_with_body(proper, make_blob(proper.body->substr(0, half)));
    }
    case Fault::Do::html:
      answer = html_answer(200, "Welcome");
      break;
    case Fault::Do::redirect:
      answer = html_answer(302, "302 Found");
      answer.location = fault.location.empty() ? voice_.host_url + std::string(kElsewhere) : fault.location;
      break;
    case Fault::Do::fail_task:
    case Fault::Do::never_finish:
    case Fault::Do::missing_result:
    case Fault::Do::odd_status:
      return proper;  // answered by their own routes
  }
  answer.retry_after = fault.retry_after;
  return answer;
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
  std::vector<PaidTask> paid;
  for (Task& task : ledger_.tasks()) paid.push_back(std::move(task.paid));
  Answer answer;
  answer.body = make_blob(to_json(paid, ledger_.requests()));
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
