// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The proxies that the environment names, in the spellings of curl: which requests go by them, what they see, and what
// is said when it is they who refuse.
#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <map>
#include <memory>
#include <vector>

#include "environment_variable.h"
#include "http/client.h"
#include "http/network_environment.h"
#include "raw_server.h"

namespace klingv2a::http {
namespace {

using test::EnvironmentVariable;
using test::RawServer;
using test::reply;

constexpr std::array kVariables{"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

// Of the variables only these are set.
class ProxyVariables {
 public:
  ProxyVariables(std::initializer_list<std::pair<const std::string, std::string>> given) {
    const std::map<std::string, std::string> values(given);
    for (const char* name : kVariables) {
      const auto value = values.find(name);
      set_.push_back(
          std::make_unique<EnvironmentVariable>(name, value == values.end() ? nullptr : value->second.c_str()));
    }
  }

 private:
  std::vector<std::unique_ptr<EnvironmentVariable>> set_;
};

std::string name_for(const std::string& url) {
  const auto route = route_of(proxies_of_environment().get(), url);
  return route ? route->name : "direct";
}

// ---- which proxy

TEST(ProxyVariablesOf, EachSpellingOfCurlIsRead) {
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) {
    const ProxyVariables set{{name, "http://proxy.example:3128"}};
    EXPECT_EQ(name_for("http://a.example/"), "proxy.example:3128") << name;
  }
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    const ProxyVariables set{{name, "http://proxy.example:3128"}};
    EXPECT_EQ(name_for("https://a.example/"), "proxy.example:3128") << name;
  }
}

TEST(ProxyVariablesOf, EachSchemeHasItsOwn) {
  const ProxyVariables set{{"http_proxy", "http://one:1"}, {"HTTPS_PROXY", "http://two:2"}};
  EXPECT_EQ(name_for("http://a.example/"), "one:1");
  EXPECT_EQ(name_for("https://a.example/"), "two:2");
}

TEST(ProxyVariablesOf, WithoutOneTheWayIsDirect) {
  const ProxyVariables set{{"http_proxy", "http://one:1"}};
  EXPECT_EQ(name_for("https://a.example/"), "direct");
}

TEST(ProxyVariablesOf, TheUpperCaseOfHttpsIsLeftToCgi) {
  const ProxyVariables set{{"HTTP_PROXY", "http://one:1"}};
  EXPECT_FALSE(proxies_of_environment());
}

TEST(ProxyVariablesOf, AnEmptyOneIsNotSet) {
  const ProxyVariables set{{"http_proxy", ""}, {"all_proxy", "http://two:2"}};
  EXPECT_EQ(name_for("http://a.example/"), "two:2");
  const ProxyVariables none{{"http_proxy", ""}};
  EXPECT_FALSE(proxies_of_environment());
}

TEST(ProxyVariablesOf, SchemeAndPortMayBeLeftOut) {
  for (const auto& [value, name] :
       std::map<std::string, std::string>{{"proxy.example:8080", "proxy.example:8080"},
                                          {"proxy.example", "proxy.example:1080"},
                                          {"10.0.0.1:3128", "10.0.0.1:3128"},
                                          {"me:pw@proxy.example:81", "proxy.example:81"},
                                          {"HTTP://proxy.example:8080/", "proxy.example:8080"},
                                          {"socks5://s.example", "s.example:1080"},
                                          {"socks5h://s.example:9", "s.example:9"},
                                          {"socks4a://s.example:9", "s.example:9"},
                                          {"https://s.example", "s.example:443"}}) {
    const ProxyVariables set{{"all_proxy", value}};
    EXPECT_EQ(name_for("https://a.example/"), name) << value;
  }
}

TEST(ProxyVariablesOf, WhatIsNoProxyIsAnErrorThatDoesNotShowIt) {
  for (const char* value : {"ftp://me:s3cret@proxy.example:1", "http://", "http://me:s3cret@", "://x", "a b",
                            "http://proxy.example:99999"}) {
    const ProxyVariables set{{"HTTPS_PROXY", value}};
    try {
      (void)proxies_of_environment();
      ADD_FAILURE() << value;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::settings) << value;
      EXPECT_NE(std::string(error.what()).find("HTTPS_PROXY"), std::string::npos) << error.what();
      EXPECT_EQ(std::string(error.what()).find("s3cret"), std::string::npos) << error.what();
    }
  }
}

TEST(ProxyVariablesOf, WhoNeedsNoProxyIsReachedDirectly) {
  for (const char* variable : {"no_proxy", "NO_PROXY"}) {
    const ProxyVariables set{{"all_proxy", "http://proxy:1"},
                             {variable, "a.example, .b.example *.c.example,10.0.0.0/8,192.168.1.1,d.example:8443"}};
    for (const char* url :
         {"http://a.example/", "https://x.a.example/", "http://b.example/", "http://y.b.example/",
          "http://z.c.example/", "http://10.1.2.3/", "http://192.168.1.1/", "https://d.example:8443/"})
      EXPECT_EQ(name_for(url), "direct") << url;
    for (const char* url : {"http://nota.example/", "http://other.example/", "http://11.1.2.3/", "http://192.168.1.2/",
                            "https://d.example/", "https://a.example.org/"})
      EXPECT_EQ(name_for(url), "proxy:1") << url;
  }
  const ProxyVariables none{{"all_proxy", "http://proxy:1"}, {"no_proxy", "*"}};
  EXPECT_EQ(name_for("https://a.example/"), "direct");
}

// ---- what goes by it

class HttpProxy : public ::testing::Test {
 protected:
  Response send(const std::string& url, const std::string& method = "GET") {
    Client client(GObjectPtr<GCancellable>::adopt(g_cancellable_new()));
    Request request;
    request.method = method;
    request.url = url;
    request.timeouts = {Seconds(10), Seconds(10), Seconds(20)};
    request.headers = {{"Authorization", "Bearer s3cret-key"}};
    request.public_only = public_only_;
    if (method == "POST") request.body = "{}";
    request.send_once = method == "POST";
    return client.send(request);
  }
  TransportError failure(const std::string& url, const std::string& method = "GET") {
    try {
      (void)send(url, method);
    } catch (const TransportError& error) {
      EXPECT_EQ(std::string(error.what()).find("pr0xy-pw"), std::string::npos) << error.what();
      return error;
    }
    ADD_FAILURE() << "it passed";
    return {{}, Sent::nothing};
  }
  std::string proxy_uri(const std::string& user = {}) const {
    return user + "127.0.0.1:" + std::to_string(proxy_.port());
  }

  RawServer proxy_;
  bool public_only_ = false;
};

TEST_F(HttpProxy, APlainRequestGoesToIt) {
  proxy_.add(reply(200, "by proxy"));
  const ProxyVariables set{{"http_proxy", proxy_uri()}};
  EXPECT_EQ(send("http://a.example/x").body, "by proxy");
  EXPECT_EQ(proxy_.requests().at(0).target(), "http://a.example/x");
}

TEST_F(HttpProxy, APlainRequestToAPublicHostMayGoToALocalProxy) {
  public_only_ = true;
  proxy_.add(reply(200, "by proxy"));
  const ProxyVariables set{{"ALL_PROXY", proxy_uri()}};
  EXPECT_EQ(send("http://a.example/x").body, "by proxy");
}

TEST_F(HttpProxy, UserAndPasswordAreShownToTheProxyAlone) {
  proxy_.add(reply(200, "x"));
  proxy_.set_default(reply(502, ""));
  const ProxyVariables set{{"all_proxy", proxy_uri("me:pr0xy-pw%21@")}};
  (void)send("http://a.example/x");
  EXPECT_EQ(proxy_.requests().at(0).header("Proxy-Authorization"), "Basic bWU6cHIweHktcHch");
  (void)failure("https://a.example/x");
  EXPECT_EQ(proxy_.requests().at(1).method(), "CONNECT");
  EXPECT_EQ(proxy_.requests().at(1).header("Proxy-Authorization"), "Basic bWU6cHIweHktcHch");
  EXPECT_EQ(proxy_.requests().at(1).head.find("s3cret-key"), std::string::npos);
}

// ---- what it refuses

TEST_F(HttpProxy, ATunnelThatIsRefusedIsTheProxysDoing) {
  struct Row {
    int status;
    ErrorKind kind;
    const char* advice;
  };
  for (const Row& row :
       {Row{407, ErrorKind::settings, "USER:PASSWORD@HOST:PORT"}, Row{403, ErrorKind::permission, "no_proxy"},
        Row{502, ErrorKind::network, ""}, Row{503, ErrorKind::network, ""}}) {
    for (const char* method : {"GET", "POST"}) {
      proxy_.set_default(reply(row.status, "<html>refused</html>", "Proxy-Authenticate: Basic realm=x\r\n"));
      const ProxyVariables set{{"https_proxy", proxy_uri()}};
      const TransportError error = failure("https://a.example/x", method);
      const std::string text = error.what();
      EXPECT_EQ(error.kind(), row.kind) << text;
      EXPECT_NE(text.find("the proxy 127.0.0.1:"), std::string::npos) << text;
      EXPECT_NE(text.find("HTTP " + std::to_string(row.status)), std::string::npos) << text;
      EXPECT_NE(error.details().advice.find(row.advice), std::string::npos) << error.details().advice;
      EXPECT_EQ(error.details().http_status, 0) << "the server has answered nothing";
      EXPECT_EQ(error.sent(), Sent::nothing) << "nothing can have been paid";
    }
  }
}

TEST_F(HttpProxy, A407ToAPlainRequestIsTheProxysToo) {
  proxy_.set_default(reply(407, "", "Proxy-Authenticate: Basic realm=x\r\n"));
  const ProxyVariables set{{"http_proxy", proxy_uri("me:pr0xy-pw@")}};
  const TransportError error = failure("http://a.example/x");
  EXPECT_EQ(error.kind(), ErrorKind::settings);
  EXPECT_NE(std::string(error.what()).find("the proxy 127.0.0.1:"), std::string::npos) << error.what();
}

TEST_F(HttpProxy, OneThatIsNotThereIsNamed) {
  std::uint16_t port = 0;
  {
    const RawServer gone;
    port = gone.port();
  }
  for (const char* scheme : {"http://", "socks5://"}) {
    const ProxyVariables set{{"all_proxy", scheme + ("127.0.0.1:" + std::to_string(port))}};
    const TransportError error = failure("https://a.example/x");
    EXPECT_EQ(error.kind(), ErrorKind::network);
    EXPECT_NE(std::string(error.what()).find("by the proxy 127.0.0.1:"), std::string::npos) << error.what();
    EXPECT_EQ(error.sent(), Sent::nothing);
  }
}

TEST_F(HttpProxy, ASetVariableThatIsNoProxyStopsTheRequest) {
  const ProxyVariables set{{"all_proxy", "ftp://me:pr0xy-pw@x:1"}};
  const TransportError error = failure("https://a.example/x");
  EXPECT_EQ(error.kind(), ErrorKind::settings);
  EXPECT_EQ(error.sent(), Sent::nothing);
}

}  // namespace
}  // namespace klingv2a::http
