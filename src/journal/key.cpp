// SPDX-License-Identifier: LGPL-2.1-or-later
#include "journal/key.h"

#include <array>
#include <cstdint>
#include <new>

namespace klingv2a::journal {

namespace {

constexpr std::string_view kVersion = "klingv2a key 1";
constexpr char kField = 'F', kSlice = 'S';

// Percent-encoded octets stay encoded; the scheme's own port and dot segments go.
constexpr auto kFlags =
    static_cast<GUriFlags>(G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_PATH | G_URI_FLAGS_ENCODED_QUERY |
                           G_URI_FLAGS_ENCODED_FRAGMENT | G_URI_FLAGS_SCHEME_NORMALIZE);

}  // namespace

KeyHash::KeyHash() : state_(XXH3_createState()) {
  if (!state_ || XXH3_128bits_reset(state_.get()) == XXH_ERROR) throw std::bad_alloc();
  add_bytes(kVersion.data(), kVersion.size());
}

void KeyHash::add_field(std::string_view name, std::string_view value) {
  add_bytes(&kField, sizeof kField);
  for (const auto part : {name, value}) {
    add_length(part.size());
    add_bytes(part.data(), part.size());
  }
}

void KeyHash::add_slice(std::span<const std::byte> slice) {
  add_bytes(&kSlice, sizeof kSlice);
  add_length(slice.size());
  add_bytes(slice.data(), slice.size());
}

std::string KeyHash::hex() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_.get()));
  std::string text;
  for (const unsigned char byte : canonical.digest) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 0xfU]);
  }
  return text;
}

// Little-endian, on every host.
void KeyHash::add_length(std::size_t length) {
  std::array<unsigned char, sizeof(std::uint64_t)> bytes{};
  for (std::uint64_t rest = length; auto& byte : bytes) {
    byte = static_cast<unsigned char>(rest & 0xffU);
    rest >>= 8U;
  }
  add_bytes(bytes.data(), bytes.size());
}

void KeyHash::add_bytes(const void* bytes, std::size_t size) {
  // It fails for a null pointer only, which an empty part may have.
  if (size > 0) XXH3_128bits_update(state_.get(), bytes, size);
}

std::string normalized_base_url(const std::string& base_url) {
  std::string url = normalized_video_url(base_url);
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::string normalized_video_url(const std::string& video_url) {
  const GUriPtr uri(g_uri_parse(video_url.c_str(), kFlags, nullptr));
  const char* host = uri ? g_uri_get_host(uri.get()) : nullptr;
  if (!host) return video_url;
  const GCharPtr lower(g_ascii_strdown(host, -1));
  const GCharPtr url(g_uri_join(kFlags, g_uri_get_scheme(uri.get()), nullptr, lower.get(), g_uri_get_port(uri.get()),
                                g_uri_get_path(uri.get()), nullptr, nullptr));
  return url.get();
}

}  // namespace klingv2a::journal
