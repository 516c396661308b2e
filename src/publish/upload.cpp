// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See upload.h.
#include "publish/upload.h"

#include <algorithm>
#include <string_view>

namespace klingv2a::publish {

namespace {

constexpr int kNotFound = 404;

Error settings_error(const std::string& what) {
  return make_error(ErrorKind::settings, Phase::publish, what);
}

Error store_error(const std::string& url, const Refusal& refusal, const http::Response& response, Clock& clock) {
  return Error({.kind = refusal.kind,
                .phase = Phase::publish,
                .retryable = refusal.retryable,
                .http_status = response.status,
                .retry_after_s = response.retry_after(clock.wall()),
                .message = http::displayable_url(url) + " " + refusal.meaning + " (HTTP " +
                           std::to_string(response.status) + ")",
                .advice = refusal.advice});
}

}  // namespace

Refusal refusal_by_status(int status) {
  if (status == 401 || status == 403) {
    return {ErrorKind::permission, false, "does not permit the upload",
            "check the publish URL's signature or the upload headers: they may be missing, wrong or expired"};
  }
  if (status == 408 || status == 429 || status >= 500) {
    return {ErrorKind::network, true, "is in trouble", "try again later"};
  }
  if (status >= 300 && status < 400) {
    return {ErrorKind::settings, false,
            "answers with a redirect, which would carry the upload headers to another place",
            "set publish to the place where the upload really goes"};
  }
  return {ErrorKind::settings, false, "refuses the upload", "check that publish names a place that takes HTTP PUT"};
}

void call_store(const StoreCall& call, http::Client& http, Clock& clock, GCancellable* cancel,
                const http::OnRetry& on_retry) {
  http::with_retries(call.retries, clock, cancel, on_retry, [&] {
    const http::Request request = call.request();
    const http::Response response = http.send(request);
    if (const auto refusal = call.judge(response)) throw store_error(request.url, *refusal, response, clock);
  });
}

http::Request upload_request(const std::string& url, std::shared_ptr<const SpoolFile> file,
                             const http::Timeouts& timeouts) {
  http::Request request;
  request.method = "PUT";
  request.url = url;
  request.content_type = "video/mp4";
  request.upload = std::move(file);
  request.timeouts = timeouts;
  request.phase = Phase::publish;
  return request;
}

GUriPtr parse_store_url(const std::string& url, const std::string& what) {
  GUriPtr uri(g_uri_parse(url.c_str(), G_URI_FLAGS_ENCODED, nullptr));
  const std::string_view scheme = uri ? g_uri_get_scheme(uri.get()) : "";
  if ((scheme != "http" && scheme != "https") || !g_uri_get_host(uri.get()) || !*g_uri_get_host(uri.get())) {
    throw settings_error(what + " is not an absolute http or https URL");
  }
  if (g_uri_get_userinfo(uri.get())) throw settings_error(what + " must not hold a user or password: use a header");
  if (g_uri_get_fragment(uri.get())) throw settings_error(what + " must not have a fragment");
  return uri;
}

http::Request removal_request(const std::string& url, const http::Timeouts& timeouts) {
  constexpr Seconds kLongest{10};
  http::Request request;
  request.method = "DELETE";
  request.url = url;
  request.timeouts = {std::min(timeouts.connect, kLongest), std::min(timeouts.idle, kLongest), kLongest};
  request.phase = Phase::publish;
  return request;
}

std::optional<Error> remove_from_store(StoreCall call, http::Client& http, Clock& clock, GCancellable* cancel,
                                       const http::OnRetry& on_retry) {
  call.retries = {.attempts = 2, .base = Seconds(1), .cap = Seconds(1), .retry_after_cap = Seconds(2)};
  call.judge = [judge = std::move(call.judge)](const http::Response& response) {
    return response.status == kNotFound ? std::nullopt : judge(response);
  };
  try {
    call_store(call, http, clock, cancel, on_retry);
    return std::nullopt;
  } catch (const Error& error) {
    g_warning("what was published could not be removed and stays: %s", error.what());
    return error;
  }
}

}  // namespace klingv2a::publish
