// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See service.h.
#include "kling/service.h"

#include <algorithm>

namespace klingv2a::kling {
namespace {

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

[[noreturn]] void refuse_credentials(const std::string& what, const std::string& advice) {
  throw make_error(ErrorKind::credentials, Phase::check, what, advice);
}

void check_kind(const Service& service) {
  const bool has_key = !service.api_key.empty();
  const bool has_access = !service.access_key.empty();
  const bool has_secret = !service.secret_key.empty();
  if (has_key && (has_access || has_secret)) {
    refuse_credentials("both an API key and an access key or secret key are set",
                       "set api-key, or access-key and secret-key, but not both kinds");
  }
  if (has_access != has_secret) {
    refuse_credentials(
        has_access ? "an access key is set without its secret key" : "a secret key is set without its access key",
        "set access-key and secret-key together");
  }
  if (has_key || has_access) return;
  refuse_credentials("no API key is set",
                     "set api-key, or KLINGV2A_API_KEY or COMETAPI_KEY in the environment; or access-key and "
                     "secret-key for Kling's own service");
}

void check_key(const char* name, const std::string& key) {
  if (std::all_of(key.begin(), key.end(), [](char c) { return g_ascii_isgraph(c); })) return;
  refuse_credentials(std::string("the ") + name + " has a character in it that no key has",
                     "look for spaces, quotes or line breaks that were copied along");
}

}  // namespace

void validate(const Service& service) {
  check_base_url(service.base_url);
  check_kind(service);
  check_key("API key", service.api_key);
  check_key("access key", service.access_key);
  check_key("secret key", service.secret_key);
}

}  // namespace klingv2a::kling
