// SPDX-License-Identifier: LGPL-2.1-or-later
#include "suggestion.h"

#include <algorithm>

namespace klingv2a::cli {

namespace {

constexpr std::size_t kLongestName = 64;

// How many letters are missing, too many, wrong, or swapped with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> far(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        far[i][j] = i + j;
        continue;
      }
      const std::size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
      far[i][j] = std::min({far[i - 1][j] + 1, far[i][j - 1] + 1, far[i - 1][j - 1] + changed});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) far[i][j] = std::min(far[i][j], far[i - 2][j - 2] + 1);
    }
  }
  return far[a.size()][b.size()];
}

// A third of the letters may be wrong; of a name that was not typed to its end, all may be missing.
bool is_near(std::string_view typed, std::string_view name) {
  constexpr std::size_t kLettersAnError = 3, kBeginning = 3;
  const bool begins = typed.size() >= kBeginning && name.starts_with(typed);
  return begins || distance(typed, name) <= std::max<std::size_t>(1, typed.size() / kLettersAnError);
}

}  // namespace

std::string suggestion(std::string_view typed, const std::vector<std::string>& names) {
  if (typed.empty() || typed.size() > kLongestName) return {};
  const std::string* best = nullptr;
  for (const std::string& name : names) {
    if (!is_near(typed, name)) continue;
    if (!best || distance(typed, name) < distance(typed, *best)) best = &name;
  }
  return best ? "; did you mean " + *best + "?" : "";
}

}  // namespace klingv2a::cli
