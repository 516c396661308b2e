// SPDX-License-Identifier: LGPL-2.1-or-later
#include "credentials.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "json.h"

namespace klingv2a::sim {
namespace {

constexpr const char* kAbsent = "1001";
constexpr const char* kInvalid = "1002";
constexpr const char* kNotYetValid = "1003";
constexpr const char* kExpired = "1004";
constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kSha256Size = 32;

struct Jwt {
  std::string header, claims, signature;  // decoded
  std::string signed_text;                // what the signature is over
};

// Without padding, as a JWT has it. Nothing for other characters.
std::optional<std::string> decode_base64url(std::string_view text) {
  if (text.empty() || text.find_first_not_of(kBase64Url) != std::string_view::npos || text.size() % 4 == 1) return {};
  std::string standard(text);
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  standard.resize((standard.size() + 3) / 4 * 4, '=');
  gsize size = 0;
  const std::unique_ptr<guchar, Deleter<g_free>> bytes(g_base64_decode(standard.c_str(), &size));
  return std::string(reinterpret_cast<const char*>(bytes.get()), size);
}

std::optional<Jwt> parse_jwt(const std::string& token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string::npos ? first : token.find('.', first + 1);
  if (second == std::string::npos) return std::nullopt;
  const std::string_view view = token;
  const auto header = decode_base64url(view.substr(0, first));
  const auto claims = decode_base64url(view.substr(first + 1, second - first - 1));
  const auto signature = decode_base64url(view.substr(second + 1));
  if (!header || !claims || !signature) return std::nullopt;
  return Jwt{*header, *claims, *signature, token.substr(0, second)};
}

std::string hmac_sha256(const std::string& key, const std::string& text) {
  const std::unique_ptr<GHmac, Deleter<g_hmac_unref>> hmac(
      g_hmac_new(G_CHECKSUM_SHA256, reinterpret_cast<const guchar*>(key.data()), key.size()));
  g_hmac_update(hmac.get(), reinterpret_cast<const guchar*>(text.data()), static_cast<gssize>(text.size()));
  std::array<guint8, kSha256Size> digest;
  gsize size = digest.size();
  g_hmac_get_digest(hmac.get(), digest.data(), &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

}  // namespace

Credentials::Credentials(std::vector<std::string> keys, std::vector<KeyPair> key_pairs)
    : keys_(std::move(keys)), key_pairs_(std::move(key_pairs)) {}

std::optional<std::string> Credentials::refusal(const std::string& authorization, std::int64_t now_s) const {
  if (authorization.empty()) return kAbsent;
  if (!authorization.starts_with(kBearer)) return kInvalid;
  const std::string token = authorization.substr(kBearer.size());
  if (std::ranges::find(keys_, token) != keys_.end()) return std::nullopt;
  try {
    return jwt_refusal(token, now_s);
  } catch (const std::invalid_argument&) {  // a claim is missing or of another kind
    return kInvalid;
  }
}

std::optional<std::string> Credentials::jwt_refusal(const std::string& token, std::int64_t now_s) const {
  const auto jwt = parse_jwt(token);
  if (!jwt || JsonFields(jwt->header).string("alg") != "HS256") return kInvalid;
  const JsonFields claims(jwt->claims);
  const auto pair = std::ranges::find(key_pairs_, claims.string("iss"), &KeyPair::access_key);
  if (pair == key_pairs_.end() || jwt->signature != hmac_sha256(pair->secret_key, jwt->signed_text)) return kInvalid;
  const std::int64_t not_before = claims.integer("nbf"), expires = claims.integer("exp");
  if (now_s < not_before) return kNotYetValid;
  if (now_s >= expires) return kExpired;
  return std::nullopt;
}

}  // namespace klingv2a::sim
