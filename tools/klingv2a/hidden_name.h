// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The names of what lies beside a file for a while. They are short, whatever the file's is, which may be as long as a
// name can be. Pure; any thread.
#pragma once

#include <string>

namespace klingv2a::cli {

// ".klingv2a-HASH.SUFFIX" in the folder of `path`, where HASH is its name's.
[[nodiscard]] std::string hidden_name(const std::string& path, const std::string& suffix);
// Of the last part of a path, as hexadecimal digits.
[[nodiscard]] std::string hash_of_name(const std::string& path);

}  // namespace klingv2a::cli
