// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A short run of a fuzz target without libFuzzer, for every build: each file of the corpus as it is, cut at each
// length, and with bytes changed by a generator that always starts the same. Usage: NAME CORPUS
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz_target.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr int kChanged = 400;  // variants of each file

int run(const Bytes& bytes) {
  return LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

Bytes read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A few bytes replaced, doubled or taken out.
Bytes changed(Bytes bytes, std::mt19937& random) {
  constexpr std::uint8_t kTelling[] = {0, '"', '\\', '{', '}', '[', ']', ':', ',', '%', '/', '?', 0x80, 0xff};
  for (auto count = 1 + random() % 4; count > 0 && !bytes.empty(); --count) {
    const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(random() % bytes.size());
    const auto kind = random() % 3;
    if (kind == 0) *at = kTelling[random() % std::size(kTelling)];
    if (kind == 1) bytes.insert(at, *at);
    if (kind == 2) bytes.erase(at);
  }
  return bytes;
}

int replay(const Bytes& seed, std::mt19937& random) {
  int runs = run(seed) + 1;
  for (std::size_t length = 0; length < std::min<std::size_t>(seed.size(), 2000); ++length, ++runs)
    run(Bytes(seed.begin(), seed.begin() + static_cast<std::ptrdiff_t>(length)));
  for (int i = 0; i < kChanged; ++i, ++runs) run(changed(seed, random));
  return runs;
}

}  // namespace

int main(int argc, char** argv) {
  std::mt19937 random(20261122);  // NOLINT(cert-msc51-cpp): the same each time, on purpose
  int files = 0, runs = 0;
  if (argc == 2) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
      runs += replay(read(entry.path()), random);
      ++files;
    }
  }
  std::cout << files << " files, " << runs << " inputs\n";
  return files == 0 ? 1 : 0;
}
