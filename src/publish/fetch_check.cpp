// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See fetch_check.h.
#include "publish/fetch_check.h"

#include <algorithm>
#include <vector>

namespace klingv2a::publish {

namespace {

constexpr std::size_t kCheckedBytes = 1024;
constexpr http::RetryPolicy kCheckRetries{.attempts = 4, .base = Seconds(1), .cap = Seconds(5)};

std::vector<std::byte> first_bytes(const SpoolFile& file) {
  std::vector<std::byte> bytes(kCheckedBytes);
  std::size_t have = 0;
  while (have < bytes.size()) {
    const std::size_t read = file.read_at(have, std::span(bytes).subspan(have));
    if (read == 0) break;
    have += read;
  }
  bytes.resize(have);
  return bytes;
}

// Everything but a redirect may pass by itself: stores and caches show a new file late.
Error not_fetchable(ErrorKind kind, const std::string& url, const std::string& instead, int status = 0) {
  return Error(
      {.kind = kind,
       .phase = Phase::publish,
       .retryable = status < 300 || status > 399,
       .http_status = status,
       .message = "the published file cannot be fetched from here by " + http::displayable_url(url) + ": " + instead,
       .advice = "check that publish leads to this URL; if only the service can reach it, set "
                 "publish-check=false"});
}

ErrorKind kind_of(int status) {
  if (status == 401 || status == 403) return ErrorKind::permission;
  if (status == 429 || status >= 500) return ErrorKind::network;
  return ErrorKind::settings;
}

http::Response fetch_beginning(const std::string& url, const http::Timeouts& timeouts, std::uint64_t max_body,
                               SpoolFile& received, http::Client& http) {
  http::Request request;
  request.url = url;
  request.headers = {{"Range", "bytes=0-" + std::to_string(kCheckedBytes - 1)}};
  request.download = &received;
  request.max_body = max_body;
  request.timeouts = timeouts;
  request.phase = Phase::publish;
  try {
    return http.send(request);
  } catch (const http::TransportError& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    const bool too_large = error.kind() == ErrorKind::result;
    throw not_fetchable(too_large ? ErrorKind::settings : ErrorKind::network, url,
                        too_large ? "the answer is larger than the file" : error.what());
  }
}

void check_once(const std::string& url, const SpoolFile& file, const http::Timeouts& timeouts, http::Client& http) {
  SpoolFile received;
  const std::uint64_t size = file.size();
  // A server without ranges sends the whole file, which is as good.
  const http::Response response = fetch_beginning(url, timeouts, std::max<std::uint64_t>(size, 1), received, http);
  const std::string status = "HTTP " + std::to_string(response.status);
  if (response.status != 200 && response.status != 206) {
    throw not_fetchable(kind_of(response.status), url, status + " came instead", response.status);
  }
  const std::uint64_t expected_size = response.status == 200 ? size : std::min<std::uint64_t>(size, kCheckedBytes);
  if (received.size() != expected_size || first_bytes(received) != first_bytes(file)) {
    throw not_fetchable(ErrorKind::settings, url,
                        status + " came with " + std::to_string(received.size()) + " bytes of type '" +
                            response.header("content-type").value_or("none") + "' that are not those of the file",
                        response.status);
  }
}

}  // namespace

void check_fetchable(const std::string& url, const SpoolFile& file, const http::Timeouts& timeouts, http::Client& http,
                     Clock& clock, GCancellable* cancel, const http::OnRetry& on_retry) {
  http::with_retries(kCheckRetries, clock, cancel, on_retry, [&] { check_once(url, file, timeouts, http); });
}

void prove(Publication& publication, const PublishSettings& settings, const SpoolFile& file, http::Client& http,
           Clock& clock, GCancellable* cancel, const http::OnRetry& on_retry) {
  try {
    check_fetchable(publication.url(), file, settings.timeouts, http, clock, cancel, on_retry);
  } catch (const Error&) {
    publication.withdraw(http, clock, cancel, on_retry);
    throw;
  }
}

}  // namespace klingv2a::publish
