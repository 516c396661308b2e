// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See result_url.h.
#include "cycle/result_url.h"

#include <arpa/inet.h>
#include <gio/gio.h>

#include <array>
#include <string_view>

#include "error.h"
#include "gobject_ptr.h"
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

using V4 = std::array<unsigned char, 4>;
using V6 = std::array<unsigned char, 16>;

// 0/8, 10/8, 100.64/10, 127/8, 169.254/16, 172.16/12, 192.168/16, multicast and above.
bool is_private(const V4& a) {
  return a[0] == 0 || a[0] == 10 || (a[0] == 100 && (a[1] & 0xc0) == 64) || a[0] == 127 ||
         (a[0] == 169 && a[1] == 254) || (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168) ||
         a[0] >= 224;
}

// Only 2000::/3 is the public network. Addresses that wrap an IPv4 address lie outside; no result comes from one.
bool is_private(const V6& a) {
  return (a[0] & 0xe0) != 0x20;
}

// inet_aton reads what the resolver reads as an address: also "127.1", "0x7f000001" and "2130706433".
bool is_private_host(std::string host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  host = host.substr(0, host.find('%'));
  V4 v4;
  V6 v6;
  if (inet_aton(host.c_str(), reinterpret_cast<in_addr*>(v4.data())) != 0) return is_private(v4);
  if (inet_pton(AF_INET6, host.c_str(), v6.data()) == 1) return is_private(v6);
  return false;
}

}  // namespace

void check_result_url(const std::string& url, const std::string& base_url) {
  const GUriPtr uri(g_uri_parse(url.c_str(), kAsItIs, nullptr));
  const std::string_view scheme = uri ? g_uri_get_scheme(uri.get()) : "";
  if (scheme != "http" && scheme != "https") throw refused(url, "it is neither http nor https");
  if (g_uri_get_userinfo(uri.get())) throw refused(url, "it holds a user or password");
  const std::string host = host_of(url);
  if (host.empty()) throw refused(url, "it has no host");
  if (is_private_host(host) && !http::is_loopback_url(base_url) && host != host_of(base_url)) {
    throw refused(url, "it leads into the local network, where the service is not");
  }
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
