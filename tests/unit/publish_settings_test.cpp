// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the settings of publishing may say, and what is refused before anything is sent.
#include <gtest/gtest.h>

#include <set>

#include "publish/name.h"
#include "publish/publisher.h"
#include "publish/put.h"
#include "publish/serve.h"

namespace klingv2a::publish {
namespace {

PublishSettings with_uri(std::string uri) {
  PublishSettings settings;
  settings.uri = std::move(uri);
  return settings;
}

// The message of the refusal; empty when there is none.
std::string refusal(const PublishSettings& settings) {
  try {
    validate(settings);
    return {};
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_EQ(error.details().phase, Phase::publish);
    EXPECT_EQ(error.details().paid, Paid::no);
    EXPECT_STRNE(error.what(), "");
    return error.what();
  }
}

TEST(PublishName, has128RandomBitsInHex) {
  std::set<std::string> names;
  for (int i = 0; i < 100; ++i) names.insert(unguessable_name());
  EXPECT_EQ(names.size(), 100u);
  for (const std::string& name : names) {
    EXPECT_EQ(name.size(), 32u);
    EXPECT_EQ(name.find_first_not_of("0123456789abcdef"), std::string::npos);
  }
}

TEST(PublishName, takesThePlaceOfEachPlaceholder) {
  EXPECT_EQ(expand_name("http://h/{name}.mp4?n={name}", "N"), "http://h/N.mp4?n=N");
}

TEST(PublishName, isAppendedToThePathWithoutAPlaceholder) {
  EXPECT_EQ(expand_name("http://h", "N"), "http://h/N.mp4");
  EXPECT_EQ(expand_name("http://h/a/", "N"), "http://h/a/N.mp4");
  EXPECT_EQ(expand_name("http://h/a?sig=x/y", "N"), "http://h/a/N.mp4?sig=x/y");
}

TEST(PublishSettings, takeEveryWayThatIsDocumented) {
  for (const char* uri : {"serve://", "serve://127.0.0.1", "serve://127.0.0.1:0", "serve://127.0.0.1:8080/",
                          "serve://[::1]:8080", "serve://0.0.0.0:80?public=https%3A%2F%2Fm.example.org%2Fclips",
                          "http://h/{name}.mp4", "https://h:8443/a/b", "https://h/a/{name}.mp4?sig=abc"}) {
    EXPECT_EQ(refusal(with_uri(uri)), "") << uri;
  }
}

TEST(PublishSettings, refuseWhatNamesNoWay) {
  for (const char* uri : {"",
                          "clip.mp4",
                          "ftp://h/x",
                          "s3//x",
                          "serve://localhost",
                          "serve://example.org",
                          "serve://127.0.0.1:99999",
                          "serve://127.0.0.1/clips",
                          "serve://u@127.0.0.1",
                          "serve://127.0.0.1#x",
                          "serve://?publik=http://h",
                          "serve://?public=h",
                          "serve://?public=ftp://h",
                          "serve://?public=http%3A%2F%2Fh%3Fa%3Db",
                          "serve://?public=http%3A%2F%2Fu%3Ap%40h",
                          "serve://0.0.0.0:80",
                          "serve://[::]",
                          "http://",
                          "http:///x",
                          "https://u:p@h/{name}.mp4",
                          "https://h/{name}.mp4#x",
                          "https://h/upload?file={name}.mp4"}) {
    EXPECT_NE(refusal(with_uri(uri)), "") << uri;
  }
}

TEST(PublishSettings, readAddressPortAndPublicBase) {
  const ServeTarget plain = parse_serve("serve://");
  EXPECT_EQ(plain.address, "127.0.0.1");
  EXPECT_EQ(plain.port, 0);
  EXPECT_EQ(plain.public_base, "");
  const ServeTarget full = parse_serve("serve://[::1]:8080?public=https%3A%2F%2Fm.example.org%2Fclips%2F");
  EXPECT_EQ(full.address, "::1");
  EXPECT_EQ(full.port, 8080);
  EXPECT_EQ(full.public_base, "https://m.example.org/clips");
}

TEST(PublishSettings, refuseHeadersThatCannotBeSentAndShowNoneOfThem) {
  const http::Headers wrong = {{"Authorization: Bearer s3cret", ""},
                               {"", "s3cret"},
                               {"X-A", "s3cret\r\nX-B: 1"},
                               {"Content-Length", "s3cret"},
                               {"host", "s3cret"}};
  for (const auto& header : wrong) {
    PublishSettings settings = with_uri("https://h/{name}.mp4");
    settings.headers = {header};
    const std::string message = refusal(settings);
    EXPECT_NE(message, "") << header.first;
    EXPECT_EQ(message.find("s3cret"), std::string::npos) << message;
  }
}

TEST(PublishSettings, refuseAPublicUrlThatIsNone) {
  PublishSettings settings = with_uri("https://h/{name}.mp4");
  settings.public_url = "h/{name}.mp4";
  EXPECT_NE(refusal(settings).find("publish-public-url"), std::string::npos);
}

TEST(PublishSettings, aRefusalShowsNoSecretOfTheUrl) {
  const std::string message = refusal(with_uri("https://user:s3cret@h/{name}.mp4?sig=s3cret"));
  EXPECT_NE(message, "");
  EXPECT_EQ(message.find("s3cret"), std::string::npos);
}

TEST(PutTarget, isFetchedWithoutTheQueryThatPermitsTheUpload) {
  const PutTarget target = put_target(with_uri("https://h:8443/a/{name}.mp4?sig=s3cret"), "N");
  EXPECT_EQ(target.upload_url, "https://h:8443/a/N.mp4?sig=s3cret");
  EXPECT_EQ(target.public_url, "https://h:8443/a/N.mp4");
}

TEST(PutTarget, isFetchedByThePublicUrlWhenThereIsOne) {
  PublishSettings settings = with_uri("https://h/upload?file={name}.mp4");
  settings.public_url = "https://cdn.example.org/v/{name}.mp4?v=1";
  const PutTarget target = put_target(settings, "N");
  EXPECT_EQ(target.upload_url, "https://h/upload?file=N.mp4");
  EXPECT_EQ(target.public_url, "https://cdn.example.org/v/N.mp4?v=1");
}

}  // namespace
}  // namespace klingv2a::publish
