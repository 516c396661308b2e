// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See result_url.h.
#include "cycle/result_url.h"

#include <gio/gio.h>

#include <algorithm>
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

// https://url.spec.whatwg.org/#url-parsing: no control characters, no blanks around.
std::string without_blanks(std::string_view link) {
  const auto is_blank = [](unsigned char c) { return c <= 0x20; };
  while (!link.empty() && is_blank(static_cast<unsigned char>(link.front()))) link.remove_prefix(1);
  while (!link.empty() && is_blank(static_cast<unsigned char>(link.back()))) link.remove_suffix(1);
  std::string text;
  for (const char c : link)
    if (c != '\t' && c != '\n' && c != '\r') text += c;
  return text.substr(0, text.find('#'));
}

// The length of "http:" or "https:" at the beginning; 0: another scheme, or none.
std::size_t scheme_size(const std::string& text) {
  for (const std::string_view scheme : {"http:", "https:"})
    if (g_ascii_strncasecmp(text.c_str(), scheme.data(), scheme.size()) == 0) return scheme.size();
  return 0;
}

bool is_slash(char c) {
  return c == '/' || c == '\\';
}

// "https://host" with what slashes it needs; `rest` is what follows. Empty when there is none.
std::string take_host(const std::string& text, std::string_view& rest) {
  const std::size_t scheme = scheme_size(text);
  const bool is_relative_to_scheme = text.size() > 1 && is_slash(text[0]) && is_slash(text[1]);
  if (scheme == 0 && !is_relative_to_scheme) return {};
  rest.remove_prefix(scheme);
  while (!rest.empty() && is_slash(rest.front())) rest.remove_prefix(1);
  const std::size_t end = std::min(rest.find_first_of("/\\?"), rest.size());
  const std::string host(rest.substr(0, end));
  rest.remove_prefix(end);
  return text.substr(0, scheme) + "//" + host;
}

bool is_escape(std::string_view text) {
  return text.size() >= 3 && g_ascii_isxdigit(text[1]) && g_ascii_isxdigit(text[2]);
}

std::string escaped(std::string_view path) {
  constexpr std::string_view kStray = "\"<>\\^`{|}";
  const std::size_t query = std::min(path.find('?'), path.size());
  std::string result;
  for (std::size_t at = 0; at < path.size(); ++at) {
    const char c = path[at];
    const auto byte = static_cast<unsigned char>(c);
    const bool is_stray = byte <= 0x20 || byte >= 0x7f || kStray.find(c) != std::string_view::npos;
    if (c == '\\' && at < query) {
      result += '/';
    } else if (is_stray || (c == '%' && !is_escape(path.substr(at)))) {
      const GCharPtr escape(g_strdup_printf("%%%02X", static_cast<unsigned>(byte)));
      result += escape.get();
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

std::string as_browsers_read(std::string_view link, const std::string& base) {
  const std::string text = without_blanks(link);
  std::string_view rest = text;
  const std::string host = take_host(text, rest);
  const std::string read = host + escaped(rest);
  const bool is_whole = scheme_size(host) > 0;
  const GCharPtr url(is_whole ? nullptr : g_uri_resolve_relative(base.c_str(), read.c_str(), kAsItIs, nullptr));
  return url ? url.get() : read;
}

void check_result_url(const std::string& url, const std::string& base_url) {
  const GUriPtr uri(g_uri_parse(url.c_str(), kAsItIs, nullptr));
  const bool has_blank = std::ranges::any_of(url, [](unsigned char c) { return c <= 0x20; });
  if (!uri || has_blank) throw refused(url, "it cannot be read as a URL");
  const std::string_view scheme = g_uri_get_scheme(uri.get());
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
  const std::string next = as_browsers_read(location, url);
  if (scheme_size(next) == 0) throw refused(url, "it redirects to something that is not a URL");
  if (g_ascii_strncasecmp(url.c_str(), "https:", 6) == 0 && g_ascii_strncasecmp(next.c_str(), "https:", 6) != 0) {
    throw refused(url, "it redirects from https to something less");
  }
  return next;
}

}  // namespace klingv2a::cycle
