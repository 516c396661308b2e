// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Numbers and times as people read them, and tables. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace klingv2a::cli {

[[nodiscard]] std::string percent_text(int percent);            // " 42 %"
[[nodiscard]] std::string duration_text(std::int64_t seconds);  // "37 s", "4 min 05 s", "3 h 20 min", "12 d"
[[nodiscard]] std::string number_text(double number, int digits);
[[nodiscard]] std::string money_text(double usd);  // "0.035 USD"
// At most so many columns, cut at a character with "…". What moves a terminal's cursor is left out.
[[nodiscard]] std::string shortened(const std::string& text, std::size_t columns);
// At most so many bytes, cut between two characters of UTF-8.
[[nodiscard]] std::string cut_at_character(const std::string& text, std::size_t bytes);
// Columns as wide as their widest cell; the first row is the heading.
[[nodiscard]] std::string table(std::vector<std::vector<std::string>> rows);

}  // namespace klingv2a::cli
