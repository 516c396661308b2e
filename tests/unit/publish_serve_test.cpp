// SPDX-License-Identifier: LGPL-2.1-or-later
//
// serve://: what our own server gives out, to whom, and until when. Real HTTP over loopback.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "fake_clock.h"
#include "http/client.h"
#include "publish/publisher.h"
#include "raw_server.h"

namespace klingv2a::publish {
namespace {

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 1;
  for (char& c : text) {
    state = state * 1664525u + 1013904223u;
    c = static_cast<char>(state >> 24);
  }
  return text;
}

std::shared_ptr<const SpoolFile> file_of(const std::string& content) {
  auto file = std::make_shared<SpoolFile>();
  file->write_at(0, std::as_bytes(std::span(content)));
  return file;
}

class Serve : public ::testing::Test {
 protected:
  std::unique_ptr<Publication> publish_by(const std::string& uri, bool check = true) {
    PublishSettings settings;
    settings.uri = uri;
    settings.check = check;
    return publish(settings, file_, http_, clock_, cancel_.get());
  }
  http::Response ask(const std::string& method, const std::string& url, http::Headers headers = {}) {
    http::Request request;
    request.method = method;
    request.url = url;
    request.headers = std::move(headers);
    request.max_body = content_.size() + 1000;
    return http_.send(request);
  }
  http::Response range(const std::string& url, const std::string& value) { return ask("GET", url, {{"Range", value}}); }

  const std::string content_ = pattern(300'000);
  std::shared_ptr<const SpoolFile> file_ = file_of(content_);
  GObjectPtr<GCancellable> cancel_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  http::Client http_{cancel_};
  test::FakeClock clock_;
};

TEST_F(Serve, givesTheWholeFile) {
  const auto publication = publish_by("serve://");
  const http::Response response = ask("GET", publication->url());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("content-type"), "video/mp4");
  EXPECT_EQ(response.header("accept-ranges"), "bytes");
  EXPECT_TRUE(response.body == content_);
}

TEST_F(Serve, servesAtAnUnguessablePathOfTheAskedAddress) {
  const auto one = publish_by("serve://");
  const auto two = publish_by("serve://");
  EXPECT_TRUE(one->url().starts_with("http://127.0.0.1:")) << one->url();
  const std::string name = one->url().substr(one->url().rfind('/') + 1);
  EXPECT_EQ(name.size(), 32 + 4u);
  EXPECT_TRUE(name.ends_with(".mp4"));
  EXPECT_NE(name, two->url().substr(two->url().rfind('/') + 1));
}

bool machine_has_ipv6_loopback() {
  const int fd = ::socket(AF_INET6, SOCK_STREAM, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const bool bound = fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  if (fd >= 0) ::close(fd);
  return bound;
}

TEST_F(Serve, servesOnIpv6) {
  if (!machine_has_ipv6_loopback()) GTEST_SKIP() << "this machine has no ::1";
  const auto publication = publish_by("serve://[::1]");
  EXPECT_TRUE(publication->url().starts_with("http://[::1]:")) << publication->url();
  EXPECT_TRUE(ask("GET", publication->url()).body == content_);
}

TEST_F(Serve, usesThePortThatIsAskedFor) {
  const std::string port = std::to_string(test::free_port());
  const auto publication = publish_by("serve://127.0.0.1:" + port);
  EXPECT_TRUE(publication->url().starts_with("http://127.0.0.1:" + port + "/"));
}

TEST_F(Serve, aPortIsFreeAgainAtOnce) {
  const std::string uri = "serve://127.0.0.1:" + std::to_string(test::free_port());
  for (int i = 0; i < 3; ++i) EXPECT_NO_THROW((void)publish_by(uri)) << i;
}

TEST_F(Serve, aPortInUseIsASettingsErrorThatNamesIt) {
  const test::RawServer other;
  try {
    (void)publish_by("serve://127.0.0.1:" + std::to_string(other.port()));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_NE(std::string(error.what()).find(std::to_string(other.port())), std::string::npos) << error.what();
  }
}

TEST_F(Serve, answersHeadWithoutBody) {
  const auto publication = publish_by("serve://");
  const http::Response response = ask("HEAD", publication->url(), {{"Range", "bytes=0-1"}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("content-length"), std::to_string(content_.size()));
  EXPECT_EQ(response.body_size, 0u);
}

TEST_F(Serve, answersRanges) {
  const auto publication = publish_by("serve://");
  const struct {
    const char* range;
    std::size_t start, length;
  } cases[] = {{"bytes=0-1023", 0, 1024}, {"bytes=1000-1000", 1000, 1},  {"bytes=299990-", 299'990, 10},
               {"bytes=-7", 299'993, 7},  {"bytes=-999999", 0, 300'000}, {"bytes=299999-999999", 299'999, 1}};
  for (const auto& c : cases) {
    const http::Response response = range(publication->url(), c.range);
    EXPECT_EQ(response.status, 206) << c.range;
    EXPECT_TRUE(response.body == content_.substr(c.start, c.length)) << c.range;
    EXPECT_EQ(response.header("content-range"),
              "bytes " + std::to_string(c.start) + "-" + std::to_string(c.start + c.length - 1) + "/300000");
  }
}

TEST_F(Serve, refusesARangeBeyondTheEnd) {
  const auto publication = publish_by("serve://");
  for (const char* beyond : {"bytes=300000-", "bytes=400000-500000", "bytes=-0"}) {
    const http::Response response = range(publication->url(), beyond);
    EXPECT_EQ(response.status, 416) << beyond;
    EXPECT_EQ(response.header("content-range"), "bytes */300000");
  }
}

TEST_F(Serve, answersUnusualRangesWithTheWholeFile) {
  const auto publication = publish_by("serve://");
  for (const char* unusual : {"bytes=0-1,100-200", "frames=0-1", "bytes=5-1", "nonsense"}) {
    const http::Response response = range(publication->url(), unusual);
    EXPECT_EQ(response.status, 200) << unusual;
    EXPECT_TRUE(response.body == content_) << unusual;
  }
}

TEST_F(Serve, aConditionalRangeGetsTheWholeFile) {
  const auto publication = publish_by("serve://");
  EXPECT_EQ(ask("GET", publication->url(), {{"Range", "bytes=0-1"}, {"If-Range", "\"x\""}}).status, 200);
}

TEST_F(Serve, givesNothingElseAway) {
  const auto publication = publish_by("serve://");
  const std::string base = publication->url().substr(0, publication->url().rfind('/'));
  for (const char* path : {"/", "/x.mp4", "/../etc/passwd", "/%2e%2e/etc/passwd"}) {
    EXPECT_GE(ask("GET", base + path).status, 400) << path;
  }
  EXPECT_EQ(ask("GET", base + "/").status, 404);
  EXPECT_EQ(ask("GET", publication->url() + "/").status, 404);
}

TEST_F(Serve, takesNothingFromOutside) {
  const auto publication = publish_by("serve://");
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const http::Response response = ask(method, publication->url());
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(response.header("allow"), "GET, HEAD") << method;
  }
}

TEST_F(Serve, endsWithThePublication) {
  auto publication = publish_by("serve://");
  const std::string url = publication->url();
  EXPECT_EQ(ask("GET", url).status, 200);
  publication.reset();
  EXPECT_THROW((void)ask("GET", url), http::TransportError);
}

// A bare client, to misbehave with.
class Connection {
 public:
  explicit Connection(const std::string& url) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const std::size_t port_at = std::string("http://127.0.0.1:").size();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(port_at))));
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    const std::string path = url.substr(url.find('/', port_at));
    const std::string text = "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
    EXPECT_EQ(::send(fd_, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    char first = 0;
    EXPECT_EQ(::recv(fd_, &first, 1, 0), 1);
  }
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Closes with unread data waiting, which the other side sees as a reset.
  void break_off() const { ::shutdown(fd_, SHUT_RDWR); }
  [[nodiscard]] bool ended() const {
    char rest[65536];
    ssize_t got = 1;
    while (got > 0) got = ::recv(fd_, rest, sizeof(rest), 0);
    return got <= 0;
  }

 private:
  int fd_;
};

class ServeLarge : public Serve {
 protected:
  ServeLarge() { file_ = file_of(pattern(30'000'000)); }
};

TEST_F(ServeLarge, outlivesClientsThatGoAwayInTheMiddle) {
  const auto publication = publish_by("serve://", false);
  for (int i = 0; i < 5; ++i) Connection(publication->url()).break_off();
  EXPECT_EQ(range(publication->url(), "bytes=0-9").status, 206);
}

TEST_F(ServeLarge, stopsAtOnceWhileClientsAreReading) {
  auto publication = publish_by("serve://", false);
  const Connection reading(publication->url());
  const Connection idle(publication->url());
  const auto start = std::chrono::steady_clock::now();
  publication.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(500));
  EXPECT_TRUE(reading.ended());
}

TEST_F(ServeLarge, servesSeveralClientsAtOnce) {
  const auto publication = publish_by("serve://", false);
  const Connection stalled(publication->url());
  EXPECT_EQ(range(publication->url(), "bytes=29999990-").body_size, 10u);
}

class ServePublic : public Serve {};

TEST_F(ServePublic, namesThePublicBaseInTheUrl) {
  const auto publication = publish_by("serve://127.0.0.1?public=https%3A%2F%2Fmedia.example.org%2Fclips", false);
  EXPECT_TRUE(publication->url().starts_with("https://media.example.org/clips/")) << publication->url();
  EXPECT_TRUE(publication->url().ends_with(".mp4"));
}

TEST_F(ServePublic, isCheckedByThePublicUrl) {
  test::RawServer proxy;
  proxy.set_default(test::reply(502, "no upstream"));
  const GCharPtr base(g_uri_escape_string(proxy.url("/clips").c_str(), nullptr, FALSE));
  try {
    (void)publish_by(std::string("serve://?public=") + base.get());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::network);
    EXPECT_EQ(error.details().phase, Phase::publish);
    EXPECT_EQ(error.details().http_status, 502);
    EXPECT_NE(error.details().advice.find("publish-check=false"), std::string::npos);
  }
  EXPECT_TRUE(proxy.requests().at(0).target().starts_with("/clips/"));
}

}  // namespace
}  // namespace klingv2a::publish
