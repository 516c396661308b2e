// SPDX-License-Identifier: LGPL-2.1-or-later
#include "checksum.h"

#include <glib.h>

namespace klingv2a {

Checksum::Checksum() : state_(XXH3_createState()) {
  XXH3_128bits_reset(state_.get());
}

void Checksum::add(std::span<const std::byte> data) {
  XXH3_128bits_update(state_.get(), data.data(), data.size());
}

std::string Checksum::text() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
  const GCharPtr text(g_strdup_printf("%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x",
                                      static_cast<guint64>(hash.high64), static_cast<guint64>(hash.low64)));
  return text.get();
}

std::string checksum_of(const SpoolFile& file) {
  Checksum checksum;
  for_each_piece(file, [&](std::span<const std::byte> piece) { checksum.add(piece); });
  return checksum.text();
}

}  // namespace klingv2a
