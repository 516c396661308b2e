// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The API's calls: a request built, an answer judged by the error table. Lives on the cycle thread; no lock.
#include "kling/client.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "kling/codec.h"
#include "kling/json.h"

namespace klingv2a::kling {
namespace {

constexpr std::string_view kEndpoint = "/v1/audio/video-to-audio";

[[noreturn]] void refuse_base_url(const std::string& base_url, const std::string& why) {
  throw make_error(ErrorKind::settings, Phase::check, "base-url " + http::displayable_url(base_url) + " " + why,
                   "give it as https://HOST/PATH");
}

void check_base_url(const std::string& base_url) {
  constexpr auto kFlags = static_cast<GUriFlags>(G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_PATH);
  const bool blank = std::any_of(base_url.begin(), base_url.end(), [](unsigned char c) { return c <= 0x20; });
  const GUriPtr uri(blank ? nullptr : g_uri_parse(base_url.c_str(), kFlags, nullptr));
  if (!uri) refuse_base_url(base_url, "cannot be read");
  const std::string_view scheme = g_uri_get_scheme(uri.get());
  const char* host = g_uri_get_host(uri.get());
  if ((scheme != "http" && scheme != "https") || !host || !*host) refuse_base_url(base_url, "is not http or https");
  if (g_uri_get_userinfo(uri.get())) refuse_base_url(base_url, "has a user name or password in it");
  if (g_uri_get_query(uri.get())) refuse_base_url(base_url, "has a query");
  if (g_uri_get_fragment(uri.get())) refuse_base_url(base_url, "has a fragment");
}

void check_key(const std::string& key) {
  if (key.empty()) {
    throw make_error(ErrorKind::credentials, Phase::check, "no API key is set",
                     "set api-key, or KLINGV2A_API_KEY or COMETAPI_KEY in the environment");
  }
  if (std::all_of(key.begin(), key.end(), [](char c) { return g_ascii_isgraph(c); })) return;
  throw make_error(ErrorKind::credentials, Phase::check, "the API key has a character in it that no key has",
                   "look for spaces, quotes or line breaks that were copied along");
}

std::string endpoint(const Service& service) {
  std::string url = service.base_url;
  while (url.ends_with('/')) url.pop_back();
  return url.append(kEndpoint);
}

http::Request make_request(const Service& service, Phase phase, std::string url) {
  http::Request request;
  request.url = std::move(url);
  request.headers = {{"Authorization", "Bearer " + service.api_key}, {"Accept", "application/json"}};
  request.timeouts = service.timeouts;
  request.phase = phase;
  return request;
}

// What an answer may repeat of a request and must not go into a message.
std::vector<std::string> secrets_of(const Service& service, const SubmitRequest& request) {
  std::vector<std::string> secrets{service.api_key, request.callback_url};
  const std::size_t query = request.video_url.find('?');
  for (std::size_t at = query; at != std::string::npos; at = request.video_url.find('&', at + 1)) {
    const std::size_t begin = request.video_url.find('=', at);
    if (begin == std::string::npos) break;
    secrets.push_back(request.video_url.substr(begin + 1, request.video_url.find('&', begin) - begin - 1));
  }
  // What is shorter is no secret, and would be found everywhere.
  std::erase_if(secrets, [](const std::string& secret) { return secret.size() < 6; });
  return secrets;
}

std::string without(const std::vector<std::string>& secrets, std::string text) {
  constexpr std::string_view kLeftOut = "…";
  for (const std::string& secret : secrets) {
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kLeftOut.size())) {
      text.replace(at, secret.size(), kLeftOut);
    }
  }
  return text;
}

bool is_retryable(Action action) {
  return action == Action::resubmit || action == Action::retry || action == Action::retry_briefly;
}

Paid paid_after(Call call, Action action) {
  if (call == Call::query) return Paid::yes;
  return action == Action::ambiguous ? Paid::maybe : Paid::no;
}

// `envelope` is not `ok`.
ApiError api_error(Call call, const http::Response& response, const Envelope& envelope, Clock& clock) {
  const ErrorRow& row = classify(response.status, envelope);
  const Action action = action_of(row, call);
  ErrorDetails details;
  details.kind = row.kind;
  details.phase = call == Call::submit ? Phase::submit : Phase::poll;
  details.paid = paid_after(call, action);
  details.retryable = is_retryable(action);
  details.http_status = response.status;
  if (envelope.code != "0") details.kling_code = envelope.code;
  details.request_id = envelope.request_id;
  details.retry_after_s = response.retry_after(clock.wall());
  details.message = std::string(row.meaning) + ": " + envelope.message;
  details.advice = row.advice;
  return {std::move(details), action};
}

// A success as HTTP counts it, from which nobody can tell whether a task exists.
Error unknown_outcome(ErrorDetails details, std::string why) {
  details.kind = ErrorKind::unknown_outcome;
  details.phase = Phase::submit;
  details.paid = Paid::maybe;
  details.message = std::move(why);
  return Error(std::move(details));
}

http::Request make_post(const Service& service, const SubmitRequest& request) {
  http::Request post = make_request(service, Phase::submit, endpoint(service));
  post.method = "POST";
  post.content_type = "application/json";
  post.body = encode(request);
  post.send_once = true;
  return post;
}

Task read_accepted(const http::Response& response, const Envelope& envelope) {
  ErrorDetails known;
  known.http_status = response.status;
  known.request_id = envelope.request_id;
  Task task;
  try {
    task = read_task(response.body);
  } catch (const Error& nonsense) {
    throw unknown_outcome(known, nonsense.what());
  }
  if (task.task_id.empty()) {
    throw unknown_outcome(known, "the service accepted the task but named no task_id: " + printable(response.body));
  }
  return task;
}

ApiError bad_answer(const http::Response& response, std::string why) {
  ErrorDetails details;
  details.kind = ErrorKind::service;
  details.phase = Phase::poll;
  details.paid = Paid::yes;
  details.retryable = true;
  details.http_status = response.status;
  details.message = std::move(why);
  return {std::move(details), Action::retry};
}

// The answer to a query for `task_id`, which may also be an external_task_id.
Task read_queried(const http::Response& response, const std::string& task_id) {
  Task task;
  try {
    task = read_task(response.body);
  } catch (const Error& nonsense) {
    throw bad_answer(response, nonsense.what());
  }
  if (task.status_text.empty()) {
    throw bad_answer(response, "the service's answer has no task_status: " + printable(response.body));
  }
  if (task.task_id.empty()) task.task_id = task_id;
  if (task.task_id != task_id && task.external_task_id != task_id) {
    throw bad_answer(response, "the service answered with another task, " + task.task_id);
  }
  return task;
}

std::string query_url(const Service& service, const std::string& task_id) {
  // "." and ".." would be another path.
  if (task_id.find_first_not_of('.') == std::string::npos || printable(task_id) != task_id) {
    throw make_error(ErrorKind::input, Phase::poll, "there can be no task with this task_id");
  }
  const GCharPtr escaped(g_uri_escape_string(task_id.c_str(), nullptr, FALSE));
  return endpoint(service) + "/" + escaped.get();
}

// Runs one call and completes what it throws: the ids that its caller knows, and no secret in the message.
template <typename Operation>
Task with_context(const std::vector<std::string>& secrets, const ErrorDetails& known, Operation&& operation) {
  const auto complete = [&](ErrorDetails details) {
    details.task_id = known.task_id;
    details.external_task_id = known.external_task_id;
    details.message = without(secrets, std::move(details.message));
    return details;
  };
  try {
    return operation();
  } catch (const http::TransportError& error) {
    ErrorDetails details = complete(error.details());
    if (error.sent() == http::Sent::maybe) details.paid = Paid::maybe;
    if (!known.task_id.empty()) details.paid = Paid::yes;
    throw http::TransportError(std::move(details), error.sent());
  } catch (const ApiError& error) {
    throw ApiError(complete(error.details()), error.action());
  } catch (const Error& error) {
    throw Error(complete(error.details()));
  }
}

}  // namespace

void validate(const Service& service) {
  check_base_url(service.base_url);
  check_key(service.api_key);
}

Client::Client(http::Client& http, Service service, Clock& clock)
    : http_(http), service_(std::move(service)), clock_(clock) {}

Task Client::submit(const SubmitRequest& request) {
  const std::vector<std::string> secrets = secrets_of(service_, request);
  ErrorDetails known;
  known.external_task_id = request.external_task_id;
  return with_context(secrets, known, [&] {
    const http::Response response = http_.send(make_post(service_, request));
    const Envelope envelope = read_envelope(response.status, without(secrets, response.body));
    if (envelope.ok) return read_accepted(response, envelope);
    const ApiError error = api_error(Call::submit, response, envelope, clock_);
    const bool success = response.status / 100 == 2;
    if (success && error.action() == Action::ambiguous) throw unknown_outcome(error.details(), error.what());
    throw ApiError(error);
  });
}

Task Client::query(const std::string& task_id) {
  const std::vector<std::string> secrets = secrets_of(service_, {});
  ErrorDetails known;
  known.task_id = task_id;
  return with_context(secrets, known, [&] {
    const http::Response response = http_.send(make_request(service_, Phase::poll, query_url(service_, task_id)));
    const Envelope envelope = read_envelope(response.status, without(secrets, response.body));
    if (envelope.ok) return read_queried(response, task_id);
    throw ApiError(api_error(Call::query, response, envelope, clock_));
  });
}

}  // namespace klingv2a::kling
