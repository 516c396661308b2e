// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Bytes that several threads read and nobody changes: a fetched video, a made sound. Shared, never copied, since a clip
// may be 100 MB.
#pragma once

#include <gio/gio.h>

#include <memory>
#include <string>

#include "gobject_ptr.h"

namespace klingv2a::sim {

using Blob = std::shared_ptr<const std::string>;

[[nodiscard]] inline Blob make_blob(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

// The part [offset, offset + size) as GBytes that keeps the whole alive.
[[nodiscard]] inline GBytesPtr bytes_of(const Blob& blob, std::size_t offset, std::size_t size) {
  auto keep = std::make_unique<Blob>(blob);
  const auto drop = [](gpointer data) { std::unique_ptr<Blob>(static_cast<Blob*>(data)).reset(); };
  return GBytesPtr(g_bytes_new_with_free_func(blob->data() + offset, size, drop, keep.release()));
}
[[nodiscard]] inline GBytesPtr bytes_of(const Blob& blob) {
  return bytes_of(blob, 0, blob->size());
}

}  // namespace klingv2a::sim
