// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See put.h.
#include "publish/put.h"

#include <algorithm>
#include <string_view>

#include "publish/name.h"
#include "publish/upload.h"

namespace klingv2a::publish {

namespace {

Error settings_error(const std::string& what) {
  return make_error(ErrorKind::settings, Phase::publish, what);
}

// Where the uploaded file is read from when nothing else was said: the same URL, but never with the query, which may
// be the right to write.
std::string without_query(GUri* uri, const std::string& name) {
  const char* query = g_uri_get_query(uri);
  if (query && std::string_view(query).find(name) != std::string_view::npos) {
    throw settings_error(
        "publish has {name} in its query, so publish-public-url must say where the file is fetched from");
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
    if (!is_token(name)) throw settings_error(which + " has a name that HTTP does not allow");
    if (has_control(value)) throw settings_error(which + " has a control character in its value");
    for (const char* ours : {"Content-Length", "Transfer-Encoding", "Host", "Connection"}) {
      if (equals_ignoring_case(name, ours)) throw settings_error(which + " is " + ours + ", which is not yours to set");
    }
  }
}

http::Request with_headers(http::Request request, const http::Headers& headers) {
  for (const auto& header : headers) {
    if (equals_ignoring_case(header.first, "Content-Type")) {
      if (request.upload) request.content_type = header.second;
    } else {
      request.headers.push_back(header);
    }
  }
  return request;
}

std::optional<Refusal> judge(const http::Response& response) {
  if (response.status >= 200 && response.status <= 299) return std::nullopt;
  return refusal_by_status(response.status);
}

std::optional<Refusal> judge_removal(const http::Response& response) {
  std::optional<Refusal> refusal = judge(response);
  if (refusal) refusal->meaning = "does not let go of what was PUT there";
  return refusal;
}

class UploadedFile final : public Publication {
 public:
  UploadedFile(std::string url, std::optional<http::Request> removal)
      : url_(std::move(url)), removal_(std::move(removal)) {}
  [[nodiscard]] const std::string& url() const noexcept override { return url_; }

  std::optional<Error> withdraw(http::Client& http, Clock& clock, GCancellable* cancel,
                                const http::OnRetry& on_retry) override {
    if (!removal_) return std::nullopt;
    return remove_from_store({.request = [this] { return *removal_; }, .judge = judge_removal}, http, clock, cancel,
                             on_retry);
  }

 private:
  std::string url_;
  std::optional<http::Request> removal_;
};

}  // namespace

PutTarget put_target(const PublishSettings& settings, const std::string& name) {
  check_headers(settings.headers);
  PutTarget target{.upload_url = expand_name(settings.uri, name)};
  const GUriPtr upload = parse_store_url(target.upload_url, "publish");
  if (settings.public_url.empty()) {
    target.public_url = without_query(upload.get(), name);
  } else {
    target.public_url = expand_name(settings.public_url, name);
    (void)parse_store_url(target.public_url, "publish-public-url");
  }
  return target;
}

std::unique_ptr<Publication> put(const PublishSettings& settings, std::shared_ptr<const SpoolFile> file,
                                 http::Client& http, Clock& clock, GCancellable* cancel, const http::OnRetry& on_retry,
                                 WhenWithdrawn when_withdrawn) {
  PutTarget target = put_target(settings, unguessable_name());
  const http::Request request =
      with_headers(upload_request(target.upload_url, std::move(file), settings.timeouts), settings.headers);
  call_store({.request = [&request] { return http::Request(request); }, .judge = judge}, http, clock, cancel, on_retry);
  std::optional<http::Request> removal;
  if (when_withdrawn == WhenWithdrawn::remove) {
    removal = with_headers(removal_request(target.upload_url, settings.timeouts), settings.headers);
  }
  return std::make_unique<UploadedFile>(std::move(target.public_url), std::move(removal));
}

}  // namespace klingv2a::publish
