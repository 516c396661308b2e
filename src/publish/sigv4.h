// SPDX-License-Identifier: LGPL-2.1-or-later
//
// URLs that permit one request to S3 for a while: AWS Signature Version 4 in the query ("presigned"), by
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html. The one header that is signed is Host,
// so whoever has the URL needs nothing else. No library of Debian's does it without an SDK around it. Pure functions;
// any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "clock.h"

namespace klingv2a::publish {

struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;  // secret
  std::string session_token;      // secret; empty: the key is a lasting one
};

// What the URL permits.
struct PresignedRequest {
  std::string method = "GET";
  std::string url;  // scheme://host[:port]/path: path by uri_encode(), no query, no port that is the scheme's own
  std::string region;
  std::int64_t expires_s = 0;  // from the signing on; 1 to 604800 (7 days)
  std::string service = "s3";
  std::string payload_hash = "UNSIGNED-PAYLOAD";  // the body is not known yet
};

// The URL with its query, which is a secret until it has expired. `wall_now` is seconds since 1970.
[[nodiscard]] std::string presigned_url(const PresignedRequest& request, const AwsCredentials& credentials,
                                        Seconds wall_now);

// All but RFC 3986's unreserved characters and '/' as %XX, as SigV4 wants the path of an object.
[[nodiscard]] std::string uri_encode_path(std::string_view path);

// The steps in between, for judging them one by one. `date` is YYYYMMDD; the key is 32 raw bytes.
[[nodiscard]] std::string canonical_request(const PresignedRequest& request, const AwsCredentials& credentials,
                                            Seconds wall_now);
[[nodiscard]] std::string string_to_sign(const PresignedRequest& request, const AwsCredentials& credentials,
                                         Seconds wall_now);
[[nodiscard]] std::string signing_key(const std::string& secret_access_key, const std::string& date,
                                      const std::string& region, const std::string& service);

}  // namespace klingv2a::publish
