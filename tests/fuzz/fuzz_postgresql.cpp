// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Fuzz target: the URI of a journal in PostgreSQL, as a user may type it. What is shown of it never has the password,
// which is "secret" wherever the seeds have one.
#include "fuzz_target.h"
#include "journal/postgresql_options.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace klingv2a;  // NOLINT(google-build-using-namespace)
  const std::string uri(fuzz::text(data, size));
  fuzz::refuses_at_most([&] { (void)journal::parse_postgresql_uri(uri, "the journal"); });
  return 0;
}
