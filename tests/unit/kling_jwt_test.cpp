// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Tokens as Kling wants them, taken apart without the library that made them; and what the client does when one is
// refused.
#include "kling/jwt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fake_clock.h"
#include "kling/client.h"
#include "kling/json.h"
#include "raw_server.h"

namespace klingv2a::kling {
namespace {

using test::RawServer;
using test::reply;

constexpr const char* kAccessKey = "AK-0123456789abcdef";
constexpr const char* kSecretKey = "SK-very-secret-0123456789";
constexpr std::int64_t kNow = 1780001000;  // the fake clock's

std::string decoded(std::string text) {
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  while (text.size() % 4 != 0) text += '=';
  gsize size = 0;
  const std::unique_ptr<guchar, Deleter<g_free>> bytes(g_base64_decode(text.c_str(), &size));
  return {reinterpret_cast<const char*>(bytes.get()), size};
}

std::string hmac(const std::string& key, const std::string& text) {
  using HmacPtr = std::unique_ptr<GHmac, Deleter<g_hmac_unref>>;
  const HmacPtr hmac(g_hmac_new(G_CHECKSUM_SHA256, reinterpret_cast<const guchar*>(key.data()), key.size()));
  g_hmac_update(hmac.get(), reinterpret_cast<const guchar*>(text.data()), static_cast<gssize>(text.size()));
  std::string digest(32, '\0');
  gsize size = digest.size();
  g_hmac_get_digest(hmac.get(), reinterpret_cast<guint8*>(digest.data()), &size);
  return digest;
}

struct Token {
  std::optional<JsonDocument> header, claims;
  bool signature_is_right = false;
};

Token read_token(const std::string& text, const std::string& secret_key) {
  const std::size_t first = text.find('.');
  const std::size_t second = text.find('.', first + 1);
  if (second == std::string::npos) throw std::logic_error("not a token: " + text);
  return {.header = JsonDocument::parse(decoded(text.substr(0, first))),
          .claims = JsonDocument::parse(decoded(text.substr(first + 1, second - first - 1))),
          .signature_is_right = decoded(text.substr(second + 1)) == hmac(secret_key, text.substr(0, second))};
}

TEST(SignJwt, SaysWhoAndHowLongAndIsSigned) {
  const Token token = read_token(sign_jwt(kAccessKey, kSecretKey, Seconds(kNow + 0.9)), kSecretKey);
  EXPECT_TRUE(token.signature_is_right);
  ASSERT_TRUE(token.header && token.claims);
  EXPECT_EQ(text_member(token.header->root(), "alg"), "HS256");
  EXPECT_EQ(text_member(token.header->root(), "typ"), "JWT");
  EXPECT_EQ(json_object_get_size(token.claims->root()), 3u);
  EXPECT_EQ(text_member(token.claims->root(), "iss"), kAccessKey);
  EXPECT_EQ(integer_member(token.claims->root(), "exp"), kNow + 1800);
  EXPECT_EQ(integer_member(token.claims->root(), "nbf"), kNow - 5);
}

TEST(SignJwt, WithAnotherKeyItIsAnotherSignature) {
  EXPECT_FALSE(read_token(sign_jwt(kAccessKey, "another", Seconds(kNow)), kSecretKey).signature_is_right);
}

TEST(SignJwt, CanBeSentInAHeader) {
  const std::string token = sign_jwt("\"odd\" \\ key ✓", std::string(300, 'k'), Seconds(kNow));
  EXPECT_TRUE(std::ranges::all_of(token, [](char c) { return g_ascii_isalnum(c) || c == '-' || c == '_' || c == '.'; }))
      << token;
}

TEST(SignJwt, WithoutASecretKeyIsAnError) {
  EXPECT_THROW((void)sign_jwt(kAccessKey, "", Seconds(kNow)), Error);
}

// --- the client ----------------------------------------------------------------------------------------------------

class KlingJwt : public testing::Test {
 protected:
  SubmitRequest request() {
    SubmitRequest request;
    request.video_url = "https://store.example/v.mp4";
    request.external_task_id = "klingv2a-42";
    return request;
  }
  test::Answer accepted() { return reply(200, R"({"code":0,"data":{"task_id":"7","task_status":"submitted"}})"); }
  test::Answer refused(int code, const std::string& headers = {}) {
    return reply(401, R"({"code":)" + std::to_string(code) + R"(,"message":"no"})", headers);
  }
  // The Date header of a service whose clock is ahead of ours by so much.
  static std::string date(int ahead) {
    using DateTimePtr = std::unique_ptr<GDateTime, Deleter<g_date_time_unref>>;
    const DateTimePtr time(g_date_time_new_from_unix_utc(kNow + ahead));
    const GCharPtr text(g_date_time_format(time.get(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n"));
    return text.get();
  }
  // What the `index`-th request claims; its signature is checked.
  std::int64_t claim(std::size_t index, const char* name) {
    const std::string header = server_.requests().at(index).header("Authorization");
    EXPECT_TRUE(header.starts_with("Bearer ")) << header;
    const Token token = read_token(header.substr(7), kSecretKey);
    EXPECT_TRUE(token.signature_is_right);
    return integer_member(token.claims->root(), name);
  }
  ErrorDetails failure(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      const std::string text = error.what() + describe(error.details()) + error.details().advice;
      for (const test::SeenRequest& seen : server_.requests()) {
        for (const std::string& secret :
             {std::string(kSecretKey), std::string(kAccessKey), seen.header("Authorization").substr(7)}) {
          EXPECT_EQ(text.find(secret), std::string::npos) << text;
        }
      }
      return error.details();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
  }

  RawServer server_;
  test::FakeClock clock_;
  http::Client http_{GObjectPtr<GCancellable>::adopt(g_cancellable_new())};
  Client client_{http_,
                 {.base_url = server_.url(""),
                  .access_key = kAccessKey,
                  .secret_key = kSecretKey,
                  .timeouts = {Seconds(5), Seconds(5), Seconds(10)}},
                 clock_};
};

TEST_F(KlingJwt, EachRequestHasATokenOfItsOwn) {
  server_.set_default(accepted());
  (void)client_.submit(request());
  clock_.advance(Seconds(100));
  (void)client_.query({"7"});
  clock_.advance(Seconds(100));
  (void)client_.find_by_external_id("klingv2a-42");
  for (std::size_t i = 0; i < 3; ++i) {
    const std::int64_t now = kNow + 100 * static_cast<std::int64_t>(i);
    EXPECT_EQ(claim(i, "exp"), now + 1800);
    EXPECT_EQ(claim(i, "nbf"), now - 5);
  }
}

TEST_F(KlingJwt, ASubmitIsSignedOnceMoreWhenItsTokenIsRefused) {
  for (const int code : {1003, 1004}) {
    const int before = server_.posts();
    server_.add(refused(code));
    server_.add(accepted());
    EXPECT_EQ(client_.submit(request()).task_id, "7");
    EXPECT_EQ(server_.posts(), before + 2);
  }
  EXPECT_EQ(server_.requests()[0].body, server_.requests()[1].body);
}

TEST_F(KlingJwt, AQueryIsSignedOnceMoreWhenItsTokenIsRefused) {
  server_.add(refused(1004));
  server_.add(accepted());
  EXPECT_EQ(client_.query({"7"}).task_id, "7");
  EXPECT_EQ(server_.requests().size(), 2u);
}

TEST_F(KlingJwt, OnceMoreIsOnce) {
  server_.set_default(refused(1004));
  const ErrorDetails details = failure([&] { (void)client_.submit(request()); });
  EXPECT_EQ(details.kind, ErrorKind::credentials);
  EXPECT_EQ(details.paid, Paid::no);
  EXPECT_EQ(details.kling_code, "1004");
  EXPECT_FALSE(details.retryable);
  EXPECT_NE(details.advice.find("clock"), std::string::npos);
  EXPECT_EQ(server_.posts(), 2);
  (void)failure([&] { (void)client_.query({"7"}); });
  EXPECT_EQ(server_.requests().size(), 4u);
}

TEST_F(KlingJwt, NothingElseIsRepeated) {
  for (const int code : {1000, 1001, 1002, 1100, 1303}) {
    server_.add(refused(code));
    (void)failure([&] { (void)client_.submit(request()); });
  }
  server_.add(reply(500, "{}"));
  (void)failure([&] { (void)client_.submit(request()); });
  server_.add(test::reset());
  (void)failure([&] { (void)client_.submit(request()); });
  EXPECT_EQ(server_.posts(), 7);
}

TEST_F(KlingJwt, ARefusedKeyIsAboutTheKeys) {
  server_.add(refused(1000));
  EXPECT_NE(failure([&] { (void)client_.submit(request()); }).advice.find("secret-key"), std::string::npos);
}

TEST_F(KlingJwt, WhenTheSecondPostHasNoAnswerATaskMayExist) {
  server_.add(refused(1003));
  server_.set_default(test::reset());
  const ErrorDetails details = failure([&] { (void)client_.submit(request()); });
  EXPECT_EQ(details.paid, Paid::maybe);
  EXPECT_EQ(server_.posts(), 2);
}

TEST_F(KlingJwt, AWrongClockIsMadeUpFor) {
  for (const int ahead : {-86400, -6, 6, 3600}) {
    const std::size_t before = server_.requests().size();
    server_.add(refused(1003, date(ahead)));
    server_.add(accepted());
    server_.add(accepted());
    EXPECT_EQ(client_.submit(request()).task_id, "7");
    EXPECT_EQ(claim(before + 1, "exp"), kNow + ahead + 1800) << ahead;
    EXPECT_EQ(claim(before + 1, "nbf"), kNow + ahead - 5) << ahead;
    // And from then on.
    (void)client_.query({"7"});
    EXPECT_EQ(claim(before + 2, "nbf"), kNow + ahead - 5) << ahead;
  }
}

TEST_F(KlingJwt, ASmallDifferenceIsNone) {
  for (const int ahead : {-5, 0, 5}) {
    const std::size_t before = server_.requests().size();
    server_.add(refused(1003, date(ahead)));
    server_.add(accepted());
    (void)client_.submit(request());
    EXPECT_EQ(claim(before + 1, "nbf"), kNow - 5) << ahead;
  }
}

TEST_F(KlingJwt, AWrongClockIsNamed) {
  server_.set_default(refused(1004, date(3600)));
  EXPECT_NE(failure([&] { (void)client_.query({"7"}); }).message.find("clock is 3600 s behind"), std::string::npos);
  server_.set_default(refused(1003, date(-60)));
  EXPECT_NE(failure([&] { (void)client_.query({"7"}); }).message.find("clock is 60 s ahead"), std::string::npos);
  server_.set_default(refused(1003, date(1)));
  EXPECT_EQ(failure([&] { (void)client_.query({"7"}); }).message.find("clock is"), std::string::npos);
}

TEST_F(KlingJwt, ATokenThatTheServiceRepeatsIsNotShown) {
  RawServer echo;
  Client client(http_, {.base_url = echo.url(""), .access_key = kAccessKey, .secret_key = kSecretKey}, clock_);
  const std::string token = sign_jwt(kAccessKey, kSecretKey, clock_.wall());
  for (const int code : {1002, 1004}) {
    echo.set_default(
        reply(401, R"({"code":)" + std::to_string(code) + R"(,"message":"bad )" + token + " of " + kAccessKey + "\"}"));
    for (const auto& call : std::vector<std::function<void()>>{
             [&] { (void)client.submit(request()); }, [&] { (void)client.query({"7"}); },
             [&] { (void)client.find_by_external_id("e"); }, [&] { (void)client.list(1, 10); }}) {
      const std::string message = failure(call).message;
      EXPECT_EQ(message.find(token), std::string::npos) << message;
      EXPECT_EQ(message.find(kAccessKey), std::string::npos) << message;
    }
  }
}

TEST_F(KlingJwt, ABearerKeyIsNotSignedAgain) {
  Client client(http_, {.base_url = server_.url(""), .api_key = "sk-0123456789"}, clock_);
  server_.set_default(refused(1004, date(3600)));
  const ErrorDetails details = failure([&] { (void)client.submit(request()); });
  EXPECT_EQ(details.kind, ErrorKind::credentials);
  EXPECT_EQ(details.message.find("clock"), std::string::npos);
  EXPECT_EQ(server_.posts(), 1);
}

// --- settings ------------------------------------------------------------------------------------------------------

struct Credentials {
  const char* name;
  std::string api_key, access_key, secret_key;
  std::string says;  // empty: they are good
};

class ServiceCredentials : public testing::TestWithParam<Credentials> {};

TEST_P(ServiceCredentials, AreOfExactlyOneKind) {
  const Credentials& given = GetParam();
  const Service service{.api_key = given.api_key, .access_key = given.access_key, .secret_key = given.secret_key};
  if (given.says.empty()) {
    EXPECT_NO_THROW(validate(service));
    return;
  }
  try {
    validate(service);
    FAIL() << "they were taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::credentials);
    EXPECT_NE(std::string(error.what()).find(given.says), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find("k3y"), std::string::npos) << error.what();
    EXPECT_FALSE(error.details().advice.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Each, ServiceCredentials,
                         testing::ValuesIn(std::vector{
                             Credentials{"Key", "k3y", "", "", ""}, Credentials{"Pair", "", "k3y", "k3y", ""},
                             Credentials{"None", "", "", "", "no API key"},
                             Credentials{"AccessOnly", "", "k3y", "", "without its secret key"},
                             Credentials{"SecretOnly", "", "", "k3y", "without its access key"},
                             Credentials{"Both", "k3y", "k3y", "k3y", "both"},
                             Credentials{"KeyAndAccess", "k3y", "k3y", "", "both"},
                             Credentials{"KeyAndSecret", "k3y", "", "k3y", "both"},
                             Credentials{"OddAccess", "", "k3y ", "k3y", "the access key"},
                             Credentials{"OddSecret", "", "k3y", "k3y\n", "the secret key"}}),
                         [](const auto& given) { return std::string(given.param.name); });

}  // namespace
}  // namespace klingv2a::kling
