// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is written of cuts, joins and takes is what the next run reads, whoever else writes at the same time, and
// whatever somebody has put into the tables.
#include "journal/plans.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "dice.h"
#include "fake_clock.h"
#include "journal/journal.h"
#include "journal_process.h"
#include "journal_store.h"

namespace klingv2a::journal {
namespace {

std::string key(int number) {
  std::string digits = std::to_string(number);
  return std::string(64 - digits.size(), '0') + digits;
}

Cut cut(const std::string& before, const std::string& media_key) {
  return {.before = before,
          .media_key = media_key,
          .frames_before = 12,
          .frames = 400,
          .frames_after = 1,
          .place_begin = "inside",
          .place_end = "shot-change",
          .way = "transcode",
          .planner = "1 join-price=500000",
          .music = "calm \"piano\" 雨"};
}

Take take(const std::string& row, std::int64_t place, std::int64_t number) {
  return {.row = row, .media_key = key(7), .place = place, .take = number};
}

// Each member of a cut but its id.
Record parts(const Cut& cut) {
  return {cut.before,
          cut.media_key,
          std::to_string(cut.frames_before),
          std::to_string(cut.frames),
          std::to_string(cut.frames_after),
          cut.place_begin,
          cut.place_end,
          cut.way,
          cut.planner,
          cut.music};
}

std::vector<std::string> keys_of(const std::vector<Cut>& cuts) {
  std::vector<std::string> keys;
  for (const Cut& each : cuts) keys.push_back(each.media_key);
  return keys;
}

// Text that no store can make shorter.
std::string noise(std::size_t bytes) {
  test::Dice dice(1);
  std::string text;
  while (text.size() < bytes) text.push_back(static_cast<char>('(' + static_cast<int>(dice.fraction() * 86)));
  return text;
}

class JournalPlans : public test::JournalStoreTest {
 protected:
  [[nodiscard]] Plans open(const GObjectPtr<GCancellable>& cancel = nullptr) { return {location_, clock_, cancel}; }
  void sql(const std::string& statement) const {
    const auto connection = connect();
    in_transaction(*connection, [&] { connection->run(statement, {}); });
  }
  [[nodiscard]] std::string where() const {
    return location_.connection_string.empty() ? location_.file : location_.connection_string;
  }
  template <typename Work>
  static ErrorDetails error_of(const Work& work) {
    try {
      work();
    } catch (const Error& error) {
      return error.details();
    }
    ADD_FAILURE() << "no error";
    return {};
  }
  static void expect_damage(const ErrorDetails& details, const std::string& table) {
    EXPECT_EQ(details.kind, ErrorKind::disk);
    EXPECT_EQ(details.paid, Paid::no);
    EXPECT_NE(details.message.find("is damaged: " + table), std::string::npos) << details.message;
    EXPECT_NE(details.advice.find("keep it"), std::string::npos) << details.advice;
  }

  test::FakeClock clock_;
};

TEST_P(JournalPlans, ACutIsReadAsItWasWrittenByWhoeverOpensTheJournal) {
  const Cut first = cut("", key(1));
  Cut second = cut(key(1), std::string(32, 'f'));
  second.music.clear();
  {
    Plans plans = open();
    plans.write(first);
    plans.write(second);
  }
  Plans plans = open();
  const auto begins = plans.cuts_after("");
  ASSERT_EQ(begins.size(), 1U);
  EXPECT_EQ(parts(begins.front()), parts(first));
  const auto goes_on = plans.cuts_after(key(1));
  ASSERT_EQ(goes_on.size(), 1U);
  EXPECT_EQ(parts(goes_on.front()), parts(second));
  EXPECT_GT(goes_on.front().id, begins.front().id);
  EXPECT_TRUE(plans.cuts_after(key(2)).empty());
  EXPECT_EQ(Journal(location_, clock_, nullptr).rows().size(), 0U) << "it costs no row";
}

TEST_P(JournalPlans, TheSameCutAgainChangesNothing) {
  Plans plans = open();
  plans.write(cut("", key(1)));
  const std::int64_t id = plans.cuts_after("").front().id;
  plans.write(cut("", key(1)));
  ASSERT_EQ(plans.cuts_after("").size(), 1U);
  EXPECT_EQ(plans.cuts_after("").front().id, id);
}

TEST_P(JournalPlans, CutsThatDifferInAnythingAreAllKeptInTheirOrder) {
  Plans plans = open();
  std::vector<Cut> written(10, cut("", key(1)));
  written[1].media_key = key(0);
  written[2].frames_before = 0;
  written[3].frames = 1;
  written[4].frames_after = 0;
  written[5].place_begin = "edge";
  written[6].place_end = "gradual";
  written[7].way = "remux";
  written[8].planner = "2";
  written[9].music = "";
  for (const Cut& each : written) plans.write(each);
  const auto stored = plans.cuts_after("");
  ASSERT_EQ(stored.size(), written.size());
  for (std::size_t i = 0; i < stored.size(); ++i) EXPECT_EQ(parts(stored[i]), parts(written[i])) << i;
}

TEST_P(JournalPlans, OfVeryManyCutsTheNewestAreListedAndAnyIsFound) {
  constexpr int kMany = kMostCuts + 5;
  Plans plans = open();
  plans.write(cut("", key(0)));
  const auto connection = connect();
  in_transaction(*connection, [&] {
    for (int i = 1; i < kMany; ++i)
      connection->run(
          "INSERT INTO klingv2a_cuts SELECT id + $1, before_key, $2, frames_before, frames, frames_after, place_begin, "
          "place_end, way, planner, music, written_ms FROM klingv2a_cuts WHERE media_key = $3",
          {std::to_string(i), key(i), key(0)});
  });
  const auto newest = keys_of(plans.cuts_after(""));
  ASSERT_EQ(newest.size(), kMostCuts);
  EXPECT_EQ(newest.front(), key(5));
  EXPECT_EQ(newest.back(), key(kMany - 1));
  EXPECT_EQ(keys_of(plans.cuts_to("", {key(3), "no key at all", key(0)})), (std::vector{key(0), key(3)}));
  EXPECT_TRUE(plans.cuts_to(key(1), {key(3)}).empty());
  EXPECT_TRUE(plans.cuts_to("", {}).empty());
  std::vector<std::string> all;
  for (int i = kMany; i-- > 0;) all.push_back(key(i));
  all.push_back(key(kMany - 1));
  EXPECT_EQ(keys_of(plans.cuts_to("", all)), newest);
}

TEST_P(JournalPlans, ACutIsNotWrittenBesideOneThatWasNotSeen) {
  Plans plans = open();
  Plans other = open();
  EXPECT_TRUE(plans.write_unless_overtaken(cut("", key(1)), 0));
  EXPECT_FALSE(other.write_unless_overtaken(cut("", key(2)), 0));
  const std::int64_t seen = other.cuts_after("").back().id;
  EXPECT_TRUE(other.write_unless_overtaken(cut(key(1), key(2)), 0)) << "nothing follows that clip yet";
  EXPECT_TRUE(other.write_unless_overtaken(cut("", key(2)), seen));
  EXPECT_EQ(keys_of(plans.cuts_after("")), (std::vector{key(1), key(2)}));
}

TEST_P(JournalPlans, TheFirstJoinOfTwoClipsIsTheOne) {
  Plans plans = open();
  EXPECT_FALSE(plans.join_of("one", "two"));
  const std::string figures = R"({"begin": 24000, "match": [-1.5, 0, "雨"]})";
  EXPECT_EQ(plans.write({"one", "two", figures}).figures, figures);
  EXPECT_EQ(open().write({"one", "two", "{}"}).figures, figures);
  const auto join = open().join_of("one", "two");
  ASSERT_TRUE(join);
  EXPECT_EQ(join->earlier + join->later + join->figures, "onetwo" + figures);
  EXPECT_FALSE(plans.join_of("two", "one"));
}

TEST_P(JournalPlans, ATakeIsUnfinishedUntilItsSoundIsHere) {
  Plans plans = open();
  plans.write(take("row", 3, 2));
  plans.write(take("row", 1, 4'294'967'295));
  plans.write(take("another", 3, 9));
  EXPECT_TRUE(plans.finish(take("row", 3, 2)));
  const auto takes = open().takes_of("row");
  ASSERT_EQ(takes.size(), 2U);
  EXPECT_EQ(takes[0].place, 1);
  EXPECT_EQ(takes[0].take, 4'294'967'295);
  EXPECT_FALSE(takes[0].finished);
  EXPECT_EQ(takes[1].place, 3);
  EXPECT_EQ(takes[1].media_key, key(7));
  EXPECT_EQ(takes[1].row, "row");
  EXPECT_EQ(takes[1].take, 2);
  EXPECT_TRUE(takes[1].finished);
}

TEST_P(JournalPlans, AFinishedTakeStaysFinishedUntilAnotherIsWanted) {
  Plans plans = open();
  plans.write(take("row", 3, 1));
  EXPECT_TRUE(plans.finish(take("row", 3, 1)));
  plans.write(take("row", 3, 1));
  EXPECT_TRUE(plans.takes_of("row").front().finished);
  EXPECT_TRUE(plans.finish(take("row", 3, 1)));
  plans.write(take("row", 3, 2));
  ASSERT_EQ(plans.takes_of("row").size(), 1U);
  EXPECT_EQ(plans.takes_of("row").front().take, 2);
  EXPECT_FALSE(plans.takes_of("row").front().finished);
}

TEST_P(JournalPlans, ASoundOfATakeThatNobodyWantsAnyMoreFinishesNothing) {
  Plans plans = open();
  EXPECT_FALSE(plans.finish(take("row", 3, 1)));
  EXPECT_TRUE(plans.takes_of("row").empty());
  plans.write(take("row", 3, 1));
  plans.write(take("row", 3, 2));
  EXPECT_FALSE(plans.finish(take("row", 3, 1)));
  EXPECT_FALSE(plans.takes_of("row").front().finished);
}

// As long as it may be, and of letters that take up room.
TEST_P(JournalPlans, TheLongestRecordsHaveRoom) {
  Plans plans = open();
  Cut longest = cut(key(1), key(2));
  longest.planner = noise(1000);
  longest.music = noise(1000);
  longest.place_begin = longest.place_end = longest.way = std::string(32, 'w');
  longest.frames_before = longest.frames = longest.frames_after = 1'000'000'000;
  plans.write(longest);
  EXPECT_EQ(parts(plans.cuts_after(key(1)).front()), parts(longest));
  const StoredJoin join{noise(256), noise(255), noise(64 * 1024)};
  (void)plans.write(join);
  EXPECT_EQ(plans.join_of(join.earlier, join.later)->figures, join.figures);
  plans.write(take(noise(1000), 1'000'000'000, 1));
  EXPECT_EQ(plans.takes_of(noise(1000)).size(), 1U);
}

TEST_P(JournalPlans, WhatCouldNotBeReadAgainIsNotWritten) {
  Plans plans = open();
  const auto refused = [&](const auto& change) {
    Cut wrong = cut("", key(1));
    change(wrong);
    const auto details = error_of([&] { plans.write(wrong); });
    EXPECT_EQ(details.kind, ErrorKind::service) << details.message;
    EXPECT_EQ(error_of([&] { (void)plans.write_unless_overtaken(wrong, 0); }).kind, ErrorKind::service);
    return details.message;
  };
  EXPECT_NE(refused([](Cut& cut) { cut.frames = 0; }).find("frames is '0'"), std::string::npos);
  refused([](Cut& cut) { cut.frames_before = -1; });
  refused([](Cut& cut) { cut.frames_after = 1'000'000'001; });
  refused([](Cut& cut) { cut.before = std::string(64, 'F'); });
  refused([](Cut& cut) { cut.media_key.clear(); });
  refused([](Cut& cut) { cut.media_key.pop_back(); });
  refused([](Cut& cut) { cut.way = "Re mux"; });
  refused([](Cut& cut) { cut.place_end.clear(); });
  refused([](Cut& cut) { cut.planner = std::string("1\0 2", 4); });
  refused([](Cut& cut) { cut.music = "\xff"; });
  refused([](Cut& cut) { cut.music = std::string(1001, 'm'); });
  EXPECT_TRUE(plans.cuts_after("").empty());
  EXPECT_EQ(error_of([&] { (void)plans.write({"", "two", "{}"}); }).kind, ErrorKind::service);
  EXPECT_EQ(error_of([&] { (void)plans.write({"one", "two", std::string(65537, '1')}); }).kind, ErrorKind::service);
  EXPECT_EQ(error_of([&] { plans.write(take("row", -1, 0)); }).kind, ErrorKind::service);
  EXPECT_EQ(error_of([&] { (void)plans.finish(take("row", 0, 4'294'967'296)); }).kind, ErrorKind::service);
}

TEST_P(JournalPlans, AbsurdCutsAreDamage) {
  Plans plans = open();
  plans.write(cut("", key(1)));
  std::vector<std::string> absurd{
      "frames = -1",
      "frames = 0",
      "frames = 9223372036854775807",
      "frames_before = -9223372036854775807",
      "frames_after = 1000000001",
      "media_key = ''",
      "media_key = '../../etc/passwd'",
      "place_begin = 'EDGE'",
      "place_end = ''",
      "way = 'remux;'",
      "id = -5",
      "id = 9223372036854775807",
      "planner = 'long " + noise(1000) + "'",
  };
  if (GetParam() == test::Store::sqlite) {
    for (const char* other : {"frames = 'many'", "frames = 1e30", "frames = X'00'", "frames = 1.5", "music = X'ff'",
                              "music = hex(zeroblob(1000000))"})
      absurd.emplace_back(other);
  }
  for (const std::string& change : absurd) {
    SCOPED_TRACE(change.substr(0, 60));
    sql("UPDATE klingv2a_cuts SET " + change);
    expect_damage(error_of([&] { (void)plans.cuts_after(""); }), "klingv2a_cuts");
    sql("DELETE FROM klingv2a_cuts");
    plans.write(cut("", key(1)));
    ASSERT_EQ(plans.cuts_after("").size(), 1U);
  }
}

TEST_P(JournalPlans, BehindAnAbsurdIdNothingIsWritten) {
  Plans plans = open();
  plans.write(cut("", key(1)));
  sql("UPDATE klingv2a_cuts SET id = 9223372036854775807");
  expect_damage(error_of([&] { plans.write(cut(key(1), key(2))); }), "klingv2a_cuts");
  EXPECT_TRUE(plans.cuts_after(key(1)).empty());
}

TEST_P(JournalPlans, AbsurdTakesAndJoinsAreDamage) {
  Plans plans = open();
  for (const char* change : {"take = -1", "take = 4294967296", "finished = 2", "place = -1", "media_key = 'x'"}) {
    SCOPED_TRACE(change);
    plans.write(take("row", 3, 1));
    sql(std::string("UPDATE klingv2a_takes SET ") + change);
    expect_damage(error_of([&] { (void)plans.takes_of("row"); }), "klingv2a_takes");
    sql("DELETE FROM klingv2a_takes");
  }
  (void)plans.write({"one", "two", "{}"});
  sql("UPDATE klingv2a_joins SET figures = '" + noise(65537) + "'");
  expect_damage(error_of([&] { (void)plans.join_of("one", "two"); }), "klingv2a_joins");
  expect_damage(error_of([&] { (void)plans.write({"one", "two", "{}"}); }), "klingv2a_joins");
}

TEST_P(JournalPlans, TwoProcessesThatWriteAtOnceAreBothRight) {
  constexpr int kTimes = 25;
  test::JournalProcess one({where(), "plan", "one", std::to_string(kTimes)});
  test::JournalProcess two({where(), "plan", "two", std::to_string(kTimes)});
  one.go();
  two.go();
  const std::string of_one = one.rest(), of_two = two.rest();
  EXPECT_EQ(one.end(), 0) << of_one;
  EXPECT_EQ(two.end(), 0) << of_two;
  EXPECT_EQ(of_one, of_two) << "both use the join that was first";
  Plans plans = open();
  std::vector<std::string> appended;
  for (int i = 0; i < 2 * kTimes; ++i) appended.push_back(key(i));
  EXPECT_EQ(keys_of(plans.cuts_after("")), appended) << "each was written by one who had seen all before it";
  EXPECT_EQ(plans.cuts_after(key(0)).size(), static_cast<std::size_t>(kTimes)) << "the same cut was written once";
}

TEST_P(JournalPlans, ACancelEndsTheWaitForTheStore) {
  const auto cancel = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  Plans plans = open(cancel);
  const auto other = connect();
  other->begin();
  g_cancellable_cancel(cancel.get());
  EXPECT_EQ(error_of([&] { plans.write(cut("", key(1))); }).kind, ErrorKind::cancelled);
  other->rollback();
  EXPECT_TRUE(open().cuts_after("").empty());
}

// A server has files and a disk of its own.
class JournalPlansFile : public JournalPlans {};

TEST_P(JournalPlansFile, WhatIsWrittenLiesThereAtOnce) {
  Plans plans = open();
  plans.write(cut("", key(4711)));
  std::ifstream file(location_.file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(bytes.find(key(4711)), std::string::npos);
}

TEST_P(JournalPlansFile, AFullDiskCostsNoCut) {
  const std::string disk = folder_.file("disk");
  std::filesystem::create_directories(disk);
  std::vector<std::string> small_disk{
      "unshare", "--mount", "sh", "-c", R"(mount -t tmpfs -o size=320k tmpfs "$0" && exec "$@")", disk};
  if (::geteuid() != 0) small_disk.insert(small_disk.begin() + 1, "--map-root-user");
  auto words = small_disk;
  words.emplace_back("true");
  if (const auto tried = test::run_program(words); tried.exit_code != 0) GTEST_SKIP() << tried.errors;
  test::JournalProcess process({disk + "/journal.sqlite", "fill-cuts"}, small_disk);
  process.go();
  const std::string said = process.line();
  EXPECT_NE(said.find("cannot grow, the disk is full"), std::string::npos) << said;
  const std::string written = process.line();
  EXPECT_GT(std::stoi(written), 0) << written;
  EXPECT_EQ(process.line(), std::to_string(std::stoi(written)) + " cuts");
}

KLINGV2A_OVER_BOTH_STORES(JournalPlans);
INSTANTIATE_TEST_SUITE_P(Over, JournalPlansFile, testing::Values(test::Store::sqlite), test::name_of);

}  // namespace
}  // namespace klingv2a::journal
