// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The words that users and programs see.
#include "error.h"

#include <gtest/gtest.h>

#include <new>
#include <set>
#include <system_error>

namespace klingv2a {
namespace {

TEST(ErrorWords, AreThoseOfTheDocumentation) {
  const std::string_view words[] = {"credentials",   "billing", "permission", "input",           "content",
                                    "busy",          "service", "network",    "unknown-outcome", "task-failed",
                                    "still-running", "result",  "disk",       "settings",        "cancelled"};
  int kind = 0;
  for (const std::string_view word : words) EXPECT_EQ(to_string(static_cast<ErrorKind>(kind++)), word);
  const std::string_view phases[] = {"check", "hold", "proxy", "publish", "submit", "poll", "download", "decode"};
  int phase = 0;
  for (const std::string_view word : phases) EXPECT_EQ(to_string(static_cast<Phase>(phase++)), word);
  EXPECT_EQ(to_string(Paid::no), "no");
  EXPECT_EQ(to_string(Paid::yes), "yes");
  EXPECT_EQ(to_string(Paid::maybe), "maybe");
}

TEST(AsError, LeavesErrorsAsTheyAreAndNamesWhatWasThrownElse) {
  const Error ours = make_error(ErrorKind::disk, Phase::download, "full", "make room");
  const std::exception& thrown = ours;
  EXPECT_EQ(as_error(thrown).kind(), ErrorKind::disk);
  EXPECT_EQ(as_error(thrown).details().advice, "make room");
  const Error other = as_error(std::runtime_error("out of luck"));
  EXPECT_EQ(other.kind(), ErrorKind::service);
  EXPECT_STREQ(other.what(), "internal error: out of luck");
}

TEST(AsError, SaysWhatThisMachineLacks) {
  const auto expect_lack = [](const std::exception& thrown, const std::string& of) {
    const Error error = as_error(thrown);
    EXPECT_EQ(error.kind(), ErrorKind::settings) << of;
    EXPECT_NE(std::string(error.what()).find(of), std::string::npos) << error.what();
    EXPECT_NE(error.details().advice, "");
  };
  const auto system_error = [](std::errc code) { return std::system_error(std::make_error_code(code)); };
  expect_lack(std::bad_alloc(), "no memory left");
  expect_lack(system_error(std::errc::not_enough_memory), "no memory left");
  expect_lack(system_error(std::errc::resource_unavailable_try_again), "no more threads");
  expect_lack(system_error(std::errc::too_many_files_open), "no more files");
  EXPECT_EQ(as_error(system_error(std::errc::io_error)).kind(), ErrorKind::service);
}

TEST(Error, ShowsWhatIsUnseen) {
  const Error error = make_error(ErrorKind::input, Phase::check, "a\u202Egpj.mp4\xff", "rename\u200B it");
  EXPECT_STREQ(error.what(), "a<U+202E>gpj.mp4\uFFFD");
  EXPECT_EQ(error.details().message, error.what());
  EXPECT_EQ(error.details().advice, "rename<U+200B> it");
}

TEST(Describe, SaysWhatIsKnown) {
  ErrorDetails details;
  details.kind = ErrorKind::billing;
  details.phase = Phase::submit;
  EXPECT_EQ(describe(details), "kind=billing phase=submit retryable=no paid=no");
  details.http_status = 429;
  details.kling_code = "1102";
  details.request_id = "r";
  details.task_id = "1";
  details.external_task_id = "e";
  details.retryable = true;
  details.paid = Paid::maybe;
  EXPECT_EQ(describe(details),
            "kind=billing phase=submit http-status=429 kling-code=1102 request-id=r task-id=1 external-task-id=e "
            "retryable=yes paid=maybe");
}

TEST(Error, WhatIsTheMessage) {
  const Error error = make_error(ErrorKind::disk, Phase::download, "no room", "make some");
  EXPECT_STREQ(error.what(), "no room");
  EXPECT_EQ(error.details().advice, "make some");
  EXPECT_EQ(error.kind(), ErrorKind::disk);
}

}  // namespace
}  // namespace klingv2a
