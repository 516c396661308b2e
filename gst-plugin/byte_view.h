// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Bytes that strangers wrote, as a view that cannot be left: what lies beyond its end is Malformed, which whoever reads
// catches. Whoever has the bytes keeps them. Any thread.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <stdexcept>
#include <vector>

namespace klingv2a {

using Bytes = std::vector<std::uint8_t>;

struct Malformed : std::runtime_error {
  Malformed() : std::runtime_error("malformed bytes") {}
};

class View {
 public:
  using value_type = std::uint8_t;

  View() = default;
  View(const std::uint8_t* bytes, std::size_t size) : bytes_(bytes, size) {}
  View(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}  // NOLINT(google-explicit-constructor)
  View(const Bytes& bytes) : bytes_(bytes) {}                   // NOLINT(google-explicit-constructor)
  template <std::size_t N>
  View(const std::array<std::uint8_t, N>& bytes) : bytes_(bytes) {}  // NOLINT(google-explicit-constructor)
  // A part of what is viewed already.
  template <std::contiguous_iterator Iterator>
  View(Iterator begin, Iterator end) : bytes_(begin, end) {}

  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  [[nodiscard]] const std::uint8_t* data() const noexcept { return bytes_.data(); }
  [[nodiscard]] auto begin() const noexcept { return bytes_.begin(); }
  [[nodiscard]] auto end() const noexcept { return bytes_.end(); }

  [[nodiscard]] std::uint8_t operator[](std::size_t at) const {
    if (at >= size()) throw Malformed();
    return bytes_[at];
  }
  [[nodiscard]] std::uint8_t front() const { return (*this)[0]; }
  [[nodiscard]] View first(std::size_t count) const {
    if (count > size()) throw Malformed();
    return bytes_.first(count);
  }
  [[nodiscard]] View subspan(std::size_t at) const {
    if (at > size()) throw Malformed();
    return bytes_.subspan(at);
  }
  [[nodiscard]] Bytes copy() const { return {begin(), end()}; }
  [[nodiscard]] View subspan(std::size_t at, std::size_t count) const { return subspan(at).first(count); }

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace klingv2a
