// SPDX-License-Identifier: LGPL-2.1-or-later
//
// check_target() of publisher.h: the target is tried with a file of some bytes.
#include <algorithm>
#include <array>

#include "publish/fetch_check.h"
#include "publish/name.h"
#include "publish/put.h"
#include "publish/way.h"

namespace klingv2a::publish {

namespace {

// No two are alike, so that runs at the same time do not remove each other's.
std::shared_ptr<const SpoolFile> tiny_file() {
  auto file = std::make_shared<SpoolFile>();
  const std::string text = "klingv2a tries whether it can publish here: " + unguessable_name() + "\n";
  file->write_at(0, std::as_bytes(std::span(text)));
  return file;
}

bool contains(std::string_view text, std::string_view lower_case_word) {
  const auto same = [](char a, char b) { return g_ascii_tolower(a) == b; };
  return std::search(text.begin(), text.end(), lower_case_word.begin(), lower_case_word.end(), same) != text.end();
}

// By the names of the parameters alone: X-Amz-Signature, X-Goog-Signature, Signature, sig (Azure's), token ….
bool has_signature(const std::string& url) {
  const std::size_t start = url.find('?');
  if (start == std::string::npos) return false;
  std::string_view query = std::string_view(url).substr(start + 1);
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view name = query.substr(0, std::min(query.find('='), end));
    if (contains(name, "sig") || contains(name, "token")) return true;
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return false;
}

std::optional<Error> try_put(const PublishSettings& settings, http::Client& http, Clock& clock, GCancellable* cancel,
                             const http::OnRetry& on_retry) {
  if (has_signature(settings.uri)) {
    g_debug("publish is signed, perhaps for one use: it is not tried before the clip is there");
    return std::nullopt;
  }
  const auto file = tiny_file();
  const auto publication = put(settings, file, http, clock, cancel, on_retry, WhenWithdrawn::remove);
  if (settings.check) prove(*publication, settings, *file, http, clock, cancel, on_retry);
  return publication->withdraw(http, clock, cancel, on_retry);
}

}  // namespace

std::optional<Error> check_target(const PublishSettings& settings, http::Client& http, Clock& clock,
                                  GCancellable* cancel, const http::OnRetry& on_retry) {
  const Way way = way_of(settings);
  if (way == Way::program) return std::nullopt;
  if (way == Way::put) return try_put(settings, http, clock, cancel, on_retry);
  PublishSettings tiny = settings;
  tiny.keep = false;
  tiny.purpose = "check";
  return publish(tiny, tiny_file(), http, clock, cancel, on_retry)->withdraw(http, clock, cancel, on_retry);
}

}  // namespace klingv2a::publish
