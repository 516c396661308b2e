// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Fuzz target: the `publish` URI and the public URL beside it, as a user may type them.
#include "fuzz_target.h"
#include "publish/publisher.h"
#include "publish/s3.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace klingv2a;  // NOLINT(google-build-using-namespace)
  const std::string text(fuzz::text(data, size));
  const std::size_t line = text.find('\n');
  publish::PublishSettings settings;
  settings.uri = text.substr(0, line);
  if (line != std::string::npos) settings.public_url = text.substr(line + 1);
  for (const char* prefix : {"", "serve://", "https://", "s3://"}) {
    settings.uri = prefix + text.substr(0, line);
    fuzz::refuses_at_most([&] { publish::validate(settings); });
    // Without the credentials that come first.
    fuzz::refuses_at_most([&] { (void)publish::parse_s3(settings.uri, "eu-west-1"); });
  }
  (void)http::displayable_url(text);
  (void)http::is_loopback_url(text);
  return 0;
}
