// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the fuzz targets share. A target may refuse its input with an Error, and nothing else; a failed requirement or
// another exception ends the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace klingv2a::fuzz {

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
  return size == 0 ? std::string_view() : std::string_view(reinterpret_cast<const char*>(data), size);
}

inline void require(bool holds) {
  if (!holds) std::abort();
}

// A refusal has to say why.
template <typename Read>
void refuses_at_most(const Read& read) {
  try {
    read();
  } catch (const Error& refusal) {
    require(!refusal.details().message.empty());
  }
}

}  // namespace klingv2a::fuzz
