// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the tests of publishing into real stores share: a client with a clock whose gaps take no time, files to publish,
// and the judge of failures.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "fake_clock.h"
#include "http/client.h"
#include "publish/publisher.h"

namespace klingv2a::publish {

inline std::shared_ptr<const SpoolFile> file_of(const std::string& bytes) {
  auto file = std::make_shared<SpoolFile>();
  file->write_at(0, std::as_bytes(std::span(bytes)));
  return file;
}

// Sets variables as long as it lives; those of AWS that it does not name are empty, as is the home.
class AwsEnvironment {
 public:
  explicit AwsEnvironment(const std::map<std::string, std::string>& variables) {
    for (const char* name : kNames) g_setenv(name, "", TRUE);
    for (const auto& [name, value] : variables) g_setenv(name.c_str(), value.c_str(), TRUE);
  }
  ~AwsEnvironment() {
    for (const char* name : kNames) g_setenv(name, "", TRUE);
  }
  AwsEnvironment(const AwsEnvironment&) = delete;
  AwsEnvironment& operator=(const AwsEnvironment&) = delete;

 private:
  static constexpr const char* kNames[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",       "AWS_SESSION_TOKEN",
                                           "AWS_PROFILE",       "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE",
                                           "AWS_REGION",        "AWS_DEFAULT_REGION"};
};

class PublishTest : public ::testing::Test {
 protected:
  PublishTest() {
    settings_.timeouts.idle = Seconds(20);
    be_off_by(Seconds(0));
  }

  // The clock that requests are signed by.
  void be_off_by(Seconds length) {
    const Seconds wall = std::chrono::system_clock::now().time_since_epoch();
    clock_.set_wall_start(wall - clock_.now() + length);
  }
  [[nodiscard]] std::unique_ptr<Publication> run(const std::shared_ptr<const SpoolFile>& file) {
    return publish(settings_, file, http_, clock_, cancel_.get(), [this](const Error&, int, Seconds) { ++retries_; });
  }
  std::optional<Error> withdraw(Publication& publication) {
    return publication.withdraw(http_, clock_, cancel_.get(), {});
  }
  // The failure of what must fail; no secret may be in it.
  template <typename Action>
  ErrorDetails failure_of(const Action& action) {
    try {
      action();
    } catch (const Error& error) {
      const ErrorDetails& details = error.details();
      EXPECT_EQ(details.phase, Phase::publish);
      EXPECT_EQ(details.paid, Paid::no);
      for (const char* secret : {"s3cret", "X-Amz"})
        EXPECT_EQ((details.message + details.advice + describe(details)).find(secret), std::string::npos)
            << details.message;
      return details;
    }
    ADD_FAILURE() << "nothing failed";
    return {};
  }
  ErrorDetails failure() {
    return failure_of([this] { (void)run(file_of("a small clip")); });
  }
  http::Response get(const std::string& url) { return http_.send({.url = url}); }

  PublishSettings settings_;
  GObjectPtr<GCancellable> cancel_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  http::Client http_{cancel_};
  test::FakeClock clock_;
  int retries_ = 0;
};

}  // namespace klingv2a::publish
