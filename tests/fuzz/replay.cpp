// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A short run of a fuzz target without libFuzzer, for every build: each file of the corpus as it is, and then, for some
// seconds at most, cut somewhere and with bytes changed by a generator that always starts the same. Usage: NAME CORPUS
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <set>
#include <vector>

#include "fuzz_target.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr int kChanged = 2000;  // variants of each file, if there is time
constexpr std::chrono::seconds kLongest{3};

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

Bytes cut(Bytes bytes, std::mt19937& random) {
  bytes.resize(random() % (bytes.size() + 1));
  return bytes;
}

std::vector<Bytes> read_all(const std::filesystem::path& corpus) {
  std::vector<Bytes> seeds;
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) files.insert(entry.path());
  for (const auto& file : files) seeds.push_back(read(file));
  return seeds;
}

int replay(const std::vector<Bytes>& seeds) {
  std::mt19937 random(20261122);  // NOLINT(cert-msc51-cpp): the same each time, on purpose
  int runs = 0;
  for (const Bytes& seed : seeds) runs += run(seed) + 1;
  const auto end = std::chrono::steady_clock::now() + kLongest;
  for (int i = 0; i < kChanged; ++i) {
    for (const Bytes& seed : seeds) {
      if (std::chrono::steady_clock::now() > end) return runs;
      runs += run(i % 2 == 0 ? changed(seed, random) : cut(seed, random)) + 1;
    }
  }
  return runs;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto seeds = read_all(argv[1]);
  std::cout << seeds.size() << " files, " << replay(seeds) << " inputs\n";
  return seeds.empty() ? 1 : 0;
}
