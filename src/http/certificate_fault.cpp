// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See certificate_fault.h.
#include "http/certificate_fault.h"

#include "gobject_ptr.h"

namespace klingv2a::http {

namespace {

constexpr const char* kClock =
    "check this machine's clock; if it is right, whoever runs the server has to renew the "
    "certificate";
constexpr const char* kUnknown =
    "if you trust it, add its certificate to this machine's (update-ca-certificates), or "
    "name a file that has it by SSL_CERT_FILE";

std::string date_text(GDateTime* raw_date) {
  const std::unique_ptr<GDateTime, Deleter<g_date_time_unref>> date(raw_date);
  const GCharPtr text(date ? g_date_time_format(date.get(), "%Y-%m-%d") : nullptr);
  return text ? text.get() : "";
}

std::string since(const char* word, const std::string& date) {
  return date.empty() ? "" : std::string(word) + date;
}

bool is_signed_by_itself(GTlsCertificate* certificate) {
  if (!certificate) return false;
  const GCharPtr issuer(g_tls_certificate_get_issuer_name(certificate));
  const GCharPtr subject(g_tls_certificate_get_subject_name(certificate));
  return issuer && subject && std::string(issuer.get()) == subject.get();
}

void add(CertificateFault& fault, const std::string& cause, const char* advice) {
  if (!fault.cause.empty()) fault.cause += ", and ";
  fault.cause += cause;
  if (fault.advice.empty()) fault.advice = advice;
}

}  // namespace

CertificateFault explain(GTlsCertificateFlags faults, GTlsCertificate* certificate, const std::string& host) {
  CertificateFault fault;
  if ((faults & G_TLS_CERTIFICATE_BAD_IDENTITY) != 0)
    add(fault, "its certificate is for another name than " + host,
        "check the URL: something else may answer there, or the server is set up wrongly");
  if ((faults & G_TLS_CERTIFICATE_EXPIRED) != 0)
    add(fault,
        "its certificate has expired" +
            since(" on ", certificate ? date_text(g_tls_certificate_get_not_valid_after(certificate)) : ""),
        kClock);
  if ((faults & G_TLS_CERTIFICATE_NOT_ACTIVATED) != 0)
    add(fault,
        "its certificate is not valid yet" +
            since(", but from ", certificate ? date_text(g_tls_certificate_get_not_valid_before(certificate)) : ""),
        kClock);
  if ((faults & G_TLS_CERTIFICATE_REVOKED) != 0)
    add(fault, "its certificate has been revoked", "do not use this server before whoever runs it has answered for it");
  if ((faults & G_TLS_CERTIFICATE_UNKNOWN_CA) != 0)
    add(fault,
        is_signed_by_itself(certificate) ? "its certificate is signed by itself only"
                                         : "its certificate is signed by an authority that this machine does not know",
        kUnknown);
  if ((faults & G_TLS_CERTIFICATE_INSECURE) != 0)
    add(fault, "its certificate uses a method that is no longer secure", "whoever runs the server has to renew it");
  if (fault.cause.empty()) add(fault, "its certificate cannot be checked", "look at it with openssl s_client");
  return fault;
}

}  // namespace klingv2a::http
