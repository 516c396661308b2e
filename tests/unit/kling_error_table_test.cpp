// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The error table against the documented one, written down a second time: each code in each envelope, on both calls.
#include "kling/error_table.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace klingv2a::kling {
namespace {

using enum Action;
using K = ErrorKind;

struct Documented {
  int http_status;
  std::string code;
  K kind;
  Action on_submit, on_query;
};

const std::vector<Documented>& documented_codes() {
  static const std::vector<Documented> kCodes{
      {401, "1000", K::credentials, fatal, fatal},
      {401, "1001", K::credentials, fatal, fatal},
      {401, "1002", K::credentials, fatal, fatal},
      {401, "1003", K::credentials, sign_again, sign_again},
      {401, "1004", K::credentials, sign_again, sign_again},
      {429, "1100", K::permission, fatal, fatal},
      {429, "1101", K::billing, fatal, fatal},
      {429, "1102", K::billing, fatal, fatal},
      {403, "1103", K::permission, fatal, fatal},
      {400, "1200", K::input, fatal, fatal},
      {400, "1201", K::input, fatal, fatal},
      {404, "1202", K::settings, fatal, fatal},
      {404, "1203", K::input, fatal, retry_briefly},
      {400, "1300", K::content, fatal, fatal},
      {400, "1301", K::content, fatal, fatal},
      {429, "1302", K::busy, resubmit, retry},
      {429, "1303", K::busy, resubmit, retry},
      {429, "1304", K::permission, fatal, fatal},
      {500, "5000", K::service, ambiguous, retry},
      {503, "5001", K::service, ambiguous, retry},
      {504, "5002", K::service, ambiguous, retry},
      {500, "invalid_request", K::input, fatal, fatal},
      {400, "invalid_request", K::input, fatal, fatal},
      {403, "insufficient_user_quota", K::billing, fatal, fatal},
      {503, "model_not_found", K::permission, fatal, fatal},
  };
  return kCodes;
}

std::vector<std::string> envelopes_with(const std::string& code) {
  const std::string as_number = g_ascii_isdigit(code[0]) ? code : '"' + code + '"';
  const std::string as_text = '"' + code + '"';
  return {
      R"({"code":)" + as_number + R"(,"message":"m","request_id":"r"})",
      R"({"code":)" + as_text + R"(,"message":"m","data":null})",
      R"j({"error":{"message":"m (request id: r)","type":"comet_api_error","param":"","code":)j" + as_text + "}}",
  };
}

void expect_row(const ErrorRow& row, const Documented& expected) {
  EXPECT_EQ(to_string(row.kind), to_string(expected.kind));
  EXPECT_EQ(action_of(row, Call::submit), expected.on_submit);
  EXPECT_EQ(action_of(row, Call::query), expected.on_query);
}

TEST(ErrorTable, KnowsEachDocumentedCodeInEachEnvelope) {
  for (const Documented& expected : documented_codes()) {
    for (const std::string& body : envelopes_with(expected.code)) {
      SCOPED_TRACE(body);
      expect_row(classify(expected.http_status, read_envelope(expected.http_status, body)), expected);
    }
  }
}

TEST(ErrorTable, ACodeWinsOverTheStatus) {
  for (const Documented& expected : documented_codes()) {
    for (const int status : {200, 400, 429, 500, 524}) {
      SCOPED_TRACE(expected.code + " with " + std::to_string(status));
      expect_row(classify(status, read_envelope(status, envelopes_with(expected.code)[0])), expected);
    }
  }
}

TEST(ErrorTable, HasARowForEachStatusWithoutACode) {
  const std::vector<Documented> expected_rows{
      {200, "", K::service, ambiguous, retry},
      {301, "", K::settings, fatal, fatal},
      {302, "", K::settings, fatal, fatal},
      {303, "", K::settings, ambiguous, fatal},
      {307, "", K::settings, fatal, fatal},
      {308, "", K::settings, fatal, fatal},
      {400, "", K::input, fatal, fatal},
      {401, "", K::credentials, fatal, fatal},
      {402, "", K::billing, fatal, fatal},
      {403, "", K::permission, fatal, fatal},
      {404, "", K::settings, fatal, retry_briefly},
      {405, "", K::settings, fatal, fatal},
      {408, "", K::service, ambiguous, retry},
      {413, "", K::input, fatal, fatal},
      {421, "", K::service, fatal, retry},
      {422, "", K::input, fatal, fatal},
      {425, "", K::busy, fatal, retry},
      {429, "", K::busy, ambiguous, retry},
      {500, "", K::service, ambiguous, retry},
      {501, "", K::service, ambiguous, retry},
      {502, "", K::service, ambiguous, retry},
      {503, "", K::service, ambiguous, retry},
      {504, "", K::service, ambiguous, retry},
      {520, "", K::service, ambiguous, retry},
      {524, "", K::service, ambiguous, retry},
      {599, "", K::service, ambiguous, retry},
      {0, "", K::service, ambiguous, retry},
      {999, "", K::service, ambiguous, retry},
  };
  for (const Documented& expected : expected_rows) {
    for (const char* body : {"", "<html>", "{}", R"({"code":"9999","message":"new"})"}) {
      SCOPED_TRACE(std::to_string(expected.http_status) + " " + body);
      expect_row(classify(expected.http_status, read_envelope(expected.http_status, body)), expected);
    }
  }
}

// The promise that ranks first: nothing is paid twice.
TEST(ErrorTable, OnlyRateAndConcurrencyLimitsAreSubmittedAgain) {
  for (const ErrorRow& row : error_table()) {
    const bool limit =
        row.code == "1302" || row.code == "1303" || row.message == "Upstream load is saturated, please try again later";
    EXPECT_EQ(row.on_submit == resubmit, limit) << row.meaning;
    EXPECT_NE(row.on_submit, retry) << row.meaning;
    EXPECT_NE(row.on_submit, retry_briefly) << row.meaning;
    EXPECT_NE(row.on_query, ambiguous) << row.meaning;
    EXPECT_NE(row.on_query, resubmit) << row.meaning;
  }
}

std::string comet_error(const std::string& message) {
  return R"({"error":{"message":")" + message + R"(","type":"comet_api_error","param":"","code":""}})";
}

// In these words alone the gateway says that it has handed the request to nobody.
TEST(ErrorTable, CometApisOwnLimitIsARefusal) {
  const std::string words = "Upstream load is saturated, please try again later";
  for (const std::string& message : {words, words + " (request id: 2026abc)", words + ".", words + ". (request id: 1)",
                                     std::string("upstream load is saturated, please try again later")}) {
    const ErrorRow row = classify(429, read_envelope(429, comet_error(message)));
    EXPECT_EQ(row.on_submit, resubmit) << message;
    EXPECT_EQ(row.on_query, retry) << message;
    EXPECT_EQ(row.kind, K::busy) << message;
  }
  for (const std::string& message : {std::string("Too many requests"), std::string("rate limit"), words + " or not",
                                     "channel 3: " + words, std::string("Upstream load is saturated")})
    EXPECT_EQ(classify(429, read_envelope(429, comet_error(message))).on_submit, ambiguous) << message;
  for (const int status : {500, 503})
    EXPECT_EQ(classify(status, read_envelope(status, comet_error(words))).on_submit, ambiguous) << status;
}

TEST(ErrorTable, KnowsWhoIsNotTheApi) {
  for (const char* body : {R"({"code":1103,"message":"m"})", R"({"code":"model_not_found"})",
                           R"({"error":{"message":"m","type":"comet_api_error"}})"})
    EXPECT_TRUE(is_of_the_api(read_envelope(403, body))) << body;
  for (const char* body : {"", "<html>Just a moment...</html>", "{}", R"({"message":"Forbidden"})",
                           R"({"success":false,"errors":[{"code":1020}]})", R"({"code":403,"msg":"blocked"})",
                           R"({"detail":"no"})", R"({"error":"access denied"})", "error code: 1020"})
    EXPECT_FALSE(is_of_the_api(read_envelope(403, body))) << body;
  EXPECT_EQ(strangers_row().on_query, retry);
}

TEST(ErrorTable, EachRowSaysWhatItMeansAndWhatToDo) {
  for (const ErrorRow& row : error_table()) {
    EXPECT_FALSE(row.meaning.empty()) << row.http_status << row.code;
    EXPECT_FALSE(row.advice.empty()) << row.http_status << row.code;
  }
}

TEST(ErrorTable, NoRowHidesAnother) {
  for (const ErrorRow& row : error_table()) {
    Envelope envelope;
    envelope.code = row.code;
    envelope.message = row.message;
    const bool is_class = row.http_status > 0 && row.http_status < 10;
    const int status = is_class ? row.http_status * 100 + 99 : row.http_status;
    EXPECT_EQ(&classify(status, envelope), &row) << row.http_status << row.code;
  }
}

}  // namespace
}  // namespace klingv2a::kling
