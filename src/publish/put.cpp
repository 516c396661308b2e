// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See put.h.
#include "publish/put.h"

#include <algorithm>
#include <string_view>

#include "publish/name.h"

namespace klingv2a::publish {

namespace {

constexpr http::RetryPolicy kPutRetries{.attempts = 5, .base = Seconds(1), .cap = Seconds(15)};

Error wrong(const std::string& what) {
  return make_error(ErrorKind::settings, Phase::publish, what);
}

// `what` names the setting: the URL itself may hold a secret.
GUriPtr parse_absolute(const std::string& url, const std::string& what) {
  GUriPtr uri(g_uri_parse(url.c_str(), G_URI_FLAGS_ENCODED, nullptr));
  const std::string_view scheme = uri ? g_uri_get_scheme(uri.get()) : "";
  if ((scheme != "http" && scheme != "https") || !g_uri_get_host(uri.get()) || !*g_uri_get_host(uri.get())) {
    throw wrong(what + " is not an absolute http or https URL");
  }
  if (g_uri_get_userinfo(uri.get())) throw wrong(what + " must not hold a user or password: use a header");
  if (g_uri_get_fragment(uri.get())) throw wrong(what + " must not have a fragment");
  return uri;
}

// Where the uploaded file is read from when nothing else was said: the same URL, but never with the query, which may
// be the right to write.
std::string without_query(GUri* uri, const std::string& name) {
  const char* query = g_uri_get_query(uri);
  if (query && std::string_view(query).find(name) != std::string_view::npos) {
    throw wrong("publish has {name} in its query, so publish-public-url must say where the file is fetched from");
  }
  const GCharPtr text(g_uri_join(G_URI_FLAGS_ENCODED, g_uri_get_scheme(uri), nullptr, g_uri_get_host(uri),
                                 g_uri_get_port(uri), g_uri_get_path(uri), nullptr, nullptr));
  return text.get();
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return g_ascii_tolower(x) == g_ascii_tolower(y); });
}

bool is_token(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return g_ascii_isalnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool has_control(std::string_view value) {
  return std::ranges::any_of(value, [](char c) { return c != '\t' && g_ascii_iscntrl(c); });
}

// Not even a wrong name is shown: "Authorization: Bearer …" in its place is a likely slip.
void check_headers(const http::Headers& headers) {
  int number = 0;
  for (const auto& [name, value] : headers) {
    const std::string which = "header " + std::to_string(++number) + " of publish-headers";
    if (!is_token(name)) throw wrong(which + " has a name that HTTP does not allow");
    if (has_control(value)) throw wrong(which + " has a control character in its value");
    for (const char* ours : {"Content-Length", "Transfer-Encoding", "Host", "Connection"}) {
      if (equals_ignoring_case(name, ours)) throw wrong(which + " is " + ours + ", which is not yours to set");
    }
  }
}

http::Request make_request(const PublishSettings& settings, const std::string& url,
                           std::shared_ptr<const SpoolFile> file) {
  http::Request request;
  request.method = "PUT";
  request.url = url;
  request.content_type = "video/mp4";
  request.upload = std::move(file);
  request.timeouts = settings.timeouts;
  request.phase = Phase::publish;
  for (const auto& header : settings.headers) {
    if (equals_ignoring_case(header.first, "Content-Type")) {
      request.content_type = header.second;
    } else {
      request.headers.push_back(header);
    }
  }
  return request;
}

struct Refusal {
  ErrorKind kind;
  bool retryable;
  const char* meaning;
  const char* advice;
};

Refusal classify(int status) {
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

// The body of the answer is left out: stores repeat signatures and key ids in it.
Error upload_error(const std::string& url, const http::Response& response, Clock& clock) {
  const Refusal refusal = classify(response.status);
  std::string message =
      http::displayable_url(url) + " " + refusal.meaning + " (HTTP " + std::to_string(response.status) + ")";
  return Error({.kind = refusal.kind,
                .phase = Phase::publish,
                .retryable = refusal.retryable,
                .http_status = response.status,
                .retry_after_s = response.retry_after(clock.wall()),
                .message = std::move(message),
                .advice = refusal.advice});
}

class UploadedFile final : public Publication {
 public:
  explicit UploadedFile(std::string url) : url_(std::move(url)) {}
  [[nodiscard]] const std::string& url() const noexcept override { return url_; }

 private:
  std::string url_;
};

}  // namespace

PutTarget put_target(const PublishSettings& settings, const std::string& name) {
  check_headers(settings.headers);
  PutTarget target{.upload_url = expand_name(settings.uri, name)};
  const GUriPtr upload = parse_absolute(target.upload_url, "publish");
  if (settings.public_url.empty()) {
    target.public_url = without_query(upload.get(), name);
  } else {
    target.public_url = expand_name(settings.public_url, name);
    (void)parse_absolute(target.public_url, "publish-public-url");
  }
  return target;
}

std::unique_ptr<Publication> put(const PublishSettings& settings, std::shared_ptr<const SpoolFile> file,
                                 http::Client& http, Clock& clock, GCancellable* cancel,
                                 const http::OnRetry& on_retry) {
  PutTarget target = put_target(settings, unguessable_name());
  const http::Request request = make_request(settings, target.upload_url, std::move(file));
  http::with_retries(kPutRetries, clock, cancel, on_retry, [&] {
    const http::Response response = http.send(request);
    if (response.status < 200 || response.status > 299) throw upload_error(target.upload_url, response, clock);
  });
  return std::make_unique<UploadedFile>(std::move(target.public_url));
}

}  // namespace klingv2a::publish
