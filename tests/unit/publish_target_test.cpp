// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Publishing by the program itself, and which targets are tried before there is a clip.
#include <filesystem>
#include <fstream>

#include "publish_fixture.h"
#include "raw_server.h"

namespace klingv2a::publish {
namespace {

using test::reply;

class Program : public PublishTest {
 protected:
  Program() {
    settings_.publish_clip = [this](const std::string& path, const std::string& type) {
      std::ifstream file(path);
      seen_ = {std::istreambuf_iterator<char>(file), {}};
      type_ = type;
      return answer_;
    };
  }
  std::string seen_, type_, answer_ = "https://media.example.org/a.mp4?X-Amz-Signature=s3cret";
};

TEST_F(Program, getsTheFileAndGivesItsUrl) {
  settings_.check = false;
  EXPECT_EQ(run(file_of("a small clip"))->url(), answer_);
  EXPECT_EQ(seen_, "a small clip");
  EXPECT_EQ(type_, "video/mp4");
}

TEST_F(Program, isAskedWhateverTheUriSays) {
  settings_.check = false;
  settings_.uri = "serve://";
  EXPECT_NO_THROW(validate(settings_));
  EXPECT_EQ(run(file_of("a small clip"))->url(), answer_);
}

TEST_F(Program, isBelievedNoMoreThanAnyStore) {
  test::RawServer server;
  server.set_default(reply(404, ""));
  answer_ = server.url("/a.mp4?s3cret");
  EXPECT_EQ(failure().kind, ErrorKind::settings);
}

TEST_F(Program, mustGiveAUrlThatTheServiceCanFetch) {
  for (const char* answer : {"", "clip.mp4", "/srv/s3cret.mp4", "file:///srv/s3cret.mp4", "ftp://h/s3cret",
                             "https://u:s3cret@h/a.mp4", "https:///a.mp4", "https://h/a.mp4#s3cret"}) {
    answer_ = answer;
    EXPECT_EQ(failure().kind, ErrorKind::settings) << answer;
  }
}

TEST_F(Program, isNotAskedBeforeThereIsAClip) {
  EXPECT_FALSE(check_target(settings_, http_, clock_, cancel_.get()));
  EXPECT_EQ(type_, "");
}

class Target : public PublishTest {
 protected:
  std::optional<Error> check() { return check_target(settings_, http_, clock_, cancel_.get()); }
  test::RawServer store_;
};

TEST_F(Target, ofOurOwnServerIsTriedByListening) {
  settings_.uri = "serve://127.0.0.1";
  EXPECT_FALSE(check());
  settings_.uri = "serve://127.0.0.1:" + std::to_string(store_.port());
  EXPECT_EQ(failure_of([this] { (void)check(); }).kind, ErrorKind::settings);
}

TEST_F(Target, ofOurOwnServerMustBeReachedFromOutside) {
  store_.set_default(reply(502, ""));
  settings_.uri = "serve://127.0.0.1?public=" + store_.url("");
  EXPECT_EQ(failure_of([this] { (void)check(); }).kind, ErrorKind::network);
  settings_.check = false;
  EXPECT_FALSE(check());
}

TEST_F(Target, thatIsSignedIsNotTriedSinceItMayBeGoodForOneUse) {
  for (const char* query : {"X-Amz-Signature=s3cret", "se=2026&sig=s3cret", "Expires=1&Signature=s3cret",
                            "X-Goog-Signature=s3cret", "upload_token=s3cret"}) {
    settings_.uri = store_.url("/{name}.mp4?" + std::string(query));
    EXPECT_FALSE(check());
  }
  EXPECT_EQ(store_.connections(), 0);
}

TEST_F(Target, withAPlainQueryIsTried) {
  store_.set_default(reply(200, ""));
  settings_.uri = store_.url("/{name}.mp4?folder=signs");
  settings_.check = false;
  EXPECT_FALSE(check());
  const auto requests = store_.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].method(), "PUT");
  EXPECT_EQ(requests[1].method(), "DELETE");
  EXPECT_EQ(requests[0].target(), requests[1].target());
}

TEST_F(Target, isRidOfItsTrialWithTheHeadersOfTheUpload) {
  store_.set_default(reply(200, ""));
  settings_.uri = store_.url("/{name}.mp4");
  settings_.headers = {{"Authorization", "Bearer s3cret"}, {"Content-Type", "application/mp4"}};
  settings_.check = false;
  EXPECT_FALSE(check());
  EXPECT_EQ(store_.requests().at(0).header("Content-Type"), "application/mp4");
  EXPECT_EQ(store_.requests().at(1).header("Authorization"), "Bearer s3cret");
  EXPECT_EQ(store_.requests().at(1).header("Content-Type"), "");
}

TEST_F(Target, thatHasLostItsTrialIsRidOfItAllTheSame) {
  store_.add(reply(201, ""));
  store_.set_default(reply(404, ""));
  settings_.uri = store_.url("/{name}.mp4");
  settings_.check = false;
  EXPECT_FALSE(check());
  EXPECT_EQ(store_.requests().size(), 2u);
}

TEST_F(Target, thatDoesNotShowItsTrialIsRidOfItAllTheSame) {
  store_.set_default(reply(404, ""));
  store_.add(reply(201, ""));
  settings_.uri = store_.url("/{name}.mp4");
  EXPECT_EQ(failure_of([this] { (void)check(); }).kind, ErrorKind::settings);
  EXPECT_EQ(store_.requests().back().method(), "DELETE");
}

// A session token goes along with whatever is signed; Swift has none to judge it.
TEST_F(Target, ofS3CarriesTheSessionToken) {
  const AwsEnvironment environment(
      {{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "s3cret"}, {"AWS_SESSION_TOKEN", "the token=="}});
  store_.set_default(reply(200, ""));
  settings_.uri = "s3://clips/a?endpoint=" + store_.url("");
  settings_.check = false;
  EXPECT_FALSE(check());
  for (const auto& request : store_.requests()) {
    EXPECT_TRUE(request.target().starts_with("/clips/a/"));
    EXPECT_NE(request.target().find("&X-Amz-Security-Token=the%20token%3D%3D&"), std::string::npos);
    EXPECT_EQ(request.head.find("s3cret"), std::string::npos);
  }
  EXPECT_EQ(store_.requests().size(), 2u);
}

TEST_F(Target, ofS3IsFetchedByALinkThatLastsAsLongAsWasAsked) {
  const AwsEnvironment environment({{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "s3cret"}});
  store_.set_default(reply(200, ""));
  settings_.uri = "s3://clips/a?endpoint=" + store_.url("");
  settings_.check = false;
  settings_.timeout = Seconds(600);
  settings_.expiry = Seconds(1600);
  EXPECT_NE(run(file_of("a small clip"))->url().find("&X-Amz-Expires=1600&"), std::string::npos);
  settings_.expiry = Seconds(0);
  EXPECT_NE(run(file_of("a small clip"))->url().find("&X-Amz-Expires=4800&"), std::string::npos);
  settings_.expiry = Seconds(1400);
  EXPECT_EQ(failure().kind, ErrorKind::settings);
  EXPECT_EQ(store_.requests().size(), 2u);
}

}  // namespace
}  // namespace klingv2a::publish
