// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a clip is known by in the journal: a hash over what makes its sound what it is, so that a rerun finds what was
// paid for. Keys are kept for years and shared between hosts: whatever goes into one stays as it is (xxHash promises
// the same for XXH3), or kVersion in key.cpp changes and every clip is paid for again.
// A KeyHash belongs to one thread; the functions are pure, any thread.
#pragma once

#include <xxhash.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "gobject_ptr.h"

namespace klingv2a::journal {

class KeyHash {
 public:
  KeyHash();

  // Each call adds its kind and the lengths of what it adds, so that no two sequences of calls differ only in where one
  // part ends and the next begins. The order counts.
  void add_field(std::string_view name, std::string_view value);
  void add_slice(std::span<const std::byte> slice);

  // 32 lower-case hexadecimal digits: of all that was added so far.
  [[nodiscard]] std::string hex() const;

 private:
  void add_length(std::size_t length);
  void add_bytes(const void* bytes, std::size_t size);

  std::unique_ptr<XXH3_state_t, Deleter<XXH3_freeState>> state_;
};

// One text for a video by its URL, however that was signed: scheme and host in lower case, no port where it is the
// scheme's own, no user name, query or fragment. What is no URL with a host comes back as it is.
[[nodiscard]] std::string normalized_video_url(const std::string& video_url);

// One text for a service: likewise, without slashes at the end.
[[nodiscard]] std::string normalized_base_url(const std::string& base_url);

}  // namespace klingv2a::journal
