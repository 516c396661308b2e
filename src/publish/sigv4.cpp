// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See sigv4.h. The names of the steps are those of AWS's description.
#include "publish/sigv4.h"

#include <glib.h>

#include <array>
#include <cmath>
#include <memory>

#include "gobject_ptr.h"

namespace klingv2a::publish {

namespace {

using DateTimePtr = std::unique_ptr<GDateTime, Deleter<g_date_time_unref>>;
using HmacPtr = std::unique_ptr<GHmac, Deleter<g_hmac_unref>>;

constexpr const char* kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::size_t kSha256Bytes = 32;

const guchar* bytes_of(std::string_view text) {
  return reinterpret_cast<const guchar*>(text.data());
}

std::string hmac(std::string_view key, std::string_view text) {
  const HmacPtr state(g_hmac_new(G_CHECKSUM_SHA256, bytes_of(key), key.size()));
  g_hmac_update(state.get(), bytes_of(text), static_cast<gssize>(text.size()));
  std::array<guint8, kSha256Bytes> digest{};
  gsize size = digest.size();
  g_hmac_get_digest(state.get(), digest.data(), &size);
  return {digest.begin(), digest.end()};
}

std::string hex_hmac(std::string_view key, std::string_view text) {
  const GCharPtr hex(
      g_compute_hmac_for_data(G_CHECKSUM_SHA256, bytes_of(key), key.size(), bytes_of(text), text.size()));
  return hex.get();
}

std::string encoded(std::string_view text, const char* allowed) {
  const GCharPtr escaped(g_uri_escape_bytes(bytes_of(text), text.size(), allowed));
  return escaped.get();
}

std::string utc(Seconds wall, const char* format) {
  const DateTimePtr time(g_date_time_new_from_unix_utc(static_cast<gint64>(std::floor(wall.count()))));
  const GCharPtr text(time ? g_date_time_format(time.get(), format) : nullptr);
  return text ? text.get() : "";
}

std::string date_of(Seconds wall) {
  return utc(wall, "%Y%m%d");
}

std::string timestamp_of(Seconds wall) {
  return utc(wall, "%Y%m%dT%H%M%SZ");
}

std::string scope_of(const PresignedRequest& request, Seconds wall) {
  return date_of(wall) + "/" + request.region + "/" + request.service + "/aws4_request";
}

// What is signed of the query: names in order, everything encoded.
std::string canonical_query(const PresignedRequest& request, const AwsCredentials& credentials, Seconds wall) {
  std::string query = std::string("X-Amz-Algorithm=") + kAlgorithm;
  query += "&X-Amz-Credential=" + encoded(credentials.access_key_id + "/" + scope_of(request, wall), nullptr);
  query += "&X-Amz-Date=" + timestamp_of(wall);
  query += "&X-Amz-Expires=" + std::to_string(request.expires_s);
  if (!credentials.session_token.empty()) {
    query += "&X-Amz-Security-Token=" + encoded(credentials.session_token, nullptr);
  }
  return query + "&X-Amz-SignedHeaders=host";
}

struct UrlParts {
  std::string_view host, path;
};

UrlParts parts_of(std::string_view url) {
  const std::size_t host = std::min(url.find("://"), url.size() - 3) + 3;
  const std::size_t path = std::min(url.find('/', host), url.size());
  return {url.substr(host, path - host), path == url.size() ? "/" : url.substr(path)};
}

}  // namespace

std::string uri_encode_path(std::string_view path) {
  return encoded(path, "/");
}

std::string canonical_request(const PresignedRequest& request, const AwsCredentials& credentials, Seconds wall_now) {
  const UrlParts parts = parts_of(request.url);
  return request.method + "\n" + std::string(parts.path) + "\n" + canonical_query(request, credentials, wall_now) +
         "\nhost:" + std::string(parts.host) + "\n\nhost\n" + request.payload_hash;
}

std::string string_to_sign(const PresignedRequest& request, const AwsCredentials& credentials, Seconds wall_now) {
  const std::string canonical = canonical_request(request, credentials, wall_now);
  const GCharPtr hash(g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes_of(canonical), canonical.size()));
  return std::string(kAlgorithm) + "\n" + timestamp_of(wall_now) + "\n" + scope_of(request, wall_now) + "\n" +
         hash.get();
}

std::string signing_key(const std::string& secret_access_key, const std::string& date, const std::string& region,
                        const std::string& service) {
  return hmac(hmac(hmac(hmac("AWS4" + secret_access_key, date), region), service), "aws4_request");
}

std::string presigned_url(const PresignedRequest& request, const AwsCredentials& credentials, Seconds wall_now) {
  const std::string key =
      signing_key(credentials.secret_access_key, date_of(wall_now), request.region, request.service);
  return request.url + "?" + canonical_query(request, credentials, wall_now) +
         "&X-Amz-Signature=" + hex_hmac(key, string_to_sign(request, credentials, wall_now));
}

}  // namespace klingv2a::publish
