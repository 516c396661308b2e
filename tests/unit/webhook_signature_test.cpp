// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whose callback it is: the published vector, and each way in which a callback may differ from it.
#include "callback/webhook_signature.h"

#include <gtest/gtest.h>

#include "error.h"

namespace klingv2a::callback {
namespace {

// From Kling's page on callbacks.
constexpr const char* kSecret = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=";
constexpr const char* kSignature = "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=";
constexpr const char* kBody =
    R"({"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151})";
constexpr Seconds kSent{1781080794};

class WebhookSignature : public ::testing::Test {
 protected:
  [[nodiscard]] Verdict verdict(Seconds wall = kSent) const { return judge(key_, headers_, body_, wall); }
  void sign_with(const std::string& signature) { headers_.signature = signature; }

  const std::string key_ = decode_secret(kSecret);
  WebhookHeaders headers_{"9876543210", "1781080794", kSignature};
  std::string body_ = kBody;
};

TEST_F(WebhookSignature, ThePublishedVectorIsGenuine) {
  EXPECT_EQ(verdict(), Verdict::genuine);
}

TEST_F(WebhookSignature, ASecretMayComeWithoutItsPrefix) {
  EXPECT_EQ(decode_secret(kSecret), decode_secret(std::string(kSecret).substr(6)));
  EXPECT_EQ(decode_secret(kSecret), "testsecrettestsecrettestsecret12");
}

TEST_F(WebhookSignature, OneOfSeveralIsEnough) {
  const std::string other = "v1,AAAAJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=";
  for (const auto& signatures :
       {other + " " + kSignature, kSignature + (" " + other), "v1a,xyz  " + other + " " + kSignature}) {
    sign_with(signatures);
    EXPECT_EQ(verdict(), Verdict::genuine) << signatures;
  }
  sign_with(other + " " + other);
  EXPECT_EQ(verdict(), Verdict::forged);
}

TEST_F(WebhookSignature, AnotherSecretDoesNotFit) {
  EXPECT_EQ(judge(decode_secret("whsec_AAAA"), headers_, body_, kSent), Verdict::forged);
}

TEST_F(WebhookSignature, EachPartIsSigned) {
  const WebhookHeaders headers = headers_;
  headers_.id = "9876543211";
  EXPECT_EQ(verdict(), Verdict::forged);
  headers_ = headers;
  headers_.timestamp = "1781080795";
  EXPECT_EQ(verdict(), Verdict::forged);
  headers_ = headers;
  body_.back() = ' ';
  EXPECT_EQ(verdict(), Verdict::forged);
  body_ = {};
  EXPECT_EQ(verdict(), Verdict::forged);
}

TEST_F(WebhookSignature, MalformedHeadersAreForged) {
  for (const char* signature :
       {"", " ", "v1", "v1,", "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4",
        "v2,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=", "UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4="}) {
    sign_with(signature);
    EXPECT_EQ(verdict(), Verdict::forged) << signature;
  }
}

// They are signed all right, but say nothing of the time or of which callback it is.
TEST_F(WebhookSignature, WithoutIdOrTimeNothingIsGenuine) {
  headers_ = {"", "1781080794", "v1,2JiNDZ4q36EJV0knlvcp4L0T2H7np8JF35aO8GoqRg0="};
  EXPECT_EQ(verdict(), Verdict::forged);
  for (const char* time : {"", "now", "1781080794.5", " 1781080794", "99999999999999999999"}) {
    headers_ = {"9876543210", time, kSignature};
    EXPECT_EQ(verdict(), Verdict::forged) << time;
  }
}

TEST_F(WebhookSignature, FiveMinutesOffIsStaleEitherWay) {
  EXPECT_EQ(verdict(kSent + Seconds(300)), Verdict::genuine);
  EXPECT_EQ(verdict(kSent - Seconds(300)), Verdict::genuine);
  EXPECT_EQ(verdict(kSent + Seconds(301)), Verdict::stale);
  EXPECT_EQ(verdict(kSent - Seconds(301)), Verdict::stale);
}

TEST_F(WebhookSignature, WhatIsNoSecretIsRefusedWithoutBeingTold) {
  for (const char* wrong :
       {"whsec_", "whsec_hunter2!hunter2", "whsec_abc", "whsec_ab=c", "whsec_a===", " whsec_AAAA"}) {
    try {
      (void)decode_secret(wrong);
      ADD_FAILURE() << wrong;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::settings);
      EXPECT_EQ((error.details().message + error.details().advice).find("hunter2"), std::string::npos);
      EXPECT_NE(error.details().message.find("callback-secret"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace klingv2a::callback
