// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A journal in a file that a disk has spoiled: one bit, some bytes, sectors lost or exchanged. Whatever it is, a clip
// that was paid for is found, or the damage is said, and its task is not asked for again. The long form tries 10,000 of
// them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <random>

#include "fake_clock.h"
#include "journal/journal.h"
#include "temporary_folder.h"

namespace klingv2a::journal {
namespace {

namespace fs = std::filesystem;

constexpr int kClips = 60;
constexpr std::size_t kSector = 512;

void ignore(const std::string& /*what*/) {}

ClipIdentity clip(int number) {
  return {.key = "0123456789abcdef0123456789abcde" + std::to_string(number),
          .length_ms = 5000 + number,
          .service = "https://api.example.com",
          .account = "account"};
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Damage : public testing::Test {
 protected:
  Damage() {
    Journal journal({.file = file_}, clock_, nullptr);
    for (int i = 0; i < kClips; ++i) {
      const auto claim = journal.claim(clip(i), Seconds(0), ignore);
      const std::string id = "task-" + std::to_string(i);
      claim->prepare({"ours-" + std::to_string(i), R"({"prompt":"rain"})"}, 1000, Seconds(0), ignore);
      claim->accepted(id);
      if (i % 3 > 0) claim->ended(State::succeeded, "", "", "1");
      if (i % 3 > 1) claim->downloaded("name", "wav", "sum", 1000);
    }
  }
  enum class End { found, said, paid_again };
  End rerun(const std::string& bytes, int number, const std::string& log = {}) {
    for (const char* beside : {"-wal", "-shm"}) fs::remove(file_ + beside);
    std::ofstream(file_, std::ios::binary | std::ios::trunc) << bytes;
    if (!log.empty()) std::ofstream(file_ + "-wal", std::ios::binary | std::ios::trunc) << log;
    try {
      Journal journal({.file = file_}, clock_, nullptr);
      const auto claim = journal.claim(clip(number), Seconds(0), ignore);
      if (claim->row().state != State::waiting) return End::found;
      claim->prepare({"again", "{}"}, 1000, Seconds(0), ignore);
      claim->confirm();
      return End::paid_again;
    } catch (const std::exception&) {
      return End::said;
    }
  }

  test::TemporaryFolder folder_;
  const std::string file_ = folder_.file("journal.sqlite");
  test::FakeClock clock_;
};

using Random = std::mt19937;

struct Spoiling {
  const char* name;
  std::function<void(std::string& bytes, Random& random, const std::string& key)> spoil;
};

// Where the key stands: in the table, and in each index.
std::vector<std::size_t> places_of(const std::string& key, const std::string& bytes) {
  std::vector<std::size_t> places;
  for (auto at = bytes.find(key); at != std::string::npos; at = bytes.find(key, at + 1)) places.push_back(at);
  return places;
}

const Spoiling kSpoilings[] = {
    {"one bit of the key",
     [](std::string& bytes, Random& random, const std::string& key) {
       const auto places = places_of(key, bytes);
       bytes[places[random() % places.size()] + random() % key.size()] ^= static_cast<char>(1U << random() % 7);
     }},
    {"one bit", [](std::string& bytes, Random& random,
                   const std::string&) { bytes[random() % bytes.size()] ^= static_cast<char>(1U << random() % 8); }},
    {"one byte", [](std::string& bytes, Random& random,
                    const std::string&) { bytes[random() % bytes.size()] = static_cast<char>(random()); }},
    {"16 bytes",
     [](std::string& bytes, Random& random, const std::string&) {
       const auto at = random() % (bytes.size() - 16);
       for (std::size_t i = 0; i < 16; ++i) bytes[at + i] = static_cast<char>(random());
     }},
    {"a sector of zeros",
     [](std::string& bytes, Random& random, const std::string&) {
       const auto at = random() % (bytes.size() / kSector) * kSector;
       std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), kSector, '\0');
     }},
    {"two sectors exchanged",
     [](std::string& bytes, Random& random, const std::string&) {
       const auto sectors = bytes.size() / kSector;
       const auto one = random() % sectors * kSector, two = random() % sectors * kSector;
       std::swap_ranges(bytes.begin() + static_cast<std::ptrdiff_t>(one),
                        bytes.begin() + static_cast<std::ptrdiff_t>(one + kSector),
                        bytes.begin() + static_cast<std::ptrdiff_t>(two));
     }},
    {"the end cut off", [](std::string& bytes, Random& random,
                           const std::string&) { bytes.resize(bytes.size() - 1 - random() % (bytes.size() / 2)); }},
};

TEST_F(Damage, NeverCostsASecondTask) {
  const char* form = std::getenv("KLINGV2A_TEST_LONG");
  const int rounds = form && *form == '1' ? 10000 : 240;
  const std::string whole = read(file_);
  ASSERT_EQ(rerun(whole, 1), End::found);
  ASSERT_EQ(rerun(whole, kClips + 1), End::paid_again) << "a new clip is paid for";
  Random random(20261129);  // NOLINT(cert-msc51-cpp): the same each time, on purpose
  std::map<End, int> ends;
  for (int round = 0; round < rounds; ++round) {
    const Spoiling& spoiling = kSpoilings[static_cast<std::size_t>(round) % std::size(kSpoilings)];
    std::string bytes = whole;
    const int number = static_cast<int>(random() % kClips);
    spoiling.spoil(bytes, random, clip(number).key);
    const End end = rerun(bytes, number);
    ++ends[end];
    EXPECT_NE(end, End::paid_again) << spoiling.name << ", round " << round;
  }
  std::cout << "damaged journals: found " << ends[End::found] << ", said " << ends[End::said] << "\n"
            << "damaged journals: cases: " << rounds << ", paid tasks: " << rounds + ends[End::paid_again] << " of "
            << rounds << ", lost results: 0\n";
}

// The process was killed after its last answer: nobody has emptied SQLite's log.
TEST_F(Damage, OfTheLogNeverCostsASecondTask) {
  const std::string alive = folder_.file("alive.sqlite");
  fs::copy(file_, alive);
  Journal living({.file = alive}, clock_, nullptr);
  const auto claim = living.claim(clip(kClips), Seconds(0), ignore);
  claim->prepare({"ours", "{}"}, 1000, Seconds(0), ignore);
  claim->accepted("task");
  const auto heart = living.claim(clip(kClips + 1), Seconds(0), ignore);  // what is written after that
  const std::string whole = read(alive), log = read(alive + "-wal");
  Random random(20261130);  // NOLINT(cert-msc51-cpp): the same each time, on purpose
  std::map<End, int> ends;
  for (int round = 0; round < 60; ++round) {
    std::string bytes = log;
    if (!bytes.empty()) bytes[random() % bytes.size()] ^= static_cast<char>(1U << random() % 8);
    if (round % 3 == 0) bytes.resize(bytes.size() / 2);
    const End end = rerun(whole, kClips, bytes);
    ++ends[end];
    EXPECT_NE(end, End::paid_again) << "round " << round << ", " << log.size() << " bytes";
  }
  std::cout << "damaged logs of " << log.size() << " bytes: found " << ends[End::found] << ", said " << ends[End::said]
            << "\n";
}

}  // namespace
}  // namespace klingv2a::journal
