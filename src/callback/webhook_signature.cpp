// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See webhook_signature.h.
#include "callback/webhook_signature.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>

#include "error.h"
#include "gobject_ptr.h"

namespace klingv2a::callback {

namespace {

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::string_view kScheme = "v1,";
constexpr std::size_t kDigestBytes = 32;  // of SHA-256
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

using HmacPtr = std::unique_ptr<GHmac, Deleter<g_hmac_unref>>;

const guchar* bytes_of(std::string_view text) {
  return reinterpret_cast<const guchar*>(text.data());
}

// GLib's decoder passes over what is no base64; a secret with a typing error is to be reported.
bool is_base64(std::string_view text) {
  const std::size_t end = std::min(text.find('='), text.size());
  const bool padded = text.find_first_not_of('=', end) == std::string_view::npos && text.size() - end <= 2;
  return padded && text.size() % 4 == 0 && text.substr(0, end).find_first_not_of(kBase64) == std::string_view::npos;
}

std::string expected_signature(const std::string& key, const WebhookHeaders& headers, std::string_view body) {
  const HmacPtr hmac(g_hmac_new(G_CHECKSUM_SHA256, bytes_of(key), key.size()));
  for (const std::string_view part : {std::string_view(headers.id), std::string_view("."),
                                      std::string_view(headers.timestamp), std::string_view("."), body})
    g_hmac_update(hmac.get(), bytes_of(part), static_cast<gssize>(part.size()));
  std::array<guint8, kDigestBytes> digest{};
  gsize length = digest.size();
  g_hmac_get_digest(hmac.get(), digest.data(), &length);
  const GCharPtr text(g_base64_encode(digest.data(), length));
  return std::string(kScheme) + text.get();
}

bool equal_in_constant_time(std::string_view one, std::string_view other) {
  if (one.size() != other.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < one.size(); ++i)
    difference |= static_cast<unsigned char>(one[i]) ^ static_cast<unsigned char>(other[i]);
  return difference == 0;
}

bool has_signature(std::string_view header, std::string_view expected) {
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(' '), header.size());
    if (equal_in_constant_time(header.substr(0, end), expected)) return true;
    header.remove_prefix(std::min(end + 1, header.size()));
  }
  return false;
}

std::optional<Seconds> unix_time(const std::string& text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return Seconds(static_cast<double>(seconds));
}

}  // namespace

std::string decode_secret(const std::string& secret) {
  std::string_view text = secret;
  if (text.starts_with(kSecretPrefix)) text.remove_prefix(kSecretPrefix.size());
  if (text.empty() || !is_base64(text)) {
    throw make_error(ErrorKind::settings, Phase::check, "callback-secret is not a webhook's secret",
                     "copy it as the service shows it: whsec_ and base64");
  }
  gsize length = 0;
  const std::unique_ptr<guchar, Deleter<g_free>> key(g_base64_decode(std::string(text).c_str(), &length));
  return {reinterpret_cast<const char*>(key.get()), length};
}

Verdict judge(const std::string& key, const WebhookHeaders& headers, std::string_view body, Seconds wall) {
  const std::optional<Seconds> sent = unix_time(headers.timestamp);
  if (headers.id.empty() || !sent || !has_signature(headers.signature, expected_signature(key, headers, body)))
    return Verdict::forged;
  return Seconds(std::abs((wall - *sent).count())) > kTimestampTolerance ? Verdict::stale : Verdict::genuine;
}

}  // namespace klingv2a::callback
