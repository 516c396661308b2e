// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See network_environment.h.
#include "http/network_environment.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "error.h"
#include "spool_file.h"

namespace klingv2a::http {

namespace {

struct Variable {
  const char* name = nullptr;
  std::string value;
};

// The first one that is set and not empty.
std::optional<Variable> first_of(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const char* value = g_getenv(name); value && *value) return Variable{name, value};
  return std::nullopt;
}

Error unusable(const std::string& what, std::string advice) {
  return make_error(ErrorKind::settings, Phase::check, what, std::move(advice));
}

// ---- proxies

constexpr const char* kProxyAdvice = "write it as http://HOST:PORT, https://…, socks4://… or socks5://…, or unset it";

// GIO's words for what curl calls by more names.
std::string scheme_for_gio(std::string scheme) {
  std::ranges::transform(scheme, scheme.begin(), g_ascii_tolower);
  if (scheme == "socks" || scheme == "socks5h") return "socks5";
  return scheme;
}

// "HOST:PORT" is HTTP's, as in curl. Without a port, HTTP's and SOCKS' proxies listen at 1080 there.
std::string proxy_uri(const Variable& variable) {
  const std::size_t colon = variable.value.find("://");
  const bool has_scheme = colon != std::string::npos;
  const std::string scheme = has_scheme ? scheme_for_gio(variable.value.substr(0, colon)) : "http";
  std::string uri = scheme + "://" + (has_scheme ? variable.value.substr(colon + 3) : variable.value);
  constexpr std::array<std::string_view, 5> kKnown{"http", "https", "socks4", "socks4a", "socks5"};
  const bool known = std::ranges::find(kKnown, scheme) != kKnown.end();
  const GUriPtr parsed(known ? g_uri_parse(uri.c_str(), G_URI_FLAGS_HAS_PASSWORD, nullptr) : nullptr);
  const char* host = parsed ? g_uri_get_host(parsed.get()) : nullptr;
  const bool has_space = std::ranges::any_of(uri, [](unsigned char c) { return c <= 0x20 || c == 0x7f; });
  if (!host || !*host || has_space)
    throw unusable(std::string(variable.name) + " names no proxy that can be used", kProxyAdvice);
  if (g_uri_get_port(parsed.get()) > 0) return uri;
  constexpr int kUsualPort = 1080;
  const char* user = g_uri_get_userinfo(parsed.get());
  const GCharPtr with_port(g_uri_join(G_URI_FLAGS_ENCODED, scheme.c_str(), user, host,
                                      scheme == "https" ? 443 : kUsualPort, "", nullptr, nullptr));
  return with_port.get();
}

// Hosts, domains (with what is below them), addresses, networks, each perhaps with a port; by comma or space.
std::vector<std::string> hosts_without_proxy() {
  std::vector<std::string> hosts;
  const auto variable = first_of({"no_proxy", "NO_PROXY"});
  if (!variable) return hosts;
  std::string_view rest = variable->value;
  constexpr std::string_view kBetween = ", \t";
  while (true) {
    const std::size_t begin = rest.find_first_not_of(kBetween);
    if (begin == std::string_view::npos) return hosts;
    rest.remove_prefix(begin);
    hosts.emplace_back(rest.substr(0, rest.find_first_of(kBetween)));
    rest.remove_prefix(hosts.back().size());
  }
}

GProxyResolver* simple_resolver(const std::vector<std::string>& without_proxy) {
  std::vector<char*> hosts;
  hosts.reserve(without_proxy.size() + 1);
  for (const std::string& host : without_proxy) hosts.push_back(const_cast<char*>(host.c_str()));
  hosts.push_back(nullptr);
  return g_simple_proxy_resolver_new(nullptr, hosts.data());
}

// ---- authorities

constexpr std::uint64_t kMostAuthorities = 16 * 1024 * 1024;

void append_file(SpoolFile& all, const std::string& path, const char* variable) {
  const auto file = SpoolFile::open_existing(path, SpoolFile::Links::followed);
  if (!file)
    throw unusable(std::string(variable) + " names a file that is not there: " + path, "correct it, or unset it");
  const std::uint64_t at = all.size();
  if (at + file->size() > kMostAuthorities)
    throw unusable(std::string(variable) + " names too much for certificates", "correct it, or unset it");
  std::string text(file->size(), '\n');
  (void)file->read_at(0, std::as_writable_bytes(std::span(text)));
  text += '\n';
  all.write_at(at, std::as_bytes(std::span(text)));
}

void append_folder(SpoolFile& all, const Variable& folder) {
  std::error_code failure;
  // OpenSSL's folders have each file under a second name, a hash.
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder.value, failure))
    if (std::error_code gone; entry.is_regular_file(gone)) files.insert(std::filesystem::canonical(entry.path(), gone));
  if (failure)
    throw unusable(std::string(folder.name) + " names a folder that cannot be read: " + folder.value,
                   "correct it, or unset it");
  for (const auto& file : files) append_file(all, file, folder.name);
}

std::string basic_authorization(const GUri* proxy) {
  const char* user = g_uri_get_user(const_cast<GUri*>(proxy));
  if (!user) return {};
  const char* password = g_uri_get_password(const_cast<GUri*>(proxy));
  const std::string both = std::string(user) + ":" + (password ? password : "");
  const GCharPtr coded(g_base64_encode(reinterpret_cast<const guchar*>(both.data()), both.size()));
  return std::string("Basic ") + coded.get();
}

struct StrvDeleter {
  void operator()(char** texts) const { g_strfreev(texts); }
};

}  // namespace

GObjectPtr<GProxyResolver> proxies_of_environment() {
  // HTTP_PROXY is left alone, as by curl: it is a header's name in CGI.
  const auto plain = first_of({"http_proxy", "all_proxy", "ALL_PROXY"});
  const auto secure = first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  if (!plain && !secure) return {};
  const auto without_proxy = hosts_without_proxy();
  auto resolver = GObjectPtr<GProxyResolver>::adopt(simple_resolver(without_proxy));
  if (std::ranges::find(without_proxy, "*") != without_proxy.end()) return resolver;
  auto* simple = G_SIMPLE_PROXY_RESOLVER(resolver.get());
  if (plain) g_simple_proxy_resolver_set_uri_proxy(simple, "http", proxy_uri(*plain).c_str());
  if (secure) g_simple_proxy_resolver_set_uri_proxy(simple, "https", proxy_uri(*secure).c_str());
  return resolver;
}

GObjectPtr<GTlsDatabase> authorities_of_environment() {
  const auto file = first_of({"SSL_CERT_FILE"}), folder = first_of({"SSL_CERT_DIR"});
  if (!file && !folder) return {};
  auto all = std::make_unique<SpoolFile>();
  if (file) append_file(*all, file->value, file->name);
  if (folder) append_folder(*all, *folder);
  const std::string path = "/proc/self/fd/" + std::to_string(all->fd());
  GError* raw_error = nullptr;
  auto* database = g_tls_file_database_new(path.c_str(), &raw_error);
  const GErrorPtr error(raw_error);
  if (!database)
    throw unusable(std::string(file ? file->name : folder->name) + " names no certificates that can be read",
                   "correct it, or unset it");
  // It is read again for each connection.
  const auto forget = +[](gpointer file_of_the_database) { delete static_cast<SpoolFile*>(file_of_the_database); };
  g_object_set_data_full(G_OBJECT(database), "klingv2a-authorities", all.release(), forget);
  return GObjectPtr<GTlsDatabase>::adopt(G_TLS_DATABASE(database));
}

std::optional<ProxyRoute> route_of(GProxyResolver* resolver, const std::string& url) {
  if (!resolver) return std::nullopt;
  const std::unique_ptr<char*, StrvDeleter> proxies(g_proxy_resolver_lookup(resolver, url.c_str(), nullptr, nullptr));
  if (!proxies || !*proxies) return std::nullopt;
  const GUriPtr proxy(g_uri_parse(*proxies, G_URI_FLAGS_HAS_PASSWORD, nullptr));
  const std::string_view scheme = proxy ? g_uri_get_scheme(proxy.get()) : "direct";
  if (scheme == "direct") return std::nullopt;
  ProxyRoute route;
  route.name = std::string(g_uri_get_host(proxy.get())) + ":" + std::to_string(g_uri_get_port(proxy.get()));
  if (scheme == "http" || scheme == "https") route.authorization = basic_authorization(proxy.get());
  return route;
}

}  // namespace klingv2a::http
