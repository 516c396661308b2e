// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Presigned URLs against the values that AWS has published: S3's description of query authentication, the signing-key
// examples of the general reference, and the signing test suite of AWS's C library.
#include "publish/sigv4.h"

#include <gtest/gtest.h>

namespace klingv2a::publish {
namespace {

std::string hex(const std::string& bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string signature_of(const std::string& url) {
  return url.substr(url.rfind('=') + 1);
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
class S3Example : public ::testing::Test {
 protected:
  const Seconds may_24_2013_{1369353600};
  const AwsCredentials credentials_{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
  const PresignedRequest request_{
      .url = "https://examplebucket.s3.amazonaws.com/test.txt", .region = "us-east-1", .expires_s = 86400};
};

TEST_F(S3Example, hasThePublishedCanonicalRequest) {
  EXPECT_EQ(canonical_request(request_, credentials_, may_24_2013_),
            "GET\n"
            "/test.txt\n"
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
            "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\n"
            "host:examplebucket.s3.amazonaws.com\n"
            "\n"
            "host\n"
            "UNSIGNED-PAYLOAD");
}

TEST_F(S3Example, hasThePublishedStringToSign) {
  EXPECT_EQ(string_to_sign(request_, credentials_, may_24_2013_),
            "AWS4-HMAC-SHA256\n"
            "20130524T000000Z\n"
            "20130524/us-east-1/s3/aws4_request\n"
            "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04");
}

TEST_F(S3Example, hasThePublishedUrl) {
  EXPECT_EQ(presigned_url(request_, credentials_, may_24_2013_),
            "https://examplebucket.s3.amazonaws.com/test.txt"
            "?X-Amz-Algorithm=AWS4-HMAC-SHA256"
            "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
            "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
            "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST_F(S3Example, isSignedForOneMethodOnly) {
  PresignedRequest put = request_;
  put.method = "PUT";
  EXPECT_NE(signature_of(presigned_url(put, credentials_, may_24_2013_)),
            signature_of(presigned_url(request_, credentials_, may_24_2013_)));
}

TEST(SigningKey, isThePublishedOne) {
  EXPECT_EQ(hex(signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20120215", "us-east-1", "iam")),
            "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
  EXPECT_EQ(hex(signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam")),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
}

// awslabs/aws-c-auth, tests/aws-signing-test-suite/v4: the signatures of query-signed-request.txt.
class TestSuite : public ::testing::Test {
 protected:
  std::string signature(const std::string& path) { return signature_of(url(path)); }
  std::string url(const std::string& path) {
    request_.url = "https://example.amazonaws.com" + uri_encode_path(path);
    return presigned_url(request_, credentials_, aug_30_2015_);
  }

  const Seconds aug_30_2015_{1440938160};
  AwsCredentials credentials_{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
  PresignedRequest request_{.region = "us-east-1",
                            .expires_s = 3600,
                            .service = "service",
                            .payload_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};
};

TEST_F(TestSuite, getUnreserved) {
  EXPECT_EQ(signature("/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
            "95968482db1b9e0fadef6efc1bd24689f77c77d9ef56919c96a28cc92e0d6005");
}

TEST_F(TestSuite, getUtf8) {
  EXPECT_EQ(signature("/\xE1\x88\xB4"), "10eae3f14a260bd3911cc6d008d3c576d143b05b62f09782a7a4b37f52178e44");
}

TEST_F(TestSuite, postVanilla) {
  request_.method = "POST";
  EXPECT_EQ(signature("/"), "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b");
}

TEST_F(TestSuite, getVanillaWithSessionToken) {
  credentials_.session_token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
  EXPECT_EQ(signature("/"), "7ff2b50b376cb4d151970630573d6291dc128cc5c2a12ffb237f73cc53f67b6c");
  EXPECT_NE(url("/").find("&X-Amz-Security-Token=6e86291e"), std::string::npos);
}

TEST(UriEncodePath, leavesTheSlashesAndTheUnreserved) {
  EXPECT_EQ(uri_encode_path("a b/c+d=e~f_g.h-i%\xC3\xA4"), "a%20b/c%2Bd%3De~f_g.h-i%25%C3%A4");
}

}  // namespace
}  // namespace klingv2a::publish
