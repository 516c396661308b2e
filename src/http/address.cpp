// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See address.h.
#include "http/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <span>

namespace klingv2a::http {
namespace {

using V4 = std::array<guint8, 4>;
using V6 = std::array<guint8, 16>;

// 0/8, 10/8, 100.64/10, 127/8, 169.254/16, 172.16/12, 192.0.0/24, 192.168/16, multicast and above. Not 198.18/15:
// proxies that catch all traffic of a machine let every name resolve to there.
bool is_local(const V4& a) {
  return a[0] == 0 || a[0] == 10 || (a[0] == 100 && (a[1] & 0xc0) == 64) || a[0] == 127 ||
         (a[0] == 169 && a[1] == 254) || (a[0] == 172 && (a[1] & 0xf0) == 16) ||
         (a[0] == 192 && a[1] == 0 && a[2] == 0) || (a[0] == 192 && a[1] == 168) || a[0] >= 224;
}

bool starts_with(const V6& a, std::span<const guint8> prefix) {
  return std::equal(prefix.begin(), prefix.end(), a.begin());
}

V4 wrapped_at(const V6& a, std::size_t offset) {
  V4 inner{};
  std::copy_n(a.begin() + static_cast<std::ptrdiff_t>(offset), inner.size(), inner.begin());
  return inner;
}

// Only 2000::/3 is the public network; but a network without IPv4 shows public IPv4 addresses behind 64:ff9b::/96.
bool is_local(const V6& a) {
  constexpr V6 kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr V6 kTranslated{0, 0x64, 0xff, 0x9b};
  constexpr std::array<guint8, 2> kTunnelled{0x20, 0x02};
  constexpr std::size_t kInnerOffset = 12;
  const bool mapped = starts_with(a, std::span(kMapped).first(kInnerOffset));
  if (mapped || starts_with(a, std::span(kTranslated).first(kInnerOffset)))
    return is_local(wrapped_at(a, kInnerOffset));
  if (starts_with(a, kTunnelled)) return is_local(wrapped_at(a, kTunnelled.size()));
  return (a[0] & 0xe0) != 0x20;
}

}  // namespace

bool is_local_address(GInetAddress* address) {
  const std::span bytes(g_inet_address_to_bytes(address), g_inet_address_get_native_size(address));
  V4 v4{};
  V6 v6{};
  if (bytes.size() == v4.size()) {
    std::ranges::copy(bytes, v4.begin());
    return is_local(v4);
  }
  if (bytes.size() != v6.size()) return true;
  std::ranges::copy(bytes, v6.begin());
  return is_local(v6);
}

bool is_local_host(std::string host) {
  std::ranges::transform(host, host.begin(), g_ascii_tolower);
  if (host.ends_with('.')) host.pop_back();
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  host = host.substr(0, host.find('%'));  // an IPv6 address's zone
  V4 v4{};
  V6 v6{};
  // inet_aton reads what the resolver reads as an address.
  if (inet_aton(host.c_str(), reinterpret_cast<in_addr*>(v4.data())) != 0) return is_local(v4);
  if (inet_pton(AF_INET6, host.c_str(), v6.data()) == 1) return is_local(v6);
  return false;
}

}  // namespace klingv2a::http
