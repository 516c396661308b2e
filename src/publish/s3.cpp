// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See s3.h.
#include "publish/s3.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "publish/aws_credentials.h"
#include "publish/s3_refusal.h"
#include "publish/sigv4.h"
#include "publish/upload.h"

namespace klingv2a::publish {

namespace {

using ChecksumPtr = std::unique_ptr<GChecksum, Deleter<g_checksum_free>>;
using ParamsPtr = std::unique_ptr<GHashTable, Deleter<g_hash_table_unref>>;

constexpr std::int64_t kLongestLink = 7 * 24 * 3600;  // S3's limit
// A link outlives the task by this much: for the upload, a clock that is off, and a fetch at the last moment. It is
// also how long our own requests are good, so that a clock that has fallen behind by more is refused before anything is
// paid.
constexpr std::int64_t kMargin = 15 * 60;
constexpr std::int64_t kComfort = 3600;

Error settings_error(const std::string& what) {
  return make_error(ErrorKind::settings, Phase::publish, "publish: " + what,
                    "write publish=s3://BUCKET/PREFIX?region=NAME&endpoint=URL&path-style=true, each part as needed");
}

// ---- the URI

struct Query {
  std::string region, endpoint, path_style;
};

Query query_of(GUri* uri) {
  const char* text = g_uri_get_query(uri);
  if (!text) return {};
  const ParamsPtr params(g_uri_parse_params(text, -1, "&", G_URI_PARAMS_NONE, nullptr));
  if (!params) throw settings_error("the query is not well encoded");
  const auto take = [&params](const char* name) {
    const auto* value = static_cast<const char*>(g_hash_table_lookup(params.get(), name));
    std::string copy = value ? value : "";
    g_hash_table_remove(params.get(), name);
    return copy;
  };
  Query query{take("region"), take("endpoint"), take("path-style")};
  if (g_hash_table_size(params.get()) > 0) {
    throw settings_error(
        "s3:// takes region, endpoint and path-style in its query, and nothing else (no key, no secret)");
  }
  return query;
}

bool is_made_of(std::string_view text, std::string_view more) {
  return std::ranges::all_of(text,
                             [more](char c) { return g_ascii_isalnum(c) || more.find(c) != std::string_view::npos; });
}

std::string checked_bucket(GUri* uri) {
  constexpr std::size_t kShortest = 3, kLongest = 63;
  const char* host = g_uri_get_host(uri);
  std::string bucket = host ? host : "";
  if (bucket.size() < kShortest || bucket.size() > kLongest || !is_made_of(bucket, "._-")) {
    throw settings_error("s3:// is not followed by the name of a bucket (3 to 63 letters, digits, '.', '-', '_')");
  }
  return bucket;
}

// GLib has resolved '.' and '..'.
std::string checked_prefix(std::string_view path) {
  std::string prefix;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part.empty()) continue;
    if (part.find_first_of("{}") != std::string_view::npos) {
      throw settings_error("the path of s3:// is a prefix: the object's name is added to it, and {name} is not needed");
    }
    prefix.append(part).append("/");
  }
  constexpr std::size_t kLongestPrefix = 900;  // of the 1024 bytes that S3 gives a name
  if (prefix.size() > kLongestPrefix) throw settings_error("the prefix is too long");
  return prefix;
}

bool is_path_style(const Query& query, const std::string& bucket) {
  if (query.path_style == "true") return true;
  if (query.path_style == "false") return false;
  if (!query.path_style.empty()) throw settings_error("path-style is neither true nor false");
  return !query.endpoint.empty() || bucket.find('.') != std::string::npos;
}

// As every client writes it into Host, since that is what is signed: in lower case, without the scheme's own port.
std::string authority_of(GUri* endpoint) {
  const GCharPtr lower(g_ascii_strdown(g_uri_get_host(endpoint), -1));
  std::string host = lower.get();
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  const int port = g_uri_get_port(endpoint);
  const int own_port = std::string_view(g_uri_get_scheme(endpoint)) == "https" ? 443 : 80;
  return port == -1 || port == own_port ? host : host + ":" + std::to_string(port);
}

std::string bucket_url(const std::string& endpoint, const std::string& bucket, bool path_style) {
  const GUriPtr uri = parse_store_url(endpoint, "the endpoint in publish");
  if (g_uri_get_query(uri.get())) throw settings_error("the endpoint must be a URL without a query");
  const std::string scheme = std::string(g_uri_get_scheme(uri.get())) + "://";
  std::string path = g_uri_get_path(uri.get());
  while (path.ends_with('/')) path.pop_back();
  if (path_style) return scheme + authority_of(uri.get()) + path + "/" + bucket;
  return scheme + bucket + "." + authority_of(uri.get()) + path;
}

std::string endpoint_of(const Query& query, const std::string& region) {
  if (!query.endpoint.empty()) return query.endpoint;
  if (region.empty()) throw settings_error("neither region nor endpoint says where the bucket is, nor does AWS_REGION");
  return "https://s3." + region + ".amazonaws.com" + (region.starts_with("cn-") ? ".cn" : "");
}

std::string region_of(const Query& query, const std::string& default_region) {
  std::string region = query.region.empty() ? default_region : query.region;
  if (region.empty() && !query.endpoint.empty()) region = "us-east-1";
  if (!is_made_of(region, "-_")) throw settings_error("the region is not the name of one");
  return region;
}

// ---- the object

// A store, and the right to use it.
struct Store {
  S3Target target;
  AwsCredentials credentials;
  http::Timeouts timeouts;
};

Store store_of(const PublishSettings& settings) {
  AwsSettings aws = load_aws_settings(process_environment());
  return {parse_s3(settings.uri, aws.region), std::move(aws.credentials), settings.timeouts};
}

std::string signed_url(const Store& store, const std::string& method, const std::string& object, std::int64_t expiry,
                       Clock& clock) {
  return presigned_url({.method = method,
                        .url = store.target.base_url + "/" + uri_encode_path(object),
                        .region = store.target.region,
                        .expires_s = expiry},
                       store.credentials, clock.wall());
}

// The clock outlives the call.
StoreCall store_call(std::function<http::Request()> request, Clock& clock) {
  return {.request = std::move(request),
          .judge = [&clock](const http::Response& response) { return s3_refusal(response, clock.wall()); }};
}

class S3Object final : public Publication {
 public:
  S3Object(Store store, std::string name, std::string url, bool keep)
      : store_(std::move(store)), name_(std::move(name)), url_(std::move(url)), keep_(keep) {}
  [[nodiscard]] const std::string& url() const noexcept override { return url_; }

  std::optional<Error> withdraw(http::Client& http, Clock& clock, GCancellable* cancel,
                                const http::OnRetry& on_retry) override {
    if (std::exchange(keep_, true)) return std::nullopt;
    const auto request = [this, &clock] {
      return removal_request(signed_url(store_, "DELETE", name_, kMargin, clock), store_.timeouts);
    };
    return remove_from_store(store_call(request, clock), http, clock, cancel, on_retry);
  }

 private:
  Store store_;
  std::string name_, url_;
  bool keep_;
};

void add_text(GChecksum* checksum, const std::string& text) {
  const std::string line = std::to_string(text.size()) + " " + text + "\n";
  g_checksum_update(checksum, reinterpret_cast<const guchar*>(line.data()), static_cast<gssize>(line.size()));
}

void add_file(GChecksum* checksum, const SpoolFile& file) {
  std::array<std::byte, 64 * 1024> buffer;
  for (std::uint64_t at = 0;;) {
    const std::size_t got = file.read_at(at, buffer);
    if (got == 0) return;
    g_checksum_update(checksum, reinterpret_cast<const guchar*>(buffer.data()), static_cast<gssize>(got));
    at += got;
  }
}

}  // namespace

S3Target parse_s3(const std::string& uri_text, const std::string& default_region) {
  const GUriPtr uri(g_uri_parse(uri_text.c_str(), G_URI_FLAGS_ENCODED_QUERY, nullptr));
  if (!uri || std::string_view(g_uri_get_scheme(uri.get())) != "s3")
    throw settings_error("the s3:// URI cannot be read");
  if (g_uri_get_userinfo(uri.get()) || g_uri_get_port(uri.get()) != -1 || g_uri_get_fragment(uri.get())) {
    throw settings_error("s3:// takes a bucket, a prefix and a query, and nothing else (no key, no port)");
  }
  const Query query = query_of(uri.get());
  const std::string bucket = checked_bucket(uri.get());
  const std::string region = region_of(query, default_region);
  return {.base_url = bucket_url(endpoint_of(query, region), bucket, is_path_style(query, bucket)),
          .prefix = checked_prefix(g_uri_get_path(uri.get())),
          .region = region};
}

std::int64_t link_expiry(const PublishSettings& settings) {
  const auto timeout = static_cast<std::int64_t>(settings.timeout.count());
  const std::int64_t least = timeout + kMargin;
  if (least > kLongestLink) {
    throw make_error(ErrorKind::settings, Phase::publish,
                     "timeout is " + std::to_string(timeout) + " s, but a link to S3 is good for 7 days at most",
                     "set timeout to at most " + std::to_string(kLongestLink - kMargin));
  }
  const auto wanted = static_cast<std::int64_t>(settings.expiry.count());
  // Before the task is waited for, refusals "for now" may be put up with for as long.
  if (wanted == 0) return std::min(2 * timeout + kComfort, kLongestLink);
  if (wanted >= least && wanted <= kLongestLink) return wanted;
  throw make_error(ErrorKind::settings, Phase::publish,
                   "publish-expiry is " + std::to_string(wanted) + " s: with a timeout of " + std::to_string(timeout) +
                       " s the service could come too late, and S3 allows 7 days at most",
                   "set publish-expiry to a number from " + std::to_string(least) + " to " +
                       std::to_string(kLongestLink) + ", or to 0");
}

std::string object_name(const S3Target& target, const std::string& purpose, const SpoolFile& file) {
  const ChecksumPtr checksum(g_checksum_new(G_CHECKSUM_SHA256));
  add_text(checksum.get(), "klingv2a");
  add_text(checksum.get(), purpose);
  add_file(checksum.get(), file);
  return target.prefix + g_checksum_get_string(checksum.get()) + ".mp4";
}

void check_s3(const PublishSettings& settings) {
  if (!settings.headers.empty() || !settings.public_url.empty()) {
    throw settings_error(
        "publish-headers and publish-public-url are for PUT: s3:// signs what it sends, and gives a link itself");
  }
  (void)store_of(settings);
  (void)link_expiry(settings);
}

std::unique_ptr<Publication> put_s3(const PublishSettings& settings, const std::shared_ptr<const SpoolFile>& file,
                                    http::Client& http, Clock& clock, GCancellable* cancel,
                                    const http::OnRetry& on_retry) {
  Store store = store_of(settings);
  const std::int64_t expiry = link_expiry(settings);
  std::string name = object_name(store.target, settings.purpose, *file);
  const auto request = [&] {
    return upload_request(signed_url(store, "PUT", name, kMargin, clock), file, store.timeouts);
  };
  call_store(store_call(request, clock), http, clock, cancel, on_retry);
  std::string url = signed_url(store, "GET", name, expiry, clock);
  return std::make_unique<S3Object>(std::move(store), std::move(name), std::move(url), settings.keep);
}

}  // namespace klingv2a::publish
