// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hidden_name.h"

#include <filesystem>
#include <span>

#include "checksum.h"

namespace klingv2a::cli {

std::string hash_of_name(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  Checksum hash;
  hash.add(std::as_bytes(std::span(name)));
  return hash.text();
}

std::string hidden_name(const std::string& path, const std::string& suffix) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  return (folder / (".klingv2a-" + hash_of_name(path) + "." + suffix)).string();
}

}  // namespace klingv2a::cli
