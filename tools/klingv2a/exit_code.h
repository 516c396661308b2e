// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How the program ends: one exit code for each kind of error, so that scripts can tell them apart. The numbers are a
// promise: never change one. Pure; any thread.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "error.h"

namespace klingv2a::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitOther = 1;       // what has no kind: a crash, an error of a program that was started
inline constexpr int kExitUsage = 2;       // the command line is wrong
inline constexpr int kExitSomeFailed = 3;  // of several files some failed; their report has each one's kind
inline constexpr int kExitExists = 4;      // OUT is there, and was not to be replaced
inline constexpr int kExitCancelled = 130;
// Kinds that are the command's own.
inline constexpr const char* kUsageKind = "usage";
inline constexpr const char* kExistsKind = "exists";

// The command line, or a manifest, is wrong. Nothing has begun.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[nodiscard]] int exit_code_of(ErrorKind kind) noexcept;
// Of the word as details and reports have it; kExitOther for a word that is no kind.
[[nodiscard]] int exit_code_of(std::string_view kind) noexcept;
// A line for each code, for --help.
[[nodiscard]] std::string exit_code_help();

}  // namespace klingv2a::cli
