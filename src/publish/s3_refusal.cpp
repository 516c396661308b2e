// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See s3_refusal.h. The codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
#include "publish/s3_refusal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace klingv2a::publish {

namespace {

// AWS takes a clock that is off by 15 minutes. One that is off by less than this has not caused a refusal.
constexpr Seconds kOnTime{5 * 60};

struct Meaning {
  const char* code;
  ErrorKind kind;
  bool retryable;
  const char* meaning;
  const char* advice;
};

constexpr const char* kCheckKey = "check the key id and the secret in the environment or in ~/.aws/credentials";
constexpr const char* kNewToken = "get new temporary credentials, which live longer than the task";
constexpr const char* kCheckBucket = "check the bucket's name in publish, and make the bucket first";
constexpr const char* kCheckRegion = "set region and endpoint in publish to where the bucket is";
constexpr const char* kLater = "try again later";

constexpr std::array kMeanings{
    Meaning{"SignatureDoesNotMatch", ErrorKind::permission, false,
            "refuses the signature: key id and secret do not belong together", kCheckKey},
    Meaning{"InvalidAccessKeyId", ErrorKind::permission, false, "does not know the access key id", kCheckKey},
    Meaning{"ExpiredToken", ErrorKind::permission, false, "refuses the session token: it has expired", kNewToken},
    Meaning{"TokenRefreshRequired", ErrorKind::permission, false, "refuses the session token: it has expired",
            kNewToken},
    Meaning{"InvalidToken", ErrorKind::permission, false, "refuses the session token", kNewToken},
    Meaning{"AccessDenied", ErrorKind::permission, false, "does not permit it to this key",
            "permit the key to put, get and delete objects under the prefix"},
    Meaning{"NoSuchBucket", ErrorKind::settings, false, "has no such bucket", kCheckBucket},
    Meaning{"InvalidBucketName", ErrorKind::settings, false, "does not take the bucket's name", kCheckBucket},
    Meaning{"AuthorizationHeaderMalformed", ErrorKind::settings, false, "expects another region", kCheckRegion},
    Meaning{"AuthorizationQueryParametersError", ErrorKind::settings, false, "expects another region", kCheckRegion},
    Meaning{"PermanentRedirect", ErrorKind::settings, false, "has the bucket in another region", kCheckRegion},
    Meaning{"TemporaryRedirect", ErrorKind::settings, false, "has the bucket in another region", kCheckRegion},
    Meaning{"RequestTimeout", ErrorKind::network, true, "waited in vain for the file", kLater},
    Meaning{"OperationAborted", ErrorKind::network, true, "is busy with the same object", kLater},
};

const Meaning* meaning_of(const std::string& code) {
  const auto* found =
      std::find_if(kMeanings.begin(), kMeanings.end(), [&code](const Meaning& row) { return code == row.code; });
  return found == kMeanings.end() ? nullptr : found;
}

Refusal refusal_of(const std::string& code, int status) {
  if (const Meaning* known = meaning_of(code)) return {known->kind, known->retryable, known->meaning, known->advice};
  Refusal refusal = refusal_by_status(status);
  if (refusal.kind == ErrorKind::permission) refusal.advice = kCheckKey;
  if (status >= 300 && status < 400) return {ErrorKind::settings, false, "has the bucket elsewhere", kCheckRegion};
  return refusal;
}

bool is_word(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  return !text.empty() && text.size() <= kLongest &&
         std::ranges::all_of(text, [](char c) { return g_ascii_isalnum(c); });
}

// How far our clock is ahead of the server's.
std::optional<Seconds> ahead_of(const http::Response& response, Seconds wall_now) {
  const std::optional<Seconds> theirs = response.date();
  if (!theirs) return std::nullopt;
  return wall_now - *theirs;
}

std::string length_text(Seconds length) {
  constexpr double kMinute = 60;
  return std::to_string(std::llround(std::abs(length.count()) / kMinute)) + " min";
}

// What a wrong clock signs has expired, or is not valid yet: the server may say so in several ways.
std::optional<Refusal> refusal_for_clock(const http::Response& response, const std::string& code, Seconds wall_now) {
  const std::optional<Seconds> ahead = ahead_of(response, wall_now);
  const bool is_off = ahead && std::abs(ahead->count()) > kOnTime.count();
  if (code != "RequestTimeTooSkewed" && !(is_off && response.status == 403)) return std::nullopt;
  std::string meaning = "refuses what this machine's clock has signed";
  if (is_off)
    meaning += ": it is " + length_text(*ahead) + (ahead->count() > 0 ? " ahead of" : " behind") + " the store's";
  return Refusal{ErrorKind::permission, false, std::move(meaning), "set this machine's clock"};
}

}  // namespace

std::string s3_error_code(const std::string& body) {
  constexpr std::string_view kOpen = "<Code>", kClose = "</Code>";
  const std::size_t open = body.find(kOpen);
  if (open == std::string::npos) return {};
  const std::size_t start = open + kOpen.size();
  const std::size_t end = body.find(kClose, start);
  if (end == std::string::npos) return {};
  std::string code = body.substr(start, end - start);
  return is_word(code) ? code : std::string();
}

std::optional<Refusal> s3_refusal(const http::Response& response, Seconds wall_now) {
  if (response.status >= 200 && response.status <= 299) return std::nullopt;
  const std::string code = s3_error_code(response.body);
  std::optional<Refusal> for_clock = refusal_for_clock(response, code, wall_now);
  Refusal refusal = for_clock ? std::move(*for_clock) : refusal_of(code, response.status);
  if (!code.empty()) refusal.meaning += ", by its code " + code;
  const std::string region = response.header("x-amz-bucket-region").value_or("");
  const bool is_region =
      !region.empty() && std::ranges::all_of(region, [](char c) { return g_ascii_isalnum(c) || c == '-'; });
  if (is_region && refusal.kind == ErrorKind::settings) refusal.advice += ": the bucket's region is " + region;
  return refusal;
}

}  // namespace klingv2a::publish
