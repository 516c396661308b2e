// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What may be shown of a URL, and which URLs stay on this machine. Pure functions; any thread.
#include <gio/gio.h>

#include <string>
#include <string_view>

#include "gobject_ptr.h"
#include "http/client.h"

namespace klingv2a::http {
namespace {

// The path stays encoded, so that what is shown is what was asked for.
constexpr auto kFlags = static_cast<GUriFlags>(G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_PATH |
                                               G_URI_FLAGS_ENCODED_QUERY | G_URI_FLAGS_ENCODED_FRAGMENT);

GUriPtr parse(std::string_view url) {
  if (url.find('\0') != std::string_view::npos) return nullptr;
  return GUriPtr(g_uri_parse(std::string(url).c_str(), kFlags, nullptr));
}

}  // namespace

std::string displayable_url(std::string_view url) {
  const GUriPtr uri = parse(url);
  if (!uri || !g_uri_get_host(uri.get())) return "(not a URL)";
  const GCharPtr text(g_uri_join(kFlags, g_uri_get_scheme(uri.get()), nullptr, g_uri_get_host(uri.get()),
                                 g_uri_get_port(uri.get()), g_uri_get_path(uri.get()), nullptr, nullptr));
  return text.get();
}

bool is_loopback_url(std::string_view url) {
  const GUriPtr uri = parse(url);
  const char* host = uri ? g_uri_get_host(uri.get()) : nullptr;
  if (!host) return false;
  if (g_ascii_strcasecmp(host, "localhost") == 0) return true;
  const auto address = GObjectPtr<GInetAddress>::adopt(g_inet_address_new_from_string(host));
  return address && g_inet_address_get_is_loopback(address.get());
}

}  // namespace klingv2a::http
