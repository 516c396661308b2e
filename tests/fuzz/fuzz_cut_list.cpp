// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Fuzz target: a list of shot changes. It is times that rise, within 1000 hours, or an Error.
#include <algorithm>

#include "fuzz_target.h"
#include "plan/cut_list.h"

namespace {

using namespace klingv2a;  // NOLINT(google-build-using-namespace)

constexpr plan::FrameRate kRates[] = {{0, 1}, {25, 1}, {30000, 1001}, {60000, 1001}};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto rate : kRates) {
    fuzz::refuses_at_most([&] {
      const auto times = plan::read_cut_list(fuzz::text(data, size), rate);
      fuzz::require(std::ranges::is_sorted(times, std::ranges::less_equal()));
      fuzz::require(times.empty() || (times.front() >= 0 && times.back() <= 1001 * 3600 * kSecond));
    });
  }
  return 0;
}
