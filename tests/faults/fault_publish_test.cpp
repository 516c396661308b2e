// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A proxy that cannot be published, and a disk that cannot be written to: nothing is asked of the service.
#include <gtest/gtest.h>

#include <future>

#include "fault_run.h"
#include "raw_server.h"

namespace klingv2a::test {
namespace {

using On = sim::Fault::On;
using Do = sim::Fault::Do;
using Reaction = test::Answer::Do;

class PublishFaults : public ::testing::Test {
 protected:
  Outcome run(const std::string& properties) {
    return run_to_end(fault_pipeline(klingv2a_on(service_, properties)), [this] { return posts(service_); });
  }
  Outcome put(const Answer& answer, const std::string& properties = {}) {
    store_.set_default(answer);
    return run("publish=" + store_.url("/{name}.mp4") + " " + properties);
  }
  static Expected nothing_asked(const std::string& kind, int code) { return {.kind = kind, .code = code, .posts = 0}; }

  sim::Service service_{quick_service()};
  RawServer store_;
};

TEST_F(PublishFaults, AStoreThatRefusesTheUpload) {
  for (const int status : {401, 403}) {
    const auto outcome = put(reply(status, "AccessDenied"));
    EXPECT_EQ(outcome.posts, 0);
    EXPECT_EQ(outcome.error.detail("phase"), "check");
    EXPECT_EQ(outcome.error.detail("paid"), "no");
    EXPECT_EQ(outcome.error.detail("http-status"), std::to_string(status));
  }
}

TEST_F(PublishFaults, AStoreThatTakesTheUploadAndHasSomethingElse) {
  const auto outcome = put(reply(200, "this is not what was uploaded"));
  EXPECT_EQ(outcome.posts, 0);
  EXPECT_EQ(outcome.error.detail("phase"), "check");
  EXPECT_EQ(outcome.error.detail("paid"), "no");
  EXPECT_NE(outcome.error.text.find("publish-check"), std::string::npos) << "the way out: " << outcome.error.text;
}

// Side by side, because each takes as long as its retries.
TEST_F(PublishFaults, AStoreThatCannotBeReached) {
  const DeafPort deaf;
  store_.set_default({.what = Reaction::stop_reading});
  const std::vector<std::pair<std::string, std::string>> stores{
      {"stalled upload", "idle-timeout=1 publish=" + store_.url("/{name}.mp4")},
      {"no store", "publish=http://127.0.0.1:" + std::to_string(closed_port()) + "/{name}.mp4"},
      {"black hole", "connect-timeout=1 publish=" + deaf.url() + "{name}.mp4"}};
  (void)fault_clip();
  std::vector<std::future<Outcome>> runs;
  for (const auto& store : stores)
    runs.push_back(std::async(std::launch::async, [this, &store] { return run(store.second); }));
  for (std::size_t i = 0; i < stores.size(); ++i)
    expect_outcome(stores[i].first, nothing_asked("network", GST_RESOURCE_ERROR_WRITE), runs[i].get());
}

TEST_F(PublishFaults, AFolderThatIsNotThere) {
  expect_outcome("no spool-dir", nothing_asked("disk", GST_RESOURCE_ERROR_NO_SPACE_LEFT),
                 run("spool-dir=/nonexistent/folder"));
}

// The service says so only after it has taken the task.
TEST_F(PublishFaults, AServiceThatCannotFetchTheProxyIsAPaidFailure) {
  service_.add_fault({.on = On::fetch, .what = Do::status, .http_status = 404});
  const auto outcome = run("");
  expect_outcome("fetch 404", {.kind = "task-failed", .paid = "yes"}, outcome);
}

}  // namespace
}  // namespace klingv2a::test
