// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Fuzz target: a manifest's lines, and the JSON in them. Each line is one value that can be read, or a UsageError.
#include "fuzz_target.h"
#include "klingv2a/exit_code.h"
#include "klingv2a/json_line.h"

namespace {

using namespace klingv2a;  // NOLINT(google-build-using-namespace)

void read(std::string_view line) {
  try {
    for (const auto& member : cli::read_json_line(line))
      fuzz::require(member.kind != cli::JsonMember::Kind::other || member.value.empty());
  } catch (const cli::UsageError& refusal) {
    fuzz::require(*refusal.what() != '\0');
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    for (const auto line : cli::lines_of(fuzz::text(data, size))) read(line);
  } catch (const cli::UsageError& refusal) {
    fuzz::require(*refusal.what() != '\0');
  }
  return 0;
}
