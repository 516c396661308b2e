// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Why a server's certificate is not trusted, and what can be done about it: each cause has its own cure. Pure; any
// thread.
#pragma once

#include <gio/gio.h>

#include <string>

namespace klingv2a::http {

struct CertificateFault {
  std::string cause, advice;
};

// `host` is whose certificate it should be; `certificate` may be null.
[[nodiscard]] CertificateFault explain(GTlsCertificateFlags faults, GTlsCertificate* certificate,
                                       const std::string& host);

}  // namespace klingv2a::http
