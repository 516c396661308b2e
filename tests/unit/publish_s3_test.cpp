// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Publishing into a bucket of a real Swift, which judges each signature by itself.
#include <cstring>

#include "publish/s3.h"
#include "publish/sigv4.h"
#include "publish_fixture.h"
#include "raw_server.h"
#include "swift_environment.h"
#include "tcp_proxy.h"

namespace klingv2a::publish {
namespace {

using test::SwiftServer;
using Swift = test::SwiftEnvironment;

[[maybe_unused]] const auto* const swift = ::testing::AddGlobalTestEnvironment(new Swift);

class S3 : public PublishTest {
 protected:
  void SetUp() override {
    if (!Swift::server()) GTEST_SKIP() << "no Swift: install " << SwiftServer::kPackages;
    settings_.uri = uri();
    ASSERT_EQ(send("PUT", ""), 200);
  }
  [[nodiscard]] static std::string uri(const std::string& endpoint = Swift::server()->endpoint()) {
    return "s3://" + Swift::bucket() + "/some%20prefix?endpoint=" + endpoint;
  }
  std::string url(const std::string& method, const std::string& path, std::int64_t expires_s = 600) {
    return presigned_url({.method = method,
                          .url = Swift::server()->endpoint() + "/" + Swift::bucket() + path,
                          .region = "us-east-1",
                          .expires_s = expires_s},
                         {SwiftServer::access_key_id(), SwiftServer::secret_access_key(), ""}, clock_.wall());
  }
  int send(const std::string& method, const std::string& path) {
    return http_.send({.method = method, .url = url(method, path)}).status;
  }
  // How many objects the bucket has.
  int objects() {
    const std::string listing = get(url("GET", "")).body;
    int count = 0;
    for (auto at = listing.find("<Key>"); at != std::string::npos; at = listing.find("<Key>", at + 1)) ++count;
    return count;
  }

  const AwsEnvironment environment_{{{"AWS_ACCESS_KEY_ID", SwiftServer::access_key_id()},
                                     {"AWS_SECRET_ACCESS_KEY", SwiftServer::secret_access_key()}}};
};

TEST_F(S3, aFileIsPutFetchedAndRemoved) {
  const auto publication = run(file_of("a small clip"));
  EXPECT_EQ(get(publication->url()).body, "a small clip");
  EXPECT_EQ(get(publication->url()).header("content-type"), "video/mp4");
  EXPECT_EQ(objects(), 1);
  EXPECT_FALSE(withdraw(*publication));
  EXPECT_EQ(get(publication->url()).status, 404);
  EXPECT_EQ(objects(), 0);
}

TEST_F(S3, theBucketStaysPrivate) {
  const auto publication = run(file_of("a small clip"));
  const std::string url = publication->url();
  EXPECT_GE(get(url.substr(0, url.find('?'))).status, 400);
  EXPECT_EQ(http_.send({.method = "DELETE", .url = url}).status, 403);
  EXPECT_FALSE(withdraw(*publication));
}

TEST_F(S3, aRerunOverwritesWhatWasLeft) {
  const auto left = run(file_of("a small clip"));
  const auto again = run(file_of("a small clip"));
  EXPECT_EQ(objects(), 1);
  EXPECT_FALSE(withdraw(*again));
  EXPECT_EQ(objects(), 0);
}

TEST_F(S3, oneTaskDoesNotRemoveTheFileOfAnother) {
  settings_.purpose = "take 0";
  const auto first = run(file_of("a small clip"));
  settings_.purpose = "take 1";
  const auto second = run(file_of("a small clip"));
  EXPECT_FALSE(withdraw(*first));
  EXPECT_EQ(get(second->url()).body, "a small clip");
  EXPECT_FALSE(withdraw(*second));
}

TEST_F(S3, whatIsToBeKeptIsKept) {
  settings_.keep = true;
  const auto publication = run(file_of("a small clip"));
  EXPECT_FALSE(withdraw(*publication));
  EXPECT_EQ(get(publication->url()).status, 200);
}

TEST_F(S3, whatIsGoneAlreadyIsAsGoodAsRemoved) {
  const auto first = run(file_of("a small clip")), second = run(file_of("a small clip"));
  EXPECT_FALSE(withdraw(*first));
  EXPECT_FALSE(withdraw(*second));
}

TEST_F(S3, aLargeFileComesOutAsItWentIn) {
  std::string bytes(20'000'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); i += 4096) std::memcpy(&bytes[i], &i, sizeof i);
  const auto publication = run(file_of(bytes));
  SpoolFile received;
  EXPECT_EQ(http_.send({.url = publication->url(), .download = &received, .max_body = bytes.size()}).status, 200);
  std::string there(received.size(), '\0');
  ASSERT_EQ(received.read_at(0, std::as_writable_bytes(std::span(there))), bytes.size());
  EXPECT_TRUE(there == bytes);
  EXPECT_FALSE(withdraw(*publication));
}

TEST_F(S3, anUploadThatIsCutStartsOver) {
  test::TcpProxy network(static_cast<std::uint16_t>(std::stoi(Swift::server()->port())));
  settings_.uri = uri(network.url());
  network.set({.what = test::Cut::Do::reset_request, .request = "PUT", .bytes = 1'000'000});
  const auto publication = run(file_of(std::string(5'000'000, 'v')));
  EXPECT_TRUE(network.wait_for_cut());
  EXPECT_EQ(retries_, 1);
  EXPECT_FALSE(withdraw(*publication));
}

// ---- what the user has to put right

TEST_F(S3, aWrongSecretIsAPermissionError) {
  const AwsEnvironment wrong(
      {{"AWS_ACCESS_KEY_ID", SwiftServer::access_key_id()}, {"AWS_SECRET_ACCESS_KEY", "another s3cret"}});
  const ErrorDetails details = failure();
  // The store's plain word is the one thing of the answer that is reported.
  EXPECT_NE(details.message.find("SignatureDoesNotMatch"), std::string::npos) << details.message;
  EXPECT_EQ(details.kind, ErrorKind::permission);
  EXPECT_EQ(details.http_status, 403);
  EXPECT_EQ(retries_, 0);
  EXPECT_EQ(objects(), 0);
}

TEST_F(S3, anUnknownKeyIsAPermissionError) {
  const AwsEnvironment wrong({{"AWS_ACCESS_KEY_ID", "nobody"}, {"AWS_SECRET_ACCESS_KEY", "another s3cret"}});
  EXPECT_EQ(failure().kind, ErrorKind::permission);
}

TEST_F(S3, aMissingBucketIsASettingsError) {
  settings_.uri = "s3://nowhere?endpoint=" + Swift::server()->endpoint();
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::settings);
  EXPECT_EQ(details.http_status, 404);
  EXPECT_NE(details.message.find("no such bucket"), std::string::npos) << details.message;
}

TEST_F(S3, aWrongRegionIsASettingsError) {
  settings_.uri += "&region=mars-1";
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::settings) << details.message;
  EXPECT_NE(details.advice.find("region"), std::string::npos);
}

TEST_F(S3, aClockThatIsBehindIsReportedAsSuch) {
  be_off_by(Seconds(-3600));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::permission);
  EXPECT_NE(details.message.find("60 min behind"), std::string::npos) << details.message;
  EXPECT_EQ(retries_, 0);
}

TEST_F(S3, anExpiredLinkIsRefused) {
  const auto publication = run(file_of("a small clip"));
  const std::string path = publication->url().substr((Swift::server()->endpoint() + "/" + Swift::bucket()).size());
  const std::string good = url("GET", path.substr(0, path.find('?')), 60);
  be_off_by(Seconds(-120));
  const std::string expired = url("GET", path.substr(0, path.find('?')), 60);
  EXPECT_EQ(get(good).status, 200);
  EXPECT_EQ(get(expired).status, 403);
  be_off_by(Seconds(0));
  EXPECT_FALSE(withdraw(*publication));
}

TEST_F(S3, anEndpointThatIsDownIsANetworkError) {
  settings_.uri = uri("http://127.0.0.1:" + std::to_string(test::closed_port()));
  const ErrorDetails details = failure();
  EXPECT_EQ(details.kind, ErrorKind::network);
  EXPECT_TRUE(details.retryable);
  EXPECT_EQ(retries_, 4);
}

TEST_F(S3, whatCannotBeRemovedIsToldAndNoFailure) {
  test::TcpProxy network(static_cast<std::uint16_t>(std::stoi(Swift::server()->port())));
  settings_.uri = uri(network.url());
  const auto publication = run(file_of("a small clip"));
  network.refuse();
  const auto left = withdraw(*publication);
  ASSERT_TRUE(left);
  EXPECT_EQ(left->kind(), ErrorKind::network);
  EXPECT_EQ(objects(), 1);
}

TEST_F(S3, aCancelEndsTheRemoval) {
  const auto publication = run(file_of("a small clip"));
  g_cancellable_cancel(cancel_.get());
  const auto left = withdraw(*publication);
  ASSERT_TRUE(left);
  EXPECT_EQ(left->kind(), ErrorKind::cancelled);
}

TEST_F(S3, whatCannotBeFetchedIsNotLeftBehind) {
  test::TcpProxy network(static_cast<std::uint16_t>(std::stoi(Swift::server()->port())));
  settings_.uri = uri(network.url());
  network.set({.what = test::Cut::Do::swallow_answer, .request = "GET"});
  settings_.timeouts.idle = Seconds(1);
  int gets = 0;
  clock_.set_on_sleep([&](Seconds) {
    ++gets;
    network.set({.what = test::Cut::Do::swallow_answer, .request = "GET"});
  });
  EXPECT_EQ(failure().kind, ErrorKind::network);
  EXPECT_EQ(gets, 3);
  EXPECT_EQ(objects(), 0);
}

// ---- the check of the target

TEST_F(S3, theTargetIsTriedAndNothingIsLeft) {
  EXPECT_FALSE(check_target(settings_, http_, clock_, cancel_.get()));
  EXPECT_EQ(objects(), 0);
}

TEST_F(S3, theTargetsTrialFailsAsPublishingWould) {
  settings_.uri = "s3://nowhere?endpoint=" + Swift::server()->endpoint();
  EXPECT_EQ(failure_of([this] { (void)check_target(settings_, http_, clock_, cancel_.get()); }).kind,
            ErrorKind::settings);
}

}  // namespace
}  // namespace klingv2a::publish
