// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a file is known by: in the journal, in stats and in reports. Pure; any thread.
#pragma once

#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gobject_ptr.h"
#include "spool_file.h"

namespace klingv2a {

// 128-bit xxHash (XXH3), as xxh128sum prints it: 32 lower-case hexadecimal digits.
class Checksum {
 public:
  Checksum();
  void add(std::span<const std::byte> data);
  [[nodiscard]] std::string text() const;

 private:
  std::unique_ptr<XXH3_state_t, Deleter<XXH3_freeState>> state_;
};

// Of a whole file. Throws Error{disk}.
[[nodiscard]] std::string checksum_of(const SpoolFile& file);

// Calls `take` with the file's content, piece by piece.
template <typename Take>
void for_each_piece(const SpoolFile& file, const Take& take) {
  constexpr std::size_t kPiece = 256 * 1024;
  std::vector<std::byte> buffer(kPiece);
  std::uint64_t offset = 0;
  while (const std::size_t got = file.read_at(offset, buffer)) {
    take(std::span<const std::byte>(buffer).first(got));
    offset += got;
  }
}

}  // namespace klingv2a
