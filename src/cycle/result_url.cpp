// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See result_url.h.
#include "cycle/result_url.h"

#include <gio/gio.h>

#include <string_view>

#include "error.h"
#include "gobject_ptr.h"
#include "http/address.h"
#include "http/client.h"

namespace klingv2a::cycle {

namespace {

// A signed link must stay byte for byte what it was.
constexpr GUriFlags kAsItIs = G_URI_FLAGS_ENCODED;

Error refused(const std::string& url, const std::string& why) {
  return make_error(ErrorKind::result, Phase::download, http::displayable_url(url) + " is not fetched: " + why);
}

std::string host_of(const std::string& url) {
  const GUriPtr uri(g_uri_parse(url.c_str(), kAsItIs, nullptr));
  const char* host = uri ? g_uri_get_host(uri.get()) : nullptr;
  const GCharPtr lower(g_ascii_strdown(host ? host : "", -1));
  std::string text = lower.get();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

void check_result_url(const std::string& url, const std::string& base_url) {
  const GUriPtr uri(g_uri_parse(url.c_str(), kAsItIs, nullptr));
  const std::string_view scheme = uri ? g_uri_get_scheme(uri.get()) : "";
  if (scheme != "http" && scheme != "https") throw refused(url, "it is neither http nor https");
  if (g_uri_get_userinfo(uri.get())) throw refused(url, "it holds a user or password");
  const std::string host = host_of(url);
  if (host.empty()) throw refused(url, "it has no host");
  if (http::is_local_host(host) && !may_be_local(url, base_url)) {
    throw refused(url, "it leads into the local network, where the service is not");
  }
}

bool may_be_local(const std::string& url, const std::string& base_url) {
  return http::is_loopback_url(base_url) || host_of(url) == host_of(base_url);
}

std::string redirect_target(const std::string& url, const std::string& location) {
  if (location.empty()) throw refused(url, "it redirects to nowhere");
  const GCharPtr target(g_uri_resolve_relative(url.c_str(), location.c_str(), kAsItIs, nullptr));
  if (!target) throw refused(url, "it redirects to something that is not a URL");
  const std::string next = target.get();
  if (g_ascii_strncasecmp(url.c_str(), "https:", 6) == 0 && g_ascii_strncasecmp(next.c_str(), "https:", 6) != 0) {
    throw refused(url, "it redirects from https to something less");
  }
  return next.substr(0, next.find('#'));
}

}  // namespace klingv2a::cycle
