// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What of callbacks can be known to be wrong before there is any network.
#include "callback/settings.h"

#include <gtest/gtest.h>

#include <fstream>

#include "certificate.h"
#include "error.h"
#include "temporary_folder.h"

namespace klingv2a::callback {
namespace {

constexpr const char* kElsewhere = "https://api.cometapi.com/kling";
constexpr const char* kHere = "http://127.0.0.1:8127/kling";

// What is wrong with the settings; empty: nothing.
std::string wrong_with(const CallbackSettings& settings, const std::string& base_url = kElsewhere) {
  try {
    validate(settings, base_url);
    return {};
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_FALSE(error.details().advice.empty()) << error.what();
    return error.what();
  }
}

CallbackSettings good() {
  return {.listen = "0.0.0.0:8443",
          .certificate = {},
          .private_key = {},
          .secret = "whsec_AAAA",
          .public_url = "https://hooks.example.org/kling"};
}

TEST(CallbackSettings, AreNotNeeded) {
  EXPECT_EQ(wrong_with({}), "");
}

TEST(CallbackSettings, ThatAreCompleteAreGood) {
  EXPECT_EQ(wrong_with(good()), "");
  auto settings = good();
  settings.listen = "[::]:8443";
  EXPECT_EQ(wrong_with(settings), "");
  EXPECT_EQ(listen_address(settings).address, "::");
  EXPECT_EQ(listen_address(settings).port, 8443);
}

TEST(CallbackSettings, OnlyAnIpAddressAndAPortCanBeListenedOn) {
  for (const char* listen :
       {"8443", "example.org:8443", ":8443", "0.0.0.0:port", "0.0.0.0:99999", "http://0.0.0.0:1"}) {
    auto settings = good();
    settings.listen = listen;
    EXPECT_NE(wrong_with(settings).find("callback-listen"), std::string::npos) << listen;
  }
}

TEST(CallbackSettings, TheServiceElsewhereNeedsAPublicHttpsUrl) {
  for (const char* url : {"", "hooks.example.org", "ftp://hooks.example.org/", "https://", "http://hooks.example.org/",
                          "https://user@hooks.example.org/", "https://hooks.example.org/?a=b",
                          "https://hooks.example.org/#a", "https://127.0.0.1:8443", "https://localhost/"}) {
    auto settings = good();
    settings.public_url = url;
    EXPECT_NE(wrong_with(settings).find("callback-"), std::string::npos) << url;
  }
}

TEST(CallbackSettings, AServiceOnLoopbackReachesOurLoopback) {
  auto settings = good();
  settings.public_url = {};
  EXPECT_NE(wrong_with(settings, kHere), "") << "all addresses are none to call";
  settings.listen = "127.0.0.1";
  EXPECT_EQ(wrong_with(settings, kHere), "");
  settings.public_url = "http://localhost:8443/";
  EXPECT_EQ(wrong_with(settings, kHere), "");
}

TEST(CallbackSettings, ASecretHasToBeOne) {
  auto settings = good();
  settings.secret = "hunter2!";
  EXPECT_NE(wrong_with(settings).find("callback-secret"), std::string::npos);
}

TEST(CallbackSettings, ACertificateWithoutAListenerIsAMistake) {
  auto settings = good();
  settings.listen = {};
  EXPECT_EQ(wrong_with(settings), "") << "callback-url alone is sent as it is, the secret may be the environment's";
  settings.certificate = "/c.pem";
  EXPECT_NE(wrong_with(settings).find("callback-listen"), std::string::npos);
}

class CallbackCertificate : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& content) const {
    std::ofstream(folder_.file(name)) << content;
    return folder_.file(name);
  }
  const test::TemporaryFolder folder_;
  CallbackSettings settings_ = good();
};

TEST_F(CallbackCertificate, ComesFromOneFileOrTwo) {
  settings_.certificate = file("both.pem", std::string(test::kCertificatePem) + test::kPrivateKeyPem);
  EXPECT_EQ(wrong_with(settings_), "");
  settings_.certificate = file("certificate.pem", test::kCertificatePem);
  settings_.private_key = file("key.pem", test::kPrivateKeyPem);
  EXPECT_EQ(wrong_with(settings_), "");
  EXPECT_TRUE(listen_address(settings_).certificate);
}

TEST_F(CallbackCertificate, ThatCannotBeUsedIsToldOf) {
  const std::string certificate = file("certificate.pem", test::kCertificatePem);
  for (const auto& [one, two] : {std::pair<std::string, std::string>{folder_.file("none.pem"), ""},
                                 {file("text.pem", "text"), ""},
                                 {certificate, ""},
                                 {certificate, folder_.file("none.pem")}}) {
    settings_.certificate = one;
    settings_.private_key = two;
    EXPECT_NE(wrong_with(settings_).find("callback-certificate"), std::string::npos) << one << " " << two;
  }
  settings_.certificate = {};
  settings_.private_key = certificate;
  EXPECT_NE(wrong_with(settings_).find("callback-certificate"), std::string::npos);
}

}  // namespace
}  // namespace klingv2a::callback
