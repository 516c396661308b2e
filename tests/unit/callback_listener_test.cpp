// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The callback's listener: what signals its event, what does not, and what each sender gets as an answer. Real HTTP
// over loopback; the wall clock is a fake.
#include "callback/listener.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <libsoup/soup.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <thread>
#include <vector>

#include "callback/webhook_signature.h"
#include "certificate.h"
#include "fake_clock.h"
#include "http/client.h"
#include "raw_server.h"
#include "temporary_folder.h"

namespace klingv2a::callback {
namespace {

constexpr const char* kSecret = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=";
constexpr const char* kSignature = "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=";
constexpr const char* kBody =
    R"({"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151})";
constexpr Seconds kSent{1781080794};

class CallbackListener : public ::testing::Test {
 protected:
  void listen(const std::string& secret = {}) {
    settings_.secret = secret;
    listener_ = std::make_unique<Listener>(settings_, clock_);
  }
  static http::Request request(const std::string& url, const std::string& body = kBody, http::Headers headers = {}) {
    http::Request request;
    request.method = "POST";
    request.url = url;
    request.body = body;
    request.content_type = "application/json";
    request.headers = std::move(headers);
    return request;
  }
  int send(const http::Request& request) { return http_.send(request).status; }
  int post(http::Headers headers = {}, const std::string& body = kBody) {
    return send(request(listener_->url(), body, std::move(headers)));
  }
  static http::Headers signature(const std::string& text = kSignature) {
    return {{"webhook-id", "9876543210"}, {"webhook-timestamp", "1781080794"}, {"webhook-signature", text}};
  }
  void set_wall(Seconds wall) { clock_.set_wall_start(wall - clock_.now()); }
  bool signalled() { return listener_->event().take(); }
  void expect_counts(int taken, int dropped, const std::string& reason = {}) const {
    const Counts counts = listener_->counts();
    EXPECT_EQ(counts.taken, taken);
    EXPECT_EQ(counts.dropped, dropped);
    EXPECT_EQ(counts.last_dropped_reason, reason);
  }

  CallbackSettings settings_{
      .listen = "127.0.0.1", .certificate = {}, .private_key = {}, .secret = {}, .public_url = {}};
  test::FakeClock clock_;
  http::Client http_{GObjectPtr<GCancellable>::adopt(g_cancellable_new())};
  std::unique_ptr<Listener> listener_;
};

TEST_F(CallbackListener, APostToItsPathRings) {
  listen();
  EXPECT_FALSE(signalled());
  EXPECT_EQ(post(), 204);
  EXPECT_TRUE(signalled());
  EXPECT_FALSE(signalled());
  EXPECT_EQ(post({}, ""), 204);
  EXPECT_EQ(post({}, std::string(64 * 1024, 'x')), 204);
  EXPECT_TRUE(signalled());
  expect_counts(3, 0);
}

TEST_F(CallbackListener, ItsPathCannotBeGuessed) {
  listen();
  const std::string first = listener_->url();
  EXPECT_TRUE(first.starts_with("http://127.0.0.1:")) << first;
  EXPECT_EQ(first.substr(first.rfind('/') + 1).size(), 32u);
  listen();
  EXPECT_NE(first.substr(first.rfind('/')), listener_->url().substr(listener_->url().rfind('/')));
}

TEST_F(CallbackListener, EverythingElseIsNotFound) {
  listen();
  const std::string url = listener_->url();
  const std::string base = url.substr(0, url.rfind('/'));
  for (const auto& other : {base + "/", base + "/callback", url + "/", url + "x", url.substr(0, url.size() - 1)})
    EXPECT_EQ(send(request(other)), 404) << other;
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    auto wrong = request(url, "");
    wrong.method = method;
    EXPECT_EQ(send(wrong), 404) << method;
  }
  EXPECT_FALSE(signalled());
  expect_counts(0, 11, "another path or method");
}

TEST_F(CallbackListener, AProxyMayPassItsOwnPathOn) {
  settings_.listen = "127.0.0.1:" + std::to_string(test::free_port());
  settings_.public_url = "https://hooks.example.org/kling//";
  listen();
  const std::string url = listener_->url();
  EXPECT_TRUE(url.starts_with("https://hooks.example.org/kling/")) << url;
  const std::string name = url.substr(url.rfind('/'));
  EXPECT_EQ(name.size(), 33u);
  EXPECT_EQ(send(request("http://" + settings_.listen + name)), 204);
  EXPECT_EQ(send(request("http://" + settings_.listen + "/kling" + name)), 204);
}

TEST_F(CallbackListener, ASignatureIsCheckedWhenThereIsASecret) {
  set_wall(kSent);
  listen(kSecret);
  EXPECT_EQ(post(signature()), 204);
  EXPECT_TRUE(signalled());
  expect_counts(1, 0);
}

TEST_F(CallbackListener, ForgedOnesAreDropped) {
  set_wall(kSent);
  listen(kSecret);
  EXPECT_EQ(post(), 401) << "not signed";
  EXPECT_EQ(post(signature("v1,AAAA")), 401);
  EXPECT_EQ(post(signature(), "another body"), 401);
  EXPECT_FALSE(signalled());
  expect_counts(0, 3, "forged");
}

TEST_F(CallbackListener, StaleOnesAreDropped) {
  set_wall(kSent + Seconds(301));
  listen(kSecret);
  EXPECT_EQ(post(signature()), 401);
  EXPECT_FALSE(signalled());
  expect_counts(0, 1, "stale");
}

TEST_F(CallbackListener, ARepeatedOneIsThankedForAndRingsOnce) {
  set_wall(kSent);
  listen(kSecret);
  EXPECT_EQ(post(signature("v1,AAAA")), 401) << "a forger cannot use the id up";
  EXPECT_EQ(post(signature()), 204);
  EXPECT_TRUE(signalled());
  EXPECT_EQ(post(signature()), 204);
  EXPECT_FALSE(signalled());
  expect_counts(1, 2, "repeated");
}

TEST_F(CallbackListener, TooLargeABodyIsRefused) {
  listen();
  EXPECT_EQ(post({}, std::string(64 * 1024 + 1, 'x')), 413);
  EXPECT_FALSE(signalled());
  expect_counts(0, 1, "too large");
  EXPECT_EQ(post(), 204) << "the next one is heard";
}

// A bare client, to misbehave with. It gives up after 10 s.
class Connection {
 public:
  explicit Connection(const std::string& url) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    for (const int direction : {SO_RCVTIMEO, SO_SNDTIMEO})
      EXPECT_EQ(::setsockopt(fd_, SOL_SOCKET, direction, &patience, sizeof(patience)), 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // False: the other side has cut the connection.
  bool say(const std::string& text) const {
    return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  // All that comes until the other side ends.
  [[nodiscard]] std::string hear() const {
    std::string text;
    char part[4096];
    for (ssize_t got = 0; (got = ::recv(fd_, part, sizeof(part), 0)) > 0;)
      text.append(part, static_cast<std::size_t>(got));
    return text;
  }

 private:
  int fd_;
};

std::string head(const std::string& url, const std::string& headers) {
  return "POST " + url.substr(url.rfind('/')) + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
}

std::string chunk(std::size_t size) {
  char length[20];
  std::snprintf(length, sizeof(length), "%zx\r\n", size);
  return length + std::string(size, 'x') + "\r\n";
}

TEST_F(CallbackListener, TooLargeABodyOfUnknownLengthIsRefused) {
  listen(kSecret);
  const Connection sender(listener_->url());
  EXPECT_TRUE(sender.say(head(listener_->url(), "Transfer-Encoding: chunked\r\nConnection: close\r\n") + chunk(60000) +
                         chunk(60000) + "0\r\n\r\n"));
  EXPECT_TRUE(sender.hear().starts_with("HTTP/1.1 413")) << "413";
  expect_counts(0, 1, "too large");
}

TEST_F(CallbackListener, WhoeverSendsWithoutEndIsCutOff) {
  listen();
  for (const char* path : {"/", "/elsewhere"}) {
    const Connection sender(listener_->url());
    const std::string url = *(path + 1) ? path : listener_->url();
    sender.say(head(url, "Transfer-Encoding: chunked\r\n"));
    const std::string part = chunk(60000);
    int sent = 0;
    while (sent < 1000 && sender.say(part)) ++sent;
    EXPECT_LT(sent, 1000) << path;
    EXPECT_EQ(sender.hear(), "");
  }
  EXPECT_EQ(listener_->counts().dropped, 2);
  EXPECT_EQ(post(), 204) << "the next one is heard";
}

TEST_F(CallbackListener, HearsSeveralAtOnce) {
  listen();
  const Connection stalled(listener_->url());
  stalled.say(head(listener_->url(), "Content-Length: 10\r\n"));
  std::vector<std::thread> senders;
  for (int i = 0; i < 8; ++i) {
    senders.emplace_back([this] {
      http::Client client(GObjectPtr<GCancellable>::adopt(g_cancellable_new()));
      for (int j = 0; j < 5; ++j) EXPECT_EQ(client.send(request(listener_->url())).status, 204);
    });
  }
  for (auto& sender : senders) sender.join();
  expect_counts(40, 0);
  EXPECT_TRUE(signalled());
  EXPECT_FALSE(signalled()) << "they are one";
}

TEST_F(CallbackListener, EndsAtOnceWhileOneIsComingIn) {
  listen();
  const Connection sender(listener_->url());
  EXPECT_TRUE(sender.say(head(listener_->url(), "Content-Length: 10\r\n")));
  listener_.reset();
  EXPECT_EQ(sender.hear(), "");
}

TEST_F(CallbackListener, APortInUseIsASettingsErrorThatNamesIt) {
  const test::RawServer other;
  settings_.listen = "127.0.0.1:" + std::to_string(other.port());
  settings_.public_url = "http://127.0.0.1/";
  try {
    listen();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_NE(std::string(error.what()).find("callback-listen"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find(std::to_string(other.port())), std::string::npos) << error.what();
  }
}

// By a client that trusts everybody. The status of the answer; 0: there was none.
unsigned post_by_tls(const std::string& url, std::size_t size) {
  const auto session = GObjectPtr<SoupSession>::adopt(soup_session_new());
  const auto message = GObjectPtr<SoupMessage>::adopt(soup_message_new("POST", url.c_str()));
  const auto trust = +[](SoupMessage*, GTlsCertificate*, GTlsCertificateFlags, gpointer) -> gboolean { return TRUE; };
  g_signal_connect(message.get(), "accept-certificate", G_CALLBACK(trust), nullptr);
  const std::string body(size, 'x');
  const GBytesPtr bytes(g_bytes_new(body.data(), body.size()));
  soup_message_set_request_body_from_bytes(message.get(), "text/plain", bytes.get());
  const GBytesPtr answer(soup_session_send_and_read(session.get(), message.get(), nullptr, nullptr));
  return answer ? soup_message_get_status(message.get()) : 0;
}

TEST_F(CallbackListener, SpeaksTlsWithACertificate) {
  const test::TemporaryFolder folder;
  settings_.certificate = folder.file("both.pem");
  std::ofstream(settings_.certificate) << test::kCertificatePem << test::kPrivateKeyPem;
  listen();
  EXPECT_TRUE(listener_->url().starts_with("https://127.0.0.1:")) << listener_->url();
  EXPECT_EQ(post_by_tls(listener_->url(), 100), 204U);
  EXPECT_TRUE(signalled());
  EXPECT_EQ(post_by_tls(listener_->url(), 100'000), 413U);
  EXPECT_EQ(post_by_tls(listener_->url(), 5'000'000), 0U) << "cut off";
  EXPECT_FALSE(signalled());
  EXPECT_EQ(post_by_tls(listener_->url(), 100), 204U);
  expect_counts(2, 2, "too large");
}

}  // namespace
}  // namespace klingv2a::callback
