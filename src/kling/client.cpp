// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The API's calls: a request built, an answer judged by the error table. Lives on the cycle thread; no lock.
#include "kling/client.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kling/answer_text.h"
#include "kling/codec.h"
#include "kling/json.h"
#include "kling/jwt.h"
#include "kling/lookup.h"
#include "kling/redaction.h"
#include "kling/result_reader.h"
#include "kling/stray_task_id.h"

namespace klingv2a::kling {

struct Client::Answer {
  http::Response response;
  Envelope envelope;
};

namespace {

constexpr std::string_view kEndpoint = "/v1/audio/video-to-audio";
// A page of 500 tasks with three signed links each.
constexpr std::uint64_t kMaxList = 16 * 1024 * 1024;

std::string endpoint(const Service& service) {
  std::string url = service.base_url;
  while (url.ends_with('/')) url.pop_back();
  return url.append(kEndpoint);
}

// `id` is a task_id or an external_task_id: both are accepted in the same place.
std::string task_url(const Service& service, Phase phase, const std::string& id) {
  // "." and ".." would be another path.
  if (id.find_first_not_of('.') == std::string::npos || printable(id) != id) {
    throw make_error(ErrorKind::input, phase, "there can be no task with this id");
  }
  const GCharPtr escaped(g_uri_escape_string(id.c_str(), nullptr, FALSE));
  return endpoint(service) + "/" + escaped.get();
}

http::Request make_get(const Service& service, Phase phase, std::string url) {
  http::Request get;
  get.url = std::move(url);
  get.timeouts = service.timeouts;
  get.phase = phase;
  return get;
}

http::Request make_post(const Service& service, const SubmitRequest& request) {
  http::Request post = make_get(service, Phase::submit, endpoint(service));
  post.method = "POST";
  post.content_type = "application/json";
  post.body = encode(request);
  post.send_once = true;
  return post;
}

bool is_success(const http::Response& response) {
  return response.status / 100 == 2;
}

bool is_retryable(Action action) {
  return action == Action::resubmit || action == Action::retry || action == Action::retry_briefly;
}

Paid paid_after(Call call, Action action) {
  if (call == Call::query) return Paid::yes;
  return action == Action::ambiguous ? Paid::maybe : Paid::no;
}

// A success as HTTP counts it, from which nobody can tell whether a task exists.
Error unknown_outcome(ErrorDetails details, std::string why) {
  details.kind = ErrorKind::unknown_outcome;
  details.phase = Phase::submit;
  details.paid = Paid::maybe;
  details.message = std::move(why);
  return Error(std::move(details));
}

// A task_id that only the words of the answer give. It is paid for, and the next looks tell the rest.
std::optional<Task> rescued(const std::string& body, const Envelope& envelope) {
  if (!envelope.ok && says_refused(body)) return std::nullopt;
  const std::optional<std::string> id = task_id_in(body);
  if (!id) return std::nullopt;
  Task task;
  task.task_id = *id;
  task.status = TaskStatus::submitted;
  task.status_text = to_string(task.status);
  task.oddity = "the answer to the submit was not as it should be; its task_id could be read all the same: " +
                printable(body, 200);
  return task;
}

Task read_accepted(const http::Response& response, const Envelope& envelope) {
  ErrorDetails known;
  known.http_status = response.status;
  known.request_id = envelope.request_id;
  std::string why = "the service accepted the task but named no task_id: " + printable(response.body);
  try {
    Task task = read_task(response.body);
    if (task.status_text.empty()) task.status = TaskStatus::submitted;
    if (!task.task_id.empty()) return task;
  } catch (const Error& error) {
    why = error.what();
  }
  if (std::optional<Task> task = rescued(response.body, envelope)) return *task;
  throw unknown_outcome(known, why);
}

void make_text(http::Response& response) {
  response.body = answer_text(response.body, response.header("content-type").value_or(""));
}

// Of an answer to the POST that broke off.
std::optional<Task> named_before_the_end(const http::TransportError& broken) {
  if (!broken.beginning() || !is_success(*broken.beginning())) return std::nullopt;
  http::Response response = *broken.beginning();
  make_text(response);
  return rescued(response.body, read_envelope(response.status, response.body));
}

ApiError bad_answer(const http::Response& response, Action action, std::string why) {
  ErrorDetails details;
  details.kind = ErrorKind::service;
  details.phase = Phase::poll;
  details.paid = Paid::yes;
  details.retryable = is_retryable(action);
  details.http_status = response.status;
  details.message = std::move(why);
  return {std::move(details), action};
}

// The answer to a query for `task_id`, which may also be an external_task_id.
Task read_queried(const http::Response& response, const std::string& task_id) {
  Task task;
  try {
    task = read_task(response.body);
  } catch (const Error& error) {
    throw bad_answer(response, Action::retry, error.what());
  }
  if (task.status_text.empty() && !has_links(task)) {
    throw bad_answer(response, Action::retry, "the service's answer has no task_status: " + printable(response.body));
  }
  if (task.task_id.empty()) task.task_id = task_id;
  if (task.task_id != task_id && task.external_task_id != task_id) {
    throw bad_answer(response, Action::retry, "the service answered with another task, " + task.task_id);
  }
  return task;
}

// The answer to a look for `external_task_id`. Money hangs on it, so nothing is filled in.
Task read_found(const http::Response& response, const std::string& external_task_id) {
  Task task;
  try {
    task = read_task(response.body);
  } catch (const Error& error) {
    throw bad_answer(response, Action::fatal, error.what());
  }
  if (task.task_id.empty() || task.status_text.empty()) {
    throw bad_answer(response, Action::fatal,
                     "the service's answer has no task_id or no task_status: " + printable(response.body));
  }
  if (!task.external_task_id.empty() && task.external_task_id != external_task_id) {
    throw bad_answer(response, Action::fatal, "the service answered with another task, " + task.task_id);
  }
  return task;
}

std::vector<Task> read_listed(const http::Response& response) {
  try {
    return read_task_list(response.body);
  } catch (const Error& error) {
    throw bad_answer(response, Action::fatal, error.what());
  }
}

// Runs one call and completes what it throws: what its caller knows of the task and the money, and no secret in the
// message. Only transport errors hold a URL of ours.
template <typename Operation>
auto with_context(const Redaction& redaction, const ErrorDetails& known, Operation&& operation)
    -> decltype(operation()) {
  const auto complete = [&](ErrorDetails details) {
    details.task_id = known.task_id;
    details.external_task_id = known.external_task_id;
    if (known.paid != Paid::no) details.paid = known.paid;
    details.message = redaction.applied_to(std::move(details.message));
    return details;
  };
  const auto complete_answer = [&](const Error& error) {
    ErrorDetails details = complete(error.details());
    details.message = with_hosts_only(details.message);
    if (known.paid == Paid::maybe) details.phase = Phase::submit;
    return details;
  };
  try {
    return operation();
  } catch (const http::TransportError& error) {
    ErrorDetails details = complete(error.details());
    if (error.sent() == http::Sent::maybe && details.paid == Paid::no) details.paid = Paid::maybe;
    throw http::TransportError(std::move(details), error.sent());
  } catch (const ApiError& error) {
    throw ApiError(complete_answer(error), error.action());
  } catch (const Error& error) {
    throw Error(complete_answer(error));
  }
}

// A task says why it failed in the service's own words, which may repeat the video_url; and links are signed.
Task shown(Task task, const Redaction& redaction) {
  for (std::string* text : {&task.status_message, &task.text, &task.oddity})
    *text = with_hosts_only(redaction.applied_to(std::move(*text)));
  task.handle.text = task.task_id;
  return task;
}

std::string clock_text(Seconds clock_is_behind) {
  const GCharPtr seconds(g_strdup_printf("%.0f", std::abs(clock_is_behind.count())));
  return std::string("; this machine's clock is ") + seconds.get() + " s " +
         (clock_is_behind > Seconds(0) ? "behind" : "ahead of") + " the service's";
}

}  // namespace

Client::Client(http::Client& http, Service service, Clock& clock)
    : http_(http), service_(std::move(service)), clock_(clock) {}

Task Client::submit(const SubmitRequest& request, const std::function<void()>& before_sending) {
  Redaction redaction(service_);
  redaction.add(request);
  ErrorDetails known;
  known.external_task_id = request.external_task_id;
  return with_context(redaction, known, [&] {
    http::Request post = make_post(service_, request);
    post.before_sending = before_sending;
    try {
      return shown(accepted(exchange(Call::submit, post, redaction)), redaction);
    } catch (const http::TransportError& broken) {
      const std::optional<Task> task = named_before_the_end(broken);
      if (!task) throw;
      return shown(*task, redaction);
    }
  });
}

// The task that was made. Where an answer does not say that it refuses, a task_id in it is one.
Task Client::accepted(const Answer& answer) {
  if (answer.envelope.ok) return read_accepted(answer.response, answer.envelope);
  const ApiError error = api_error(Call::submit, answer);
  if (error.action() != Action::ambiguous) throw ApiError(error);
  const bool may_name_it = is_success(answer.response) || is_success_code(answer.envelope.code);
  if (may_name_it) {
    if (std::optional<Task> task = rescued(answer.response.body, answer.envelope)) return *task;
  }
  if (is_success(answer.response)) throw unknown_outcome(error.details(), error.what());
  throw ApiError(error);
}

Task Client::query(const Handle& handle, Seconds patience) {
  const std::string& task_id = handle.text;
  Redaction redaction(service_);
  ErrorDetails known;
  known.task_id = task_id;
  known.paid = Paid::yes;
  return with_context(redaction, known, [&] {
    http::Request get = make_get(service_, Phase::poll, task_url(service_, Phase::poll, task_id));
    get.timeouts.total = patience;
    const Answer answer = exchange(Call::query, get, redaction);
    if (!answer.envelope.ok) throw ApiError(poll_error(answer));
    return shown(read_queried(answer.response, task_id), redaction);
  });
}

LookupResult Client::find(const std::string& external_task_id) {
  return look_up(*this, external_task_id);
}

gateway::Description Client::describe() const {
  const GUriPtr uri(g_uri_parse(service_.base_url.c_str(), G_URI_FLAGS_NONE, nullptr));
  const char* host = uri ? g_uri_get_host(uri.get()) : nullptr;
  return {.name = "kling",
          .console = std::string("the service's console") + (host ? std::string(" (") + host + ")" : "")};
}

std::string Client::written(const SubmitRequest& request) const {
  return encode(request);
}

Task Client::find_by_external_id(const std::string& external_task_id) {
  Redaction redaction(service_);
  ErrorDetails known;
  known.external_task_id = external_task_id;
  known.paid = Paid::maybe;
  return with_context(redaction, known, [&] {
    const Answer answer = look(task_url(service_, Phase::submit, external_task_id), redaction);
    return shown(read_found(answer.response, external_task_id), redaction);
  });
}

std::vector<Task> Client::list(int page, int page_size) {
  Redaction redaction(service_);
  ErrorDetails known;
  known.paid = Paid::maybe;
  return with_context(redaction, known, [&] {
    const std::string pages = "?pageNum=" + std::to_string(page) + "&pageSize=" + std::to_string(page_size);
    std::vector<Task> tasks = read_listed(look(endpoint(service_) + pages, redaction).response);
    for (Task& task : tasks) task = shown(std::move(task), redaction);
    return tasks;
  });
}

// A GET whose answer is the API's, or an error.
Client::Answer Client::look(std::string url, Redaction& redaction) {
  http::Request get = make_get(service_, Phase::submit, std::move(url));
  get.max_body = kMaxList;
  Answer answer = exchange(Call::query, get, redaction);
  if (answer.envelope.ok) return answer;
  const ApiError error = api_error(Call::query, answer);
  const bool no_such_call =
      is_success(answer.response) && error.action() == Action::retry && error.kind() == ErrorKind::service;
  if (no_such_call) throw bad_answer(answer.response, Action::fatal, error.what());
  throw ApiError(error);
}

Client::Answer Client::exchange(Call call, const http::Request& request, Redaction& redaction) {
  Answer answer = send(request, redaction);
  if (!service_.signs() || answer.envelope.ok) return answer;
  const ErrorRow& row = classify(answer.response.status, answer.envelope);
  if (action_of(row, call) != Action::sign_again) return answer;
  note_clock(answer.response);
  g_debug("%s: the token is signed once more", std::string(row.meaning).c_str());
  return send(request, redaction);
}

Client::Answer Client::send(http::Request request, Redaction& redaction) {
  request.headers = {{"Authorization", authorization(redaction)}, {"Accept", "application/json"}};
  Answer answer;
  answer.response = http_.send(request);
  make_text(answer.response);
  answer.envelope = read_envelope(answer.response.status, redaction.applied_to(answer.response.body));
  if (!answer.response.unreadable.empty())
    answer.envelope.message = "HTTP " + std::to_string(answer.response.status) +
                              " with a body that cannot be read: " + printable(answer.response.unreadable);
  return answer;
}

std::string Client::authorization(Redaction& redaction) {
  if (!service_.signs()) return "Bearer " + service_.api_key;
  const std::string token = sign_jwt(service_.access_key, service_.secret_key, clock_.wall() + clock_is_behind_);
  redaction.add(token);
  return "Bearer " + token;
}

// A difference that a token bears is none.
void Client::note_clock(const http::Response& response) {
  const std::optional<Seconds> theirs = response.date();
  const Seconds behind = theirs ? *theirs - clock_.wall() : Seconds(0);
  clock_is_behind_ = std::chrono::abs(behind) > kTokenHeadStart ? behind : Seconds(0);
}

// While a task is under way, only the service itself ends the wait for it.
ApiError Client::poll_error(const Answer& answer) {
  if (is_of_the_api(answer.envelope)) return api_error(Call::query, answer);
  const ErrorRow& row = classify(answer.response.status, answer.envelope);
  return error_by(row.on_query == Action::retry ? row : strangers_row(), Call::query, answer);
}

ApiError Client::api_error(Call call, const Answer& answer) {
  return error_by(classify(answer.response.status, answer.envelope), call, answer);
}

// The answer is not `ok`, and means what the row says.
ApiError Client::error_by(const ErrorRow& row, Call call, const Answer& answer) {
  const Action action = action_of(row, call);
  ErrorDetails details;
  details.kind = row.kind;
  details.phase = call == Call::submit ? Phase::submit : Phase::poll;
  details.paid = paid_after(call, action);
  details.retryable = is_retryable(action);
  details.http_status = answer.response.status;
  if (answer.envelope.code != "0") details.kling_code = answer.envelope.code;
  details.request_id = answer.envelope.request_id;
  details.retry_after_s = answer.response.retry_after(clock_.wall());
  details.message = std::string(row.meaning) + ": " + answer.envelope.message;
  details.advice = row.advice;
  if (service_.signs() && row.kind == ErrorKind::credentials) {
    const bool about_time = action == Action::sign_again;
    details.advice = about_time ? "check this machine's clock" : "check access-key, secret-key and base-url";
    if (about_time && clock_is_behind_ != Seconds(0)) details.message += clock_text(clock_is_behind_);
  }
  return {std::move(details), action};
}

}  // namespace klingv2a::kling
