// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See redaction.h.
#include "kling/redaction.h"

#include <glib.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "gobject_ptr.h"

namespace klingv2a::kling {
namespace {

constexpr std::string_view kLeftOut = "…";
constexpr std::size_t kShortestSecret = 6;

// Where the next URL begins at or after `from`. Its slashes may be escaped, as in JSON.
std::size_t find_url(std::string_view lower_case, std::size_t from) {
  return std::min(lower_case.find("http:", from), lower_case.find("https:", from));
}

}  // namespace

Redaction::Redaction(const Service& service) {
  add(service.api_key);
  add(service.access_key);
  add(service.secret_key);
}

void Redaction::add(const SubmitRequest& request) {
  add(request.callback_url);
  const std::string& url = request.video_url;
  for (std::size_t at = url.find('?'); at != std::string::npos; at = url.find('&', at + 1)) {
    const std::size_t begin = url.find('=', at);
    if (begin == std::string::npos) break;
    add(url.substr(begin + 1, url.find('&', begin) - begin - 1));
  }
}

void Redaction::add(std::string secret) {
  if (secret.size() < kShortestSecret) return;
  // The longest first: one may be a part of another.
  const auto place = std::ranges::find_if(secrets_, [&](const auto& other) { return other.size() < secret.size(); });
  secrets_.insert(place, std::move(secret));
}

std::string Redaction::applied_to(std::string text) const {
  for (const std::string& secret : secrets_) {
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kLeftOut.size())) {
      text.replace(at, secret.size(), kLeftOut);
    }
  }
  return text;
}

std::string with_hosts_only(const std::string& text) {
  constexpr const char* kEndOfUrl = " \t\r\n\"'<>";
  constexpr const char* kSlashes = "/\\";
  const GCharPtr lower_case(g_ascii_strdown(text.data(), static_cast<gssize>(text.size())));
  const std::string_view lower(lower_case.get(), text.size());
  std::string result;
  std::size_t done = 0;
  for (std::size_t url = find_url(lower, 0); url != std::string::npos; url = find_url(lower, done)) {
    const std::size_t end = std::min(text.find_first_of(kEndOfUrl, url), text.size());
    const std::size_t host = std::min(text.find_first_not_of(kSlashes, text.find(':', url) + 1), end);
    // Before an @ may stand a user and a password.
    const bool holds_user = text.find('@', host) < end;
    const std::size_t host_end = holds_user ? host : std::min(text.find_first_of("/\\?#,;)", host), end);
    result += text.substr(done, host_end - done);
    if (host_end < end) result += kLeftOut;
    done = end;
  }
  return result + text.substr(done);
}

}  // namespace klingv2a::kling
