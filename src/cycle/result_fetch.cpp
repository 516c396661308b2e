// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See result_fetch.h.
#include "cycle/result_fetch.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "cycle/result_url.h"

namespace klingv2a::cycle {

namespace {

constexpr int kMostRedirects = 5;
// A paid result outlives an outage of a minute.
constexpr http::RetryPolicy kFetchRetries{.attempts = 10};

BadLink bad_link(std::string message, bool fresh_link_may_help) {
  return BadLink({.kind = ErrorKind::result, .phase = Phase::download, .message = std::move(message)},
                 fresh_link_may_help);
}

bool is_redirect(int status) {
  constexpr std::array kRedirects{301, 302, 303, 307, 308};
  return std::ranges::find(kRedirects, status) != kRedirects.end();
}

http::Response get(Run& run, const std::string& url, SpoolFile& file) {
  http::Request request;
  request.url = url;
  request.download = &file;
  request.max_body = run.settings.max_result_bytes;
  request.timeouts = run.settings.service.timeouts;
  request.phase = Phase::download;
  return run.http.send(request);
}

http::Response get_following_redirects(Run& run, const std::string& link, SpoolFile& file) {
  std::string url = link;
  for (int hop = 0; hop <= kMostRedirects; ++hop) {
    check_result_url(url, run.settings.service.base_url);
    http::Response response = get(run, url, file);
    if (!is_redirect(response.status)) return response;
    url = redirect_target(url, response.header("location").value_or(""));
  }
  throw bad_link(http::displayable_url(link) + " redirects more than " + std::to_string(kMostRedirects) + " times",
                 false);
}

// A page instead of a sound: a gateway's error, a login, an expired link's explanation.
bool is_page(std::string type) {
  type = type.substr(0, type.find(';'));
  std::ranges::transform(type, type.begin(), g_ascii_tolower);
  while (type.ends_with(' ')) type.pop_back();
  return type.starts_with("text/") || type.ends_with("json") || type.ends_with("xml");
}

void check_answer(Run& run, const std::string& link, const http::Response& response) {
  const std::string from = http::displayable_url(link);
  const int status = response.status;
  if (status == 408 || status == 429 || status >= 500) {
    throw Error({.kind = ErrorKind::network,
                 .phase = Phase::download,
                 .retryable = true,
                 .http_status = status,
                 .retry_after_s = response.retry_after(run.clock.wall()),
                 .message = from + " answers HTTP " + std::to_string(status)});
  }
  if (status < 200 || status > 299) {
    const bool expired = status == 401 || status == 403 || status == 404 || status == 410;
    throw bad_link(from + " answers HTTP " + std::to_string(status), expired);
  }
  const std::string type = response.header("content-type").value_or("");
  if (is_page(type)) throw bad_link(from + " gives '" + type + "' instead of a sound", true);
  if (response.body_size == 0) throw bad_link(from + " gives an empty file", true);
}

std::shared_ptr<const SpoolFile> fetch_once(Run& run, const std::string& link) {
  auto file = std::make_shared<SpoolFile>(run.settings.spool_dir);
  check_answer(run, link, get_following_redirects(run, link, *file));
  return file;
}

}  // namespace

std::shared_ptr<const SpoolFile> fetch_result(Run& run, const std::string& link) {
  const auto until_the_time_out = [&run](const Error& error, int attempt, Seconds gap) {
    if (run.waited() + gap > run.settings.timeout) throw BadLink(error.details(), false);
    run.note_retry(error, attempt, gap);
  };
  try {
    return http::with_retries(kFetchRetries, run.clock, run.cancel, until_the_time_out,
                              [&] { return fetch_once(run, link); });
  } catch (const BadLink&) {
    throw;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::disk || error.kind() == ErrorKind::cancelled) throw;
    throw BadLink(error.details(), false);
  }
}

}  // namespace klingv2a::cycle
