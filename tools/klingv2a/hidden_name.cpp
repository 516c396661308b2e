// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hidden_name.h"

#include <filesystem>
#include <span>

#include "checksum.h"

namespace klingv2a::cli {

std::string hidden_name(const std::string& path, const std::string& suffix) {
  const std::filesystem::path place(path);
  const std::string name = place.filename().string();
  Checksum hash;
  hash.add(std::as_bytes(std::span(name)));
  return (place.parent_path() / (".klingv2a-" + hash.text() + "." + suffix)).string();
}

}  // namespace klingv2a::cli
