// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What an s3:// URI says, how long a link lasts, what an object is called, and what the refusals of S3 mean.
#include <gtest/gtest.h>

#include "publish/s3.h"
#include "publish/s3_refusal.h"
#include "publish_fixture.h"

namespace klingv2a::publish {
namespace {

std::string base_url(const std::string& uri, const std::string& region = "eu-west-1") {
  return parse_s3(uri, region).base_url;
}

TEST(S3Uri, leadsToAws) {
  EXPECT_EQ(base_url("s3://clips"), "https://clips.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(base_url("s3://clips/a?region=us-east-2"), "https://clips.s3.us-east-2.amazonaws.com");
  EXPECT_EQ(base_url("s3://clips?region=cn-north-1"), "https://clips.s3.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(base_url("s3://clips?path-style=true"), "https://s3.eu-west-1.amazonaws.com/clips");
}

TEST(S3Uri, aBucketWithADotIsPartOfThePathSinceNoCertificateWouldMatch) {
  EXPECT_EQ(base_url("s3://clips.example.org"), "https://s3.eu-west-1.amazonaws.com/clips.example.org");
}

TEST(S3Uri, leadsToOtherStores) {
  EXPECT_EQ(base_url("s3://clips/a?region=auto&endpoint=https://id.r2.cloudflarestorage.com"),
            "https://id.r2.cloudflarestorage.com/clips");
  EXPECT_EQ(base_url("s3://clips?endpoint=http%3A%2F%2F127.0.0.1%3A9000%2F"), "http://127.0.0.1:9000/clips");
  EXPECT_EQ(base_url("s3://clips?endpoint=https://s3.example.org&path-style=false"), "https://clips.s3.example.org");
  EXPECT_EQ(base_url("s3://clips?endpoint=https://h/storage/v1/s3"), "https://h/storage/v1/s3/clips");
}

TEST(S3Uri, theHostIsWrittenAsEveryClientSendsIt) {
  EXPECT_EQ(base_url("s3://clips?endpoint=https://H.Example.org:443"), "https://h.example.org/clips");
  EXPECT_EQ(base_url("s3://clips?endpoint=http://h:80"), "http://h/clips");
  EXPECT_EQ(base_url("s3://clips?endpoint=https://h:80"), "https://h:80/clips");
  EXPECT_EQ(base_url("s3://clips?endpoint=http://[::1]:9000"), "http://[::1]:9000/clips");
}

TEST(S3Uri, hasAPrefix) {
  EXPECT_EQ(parse_s3("s3://clips", "r").prefix, "");
  EXPECT_EQ(parse_s3("s3://clips/", "r").prefix, "");
  EXPECT_EQ(parse_s3("s3://clips//a%20b/c/", "r").prefix, "a b/c/");
  EXPECT_EQ(parse_s3("s3://clips/a/../%2E%2E/./b", "r").prefix, "b/");
}

TEST(S3Uri, hasARegion) {
  EXPECT_EQ(parse_s3("s3://clips", "eu-west-1").region, "eu-west-1");
  EXPECT_EQ(parse_s3("s3://clips?region=auto", "eu-west-1").region, "auto");
  EXPECT_EQ(parse_s3("s3://clips?endpoint=https://h", "").region, "us-east-1");
}

TEST(S3Uri, isRefusedWhenItIsNone) {
  for (const char* uri :
       {"s3://", "s3:clips", "s3://ab", "s3:///clips", "s3://clips:80", "s3://s3cret:s3cret@clips", "s3://clips#x",
        "s3://cli%20ps", "s3://clips?secret=s3cret", "s3://clips?path-style=yes", "s3://clips?region=a/b",
        "s3://clips?region=h%2F", "s3://clips?endpoint=h:9000", "s3://clips?endpoint=ftp://h",
        "s3://clips?endpoint=https://u:s3cret@h", "s3://clips?endpoint=https://h%3Fs3cret=1", "s3://clips/{name}.mp4",
        "s3://clips?region=%ZZ"}) {
    try {
      (void)parse_s3(uri, "eu-west-1");
      ADD_FAILURE() << uri;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::settings) << uri;
      EXPECT_EQ(std::string(error.what()).find("s3cret"), std::string::npos) << error.what();
    }
  }
}

TEST(S3Uri, withoutRegionAndEndpointLeadsNowhere) {
  EXPECT_THROW((void)parse_s3("s3://clips", ""), Error);
}

// ---- settings

TEST(S3Settings, areRefusedWithoutCredentials) {
  const AwsEnvironment none({{"HOME", "/nonexistent"}, {"AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials"}});
  PublishSettings settings;
  settings.uri = "s3://clips?region=eu-west-1";
  EXPECT_THROW(validate(settings), Error);
  const AwsEnvironment some({{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "s3cret"}});
  EXPECT_NO_THROW(validate(settings));
  settings.expiry = Seconds(60);
  EXPECT_THROW(validate(settings), Error);
}

TEST(S3Settings, areRefusedWithWhatIsForPutOnly) {
  const AwsEnvironment environment({{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "s3cret"}});
  PublishSettings settings;
  settings.uri = "s3://clips?region=eu-west-1";
  settings.headers = {{"x-amz-acl", "s3cret"}};
  EXPECT_THROW(validate(settings), Error);
  settings.headers.clear();
  settings.public_url = "https://cdn.example.org/{name}.mp4";
  EXPECT_THROW(validate(settings), Error);
}

std::int64_t expiry(double expiry_s, double timeout_s) {
  PublishSettings settings;
  settings.expiry = Seconds(expiry_s);
  settings.timeout = Seconds(timeout_s);
  try {
    return link_expiry(settings);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_FALSE(error.details().advice.empty());
    return -1;
  }
}

TEST(LinkExpiry, isDerivedFromTheTimeOut) {
  EXPECT_EQ(expiry(0, 1200), 2 * 1200 + 3600);
  EXPECT_EQ(expiry(0, 500000), 604800);
}

TEST(LinkExpiry, isLongerThanTheTimeOut) {
  EXPECT_EQ(expiry(1200 + 900, 1200), 2100);
  EXPECT_EQ(expiry(1200 + 899, 1200), -1);
}

TEST(LinkExpiry, isNotLongerThanS3Allows) {
  EXPECT_EQ(expiry(604800, 1200), 604800);
  EXPECT_EQ(expiry(604801, 1200), -1);
  EXPECT_EQ(expiry(0, 604800), -1);
}

// ---- the object's name

TEST(ObjectName, isTheSameForTheSameFileAndPurpose) {
  const S3Target target{.base_url = "https://h", .prefix = "a/", .region = "r"};
  const std::string name = object_name(target, "clip 1", *file_of("the proxy"));
  EXPECT_EQ(name, object_name(target, "clip 1", *file_of("the proxy")));
  EXPECT_NE(name, object_name(target, "clip 2", *file_of("the proxy")));
  EXPECT_NE(name, object_name(target, "clip 1", *file_of("the proxz")));
  EXPECT_NE(object_name(target, "a", *file_of("bc")), object_name(target, "ab", *file_of("c")));
}

TEST(ObjectName, tellsNothing) {
  const std::string name = object_name({.base_url = "", .prefix = "a b/", .region = ""}, "rain", *file_of("the proxy"));
  EXPECT_TRUE(name.starts_with("a b/"));
  EXPECT_TRUE(name.ends_with(".mp4"));
  EXPECT_EQ(name.substr(4, 64).find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(name.size(), 4 + 64 + 4u);
}

TEST(ObjectName, dependsOnEachByteOfALargeFile) {
  std::string bytes(300000, 'x');
  const S3Target target;
  const std::string name = object_name(target, "", *file_of(bytes));
  bytes.back() = 'y';
  EXPECT_NE(object_name(target, "", *file_of(bytes)), name);
}

// ---- refusals

http::Response response(int status, const std::string& code, const http::Headers& headers = {}) {
  return {.status = status,
          .headers = headers,
          .body = "<?xml version='1.0'?><Error><Code>" + code + "</Code><StringToSign>s3cret</StringToSign></Error>"};
}

constexpr Seconds kNow{1780000000};  // Thu, 28 May 2026 20:26:40 GMT

Refusal refusal(const http::Response& response) {
  const auto found = s3_refusal(response, kNow);
  EXPECT_TRUE(found);
  EXPECT_EQ((found->meaning + found->advice).find("s3cret"), std::string::npos);
  return *found;
}

TEST(S3Refusal, isNoneForASuccess) {
  for (const int status : {200, 201, 204}) EXPECT_FALSE(s3_refusal({.status = status}, kNow));
}

TEST(S3Refusal, hasAKindByItsCode) {
  const struct {
    int status;
    const char* code;
    ErrorKind kind;
    bool retryable;
  } cases[] = {{403, "SignatureDoesNotMatch", ErrorKind::permission, false},
               {403, "InvalidAccessKeyId", ErrorKind::permission, false},
               {403, "AccessDenied", ErrorKind::permission, false},
               {400, "ExpiredToken", ErrorKind::permission, false},
               {400, "InvalidToken", ErrorKind::permission, false},
               {404, "NoSuchBucket", ErrorKind::settings, false},
               {301, "PermanentRedirect", ErrorKind::settings, false},
               {400, "AuthorizationHeaderMalformed", ErrorKind::settings, false},
               {400, "RequestTimeout", ErrorKind::network, true},
               {503, "SlowDown", ErrorKind::network, true},
               {500, "InternalError", ErrorKind::network, true},
               {403, "SomethingNew", ErrorKind::permission, false},
               {400, "SomethingNew", ErrorKind::settings, false}};
  for (const auto& c : cases) {
    const Refusal found = refusal(response(c.status, c.code));
    EXPECT_EQ(found.kind, c.kind) << c.code;
    EXPECT_EQ(found.retryable, c.retryable) << c.code;
    EXPECT_NE(found.meaning.find(c.code), std::string::npos);
    EXPECT_FALSE(found.advice.empty()) << c.code;
  }
}

TEST(S3Refusal, showsNoCodeThatIsNotAWord) {
  for (const char* code : {"", "a b", "s3cret/2026", "<b>"}) {
    EXPECT_EQ(s3_error_code(response(403, code).body), "") << code;
  }
  EXPECT_EQ(s3_error_code("<Code>" + std::string(65, 'a') + "</Code>"), "");
  EXPECT_EQ(s3_error_code("<Code>AccessDenied"), "");
  EXPECT_EQ(s3_error_code("<html>"), "");
}

TEST(S3Refusal, saysByHowMuchOurClockIsOff) {
  const struct {
    const char* date;
    const char* words;
  } cases[] = {{"Thu, 28 May 2026 19:26:40 GMT", "60 min ahead of"},
               {"Thu, 28 May 2026 22:26:40 GMT", "120 min behind"}};
  for (const auto& c : cases) {
    const Refusal found = refusal(response(403, "AccessDenied", {{"date", c.date}}));
    EXPECT_EQ(found.kind, ErrorKind::permission);
    EXPECT_NE(found.meaning.find(c.words), std::string::npos) << found.meaning;
    EXPECT_NE(found.advice.find("clock"), std::string::npos);
  }
}

TEST(S3Refusal, blamesTheClockOnlyWhereItMayBeToBlame) {
  const http::Headers nearly = {{"date", "Thu, 28 May 2026 20:22:40 GMT"}},
                      off = {{"date", "Thu, 28 May 2026 19:26:40 GMT"}};
  EXPECT_EQ(refusal(response(403, "SignatureDoesNotMatch", nearly)).advice.find("clock"), std::string::npos);
  EXPECT_EQ(refusal(response(404, "NoSuchBucket", off)).advice.find("clock"), std::string::npos);
  EXPECT_NE(refusal(response(403, "RequestTimeTooSkewed")).advice.find("clock"), std::string::npos);
}

TEST(S3Refusal, namesTheBucketsRegion) {
  const Refusal found = refusal(response(301, "PermanentRedirect", {{"x-amz-bucket-region", "eu-central-1"}}));
  EXPECT_NE(found.advice.find("eu-central-1"), std::string::npos);
}

}  // namespace
}  // namespace klingv2a::publish
