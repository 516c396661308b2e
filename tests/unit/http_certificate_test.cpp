// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A server that is not trusted: each cause has its own words, and who trusts it can say so by the environment.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "bad_certificates.h"
#include "environment_variable.h"
#include "http/certificate_fault.h"
#include "http/client.h"
#include "http/server_thread.h"
#include "temporary_folder.h"

namespace klingv2a::http {
namespace {

using test::EnvironmentVariable;

class Answerer final : public RequestHandler {
 public:
  [[nodiscard]] bool knows_us(SoupServerMessage*, const char*) const override { return false; }
  void on_headers(SoupServerMessage*, const char*) override {}
  void on_request(SoupServerMessage* message, const char*) override {
    soup_server_message_set_status(message, SOUP_STATUS_NO_CONTENT, nullptr);
  }
};

class HttpCertificate : public ::testing::Test {
 protected:
  std::string file_of(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.file(name)) << text;
    return folder_.file(name);
  }
  // The answer's status, of a server that shows this certificate.
  int ask(const char* certificate) {
    const std::string pem = std::string(certificate) + test::kKeyOfTheCertificates;
    const ListenAddress where{
        .address = "127.0.0.1",
        .certificate = GObjectPtr<GTlsCertificate>::adopt(g_tls_certificate_new_from_pem(pem.c_str(), -1, nullptr))};
    const ServerThread server(where, answerer_, "x");
    Client client(GObjectPtr<GCancellable>::adopt(g_cancellable_new()));
    Request request;
    request.url = server.url();
    request.timeouts = {Seconds(10), Seconds(10), Seconds(20)};
    return client.send(request).status;
  }
  ErrorDetails failure(const char* certificate) {
    try {
      (void)ask(certificate);
    } catch (const TransportError& error) {
      EXPECT_EQ(error.sent(), Sent::nothing);
      return error.details();
    }
    ADD_FAILURE() << "it was trusted";
    return {};
  }
  static void expect_says(const ErrorDetails& details, const std::string& cause, const std::string& advice) {
    EXPECT_NE(details.message.find(cause), std::string::npos) << details.message;
    EXPECT_NE(details.advice.find(advice), std::string::npos) << details.advice;
  }

  Answerer answerer_;
  const test::TemporaryFolder folder_;
  const EnvironmentVariable no_file_{"SSL_CERT_FILE", nullptr}, no_folder_{"SSL_CERT_DIR", nullptr};
};

TEST_F(HttpCertificate, OfNobodyElseSaysSo) {
  expect_says(failure(test::kGoodCertificate), "signed by itself only", "SSL_CERT_FILE");
}

TEST_F(HttpCertificate, OfAnUnknownAuthoritySaysSo) {
  expect_says(failure(test::kCertificateOfAnAuthority), "an authority that this machine does not know",
              "update-ca-certificates");
}

TEST_F(HttpCertificate, ForAnotherNameSaysSo) {
  const EnvironmentVariable trusted("SSL_CERT_FILE", file_of("a.pem", test::kCertificateForAnother).c_str());
  const ErrorDetails details = failure(test::kCertificateForAnother);
  expect_says(details, "for another name than 127.0.0.1", "check the URL");
  EXPECT_EQ(details.message.find("signed"), std::string::npos) << details.message;
}

TEST_F(HttpCertificate, ThatHasExpiredSaysSo) {
  const EnvironmentVariable trusted("SSL_CERT_FILE", file_of("a.pem", test::kExpiredCertificate).c_str());
  expect_says(failure(test::kExpiredCertificate), "has expired on 2001-01-01", "clock");
}

TEST_F(HttpCertificate, ThatIsNotValidYetSaysSo) {
  const EnvironmentVariable trusted("SSL_CERT_FILE", file_of("a.pem", test::kFutureCertificate).c_str());
  expect_says(failure(test::kFutureCertificate), "is not valid yet, but from 2090-01-01", "clock");
}

TEST_F(HttpCertificate, SeveralFaultsAreAllNamed) {
  const CertificateFault fault = explain(
      static_cast<GTlsCertificateFlags>(G_TLS_CERTIFICATE_EXPIRED | G_TLS_CERTIFICATE_REVOKED), nullptr, "a.example");
  EXPECT_EQ(fault.cause, "its certificate has expired, and its certificate has been revoked");
  EXPECT_NE(explain(G_TLS_CERTIFICATE_INSECURE, nullptr, "").cause.find("no longer secure"), std::string::npos);
  EXPECT_FALSE(explain(G_TLS_CERTIFICATE_GENERIC_ERROR, nullptr, "").cause.empty());
}

TEST_F(HttpCertificate, TheFileInTheEnvironmentIsTrusted) {
  const std::string file = file_of("a.pem", test::kAuthority);
  const EnvironmentVariable trusted("SSL_CERT_FILE", file.c_str());
  EXPECT_EQ(ask(test::kCertificateOfAnAuthority), 204);
}

TEST_F(HttpCertificate, TheFolderInTheEnvironmentIsTrustedToo) {
  std::filesystem::create_directory(folder_.file("certs"));
  (void)file_of("certs/b.pem", test::kAuthority);
  (void)file_of("certs/a.crt", test::kGoodCertificate);
  const EnvironmentVariable trusted("SSL_CERT_DIR", folder_.file("certs").c_str());
  EXPECT_EQ(ask(test::kCertificateOfAnAuthority), 204);
  EXPECT_EQ(ask(test::kGoodCertificate), 204);
  const EnvironmentVariable and_a_file("SSL_CERT_FILE", file_of("c.pem", test::kCertificateForAnother).c_str());
  EXPECT_EQ(ask(test::kCertificateOfAnAuthority), 204) << "both are read";
}

TEST_F(HttpCertificate, WhatTheEnvironmentNamesAndIsNotThereIsSaid) {
  for (const char* variable : {"SSL_CERT_FILE", "SSL_CERT_DIR"}) {
    const EnvironmentVariable wrong(variable, folder_.file("nothing").c_str());
    const ErrorDetails details = failure(test::kGoodCertificate);
    EXPECT_EQ(details.kind, ErrorKind::settings) << variable;
    expect_says(details, variable, "unset it");
  }
  const EnvironmentVariable empty("SSL_CERT_FILE", "");
  expect_says(failure(test::kGoodCertificate), "signed by itself only", "");
}

}  // namespace
}  // namespace klingv2a::http
