// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Publishing by HTTP PUT into a real nginx.
#include <sys/resource.h>

#include <algorithm>

#include "nginx_server.h"
#include "publish_fixture.h"
#include "tcp_proxy.h"

namespace klingv2a::publish {
namespace {

using test::NginxServer;

class Nginx : public PublishTest {
 protected:
  void SetUp() override {
    if (NginxServer::program().empty()) GTEST_SKIP() << "no nginx: install " << NginxServer::kPackages;
    nginx_ = std::make_unique<NginxServer>();
    settings_.uri = nginx_->url("/open/clips/{name}.mp4");
  }
  // How many requests have begun with `method` and been answered with `status`. nginx answers first and writes its line
  // then; its one process has written all earlier lines when it answers one request more.
  [[nodiscard]] long count(const std::string& method_and_status) {
    (void)get(nginx_->url("/"));
    const auto lines = nginx_->requests();
    return std::ranges::count_if(lines, [&](const std::string& line) { return line.starts_with(method_and_status); });
  }

  std::unique_ptr<NginxServer> nginx_;
};

TEST_F(Nginx, aFileIsPutAndFetched) {
  const auto publication = run(file_of("a small clip"));
  EXPECT_EQ(get(publication->url()).body, "a small clip");
  EXPECT_EQ(get(publication->url()).header("content-type"), "video/mp4");
  EXPECT_EQ(count("PUT 201"), 1);
  EXPECT_EQ(count("GET 206"), 1);
}

TEST_F(Nginx, aFileStaysForTheStoresOwnRules) {
  const auto publication = run(file_of("a small clip"));
  EXPECT_FALSE(withdraw(*publication));
  EXPECT_EQ(get(publication->url()).status, 200);
  EXPECT_EQ(count("DELETE"), 0);
}

long peak_memory_kib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST_F(Nginx, aLargeFileIsStreamedFromTheDisk) {
  constexpr std::uint64_t kSize = 90 * 1024 * 1024;
  auto file = std::make_shared<SpoolFile>();
  const std::string head = "the head", tail = "the tail";
  file->write_at(0, std::as_bytes(std::span(head)));
  file->write_at(kSize - tail.size(), std::as_bytes(std::span(tail)));
  const long before = peak_memory_kib();
  (void)run(file);
  EXPECT_LT(peak_memory_kib() - before, 16 * 1024);
  const auto stored = nginx_->files("/open");
  ASSERT_EQ(stored.size(), 1u);
  const auto there = SpoolFile::open_existing(stored[0]);
  ASSERT_EQ(there->size(), kSize);
  std::string end(tail.size(), '\0');
  EXPECT_EQ(there->read_at(kSize - tail.size(), std::as_writable_bytes(std::span(end))), tail.size());
  EXPECT_EQ(end, tail);
}

TEST_F(Nginx, anUploadThatIsCutStartsOver) {
  test::TcpProxy network(nginx_->port());
  settings_.uri = network.url() + "/open/{name}.mp4";
  network.set({.what = test::Cut::Do::reset_request, .request = "PUT", .bytes = 1'000'000});
  const std::string bytes(5'000'000, 'v');
  const auto publication = run(file_of(bytes));
  EXPECT_TRUE(network.wait_for_cut());
  EXPECT_EQ(retries_, 1);
  EXPECT_TRUE(http_.send({.url = publication->url(), .max_body = bytes.size()}).body == bytes);
  EXPECT_EQ(nginx_->files("/open").size(), 1u);
}

TEST_F(Nginx, aRefusedUploadIsAPermissionError) {
  settings_.uri = nginx_->url("/closed/{name}.mp4");
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::permission);
  EXPECT_EQ(details.http_status, 403);
  EXPECT_EQ(retries_, 0);
}

TEST_F(Nginx, aPlaceThatTakesNoPutIsASettingsError) {
  settings_.uri = nginx_->url("/{name}.mp4");
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::settings);
  EXPECT_EQ(details.http_status, 405);
}

// ---- the check of the target

TEST_F(Nginx, theTargetIsTriedAndNothingIsLeft) {
  EXPECT_FALSE(check_target(settings_, http_, clock_, cancel_.get()));
  EXPECT_EQ(count("PUT 201"), 1);
  EXPECT_EQ(count("GET 206"), 1);
  EXPECT_EQ(count("DELETE 204"), 1);
  EXPECT_TRUE(nginx_->files("/open").empty());
}

TEST_F(Nginx, aStoreThatDoesNotPermitDeletionIsNoFailure) {
  settings_.uri = nginx_->url("/kept/{name}.mp4");
  const auto left = check_target(settings_, http_, clock_, cancel_.get());
  ASSERT_TRUE(left);
  EXPECT_EQ(left->details().http_status, 405);
  EXPECT_EQ(nginx_->files("/kept").size(), 1u);
}

TEST_F(Nginx, theTargetsTrialFailsAsPublishingWould) {
  settings_.uri = nginx_->url("/closed/{name}.mp4");
  EXPECT_EQ(failure_of([this] { (void)check_target(settings_, http_, clock_, cancel_.get()); }).kind,
            ErrorKind::permission);
}

}  // namespace
}  // namespace klingv2a::publish
