// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Another process that shares a journal with a test: it can be killed, run as another user, or race with its like.
//
//   journal_program JOURNAL hold KEY            takes the clip's row, says "held", and keeps it until stdin ends
//   journal_program JOURNAL contest KEY N FILE  takes the row N times; FILE is there only while it is taken
//   journal_program JOURNAL fill                takes rows of new clips until that fails, and says how many it has
//   journal_program JOURNAL open                opens it and says how many rows there are
//   journal_program JOURNAL plan NAME N         N times: writes the next cut of a chain, a cut that its like writes
//   too,
//                                               and a join, of which it says the figures that stand
//   journal_program JOURNAL fill-cuts           writes cuts until that fails, and says how many it has
//   journal_program - is-gone OWNER             says whether it takes the owner for gone
//   journal_program - owner                     says the name of a run of its own
//
// It says "ready" before it opens the journal, and goes on when it gets a line. A failure is one line, and exit
// code 3.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "journal/journal.h"
#include "journal/plans.h"

namespace klingv2a {
namespace {

// Waits are shorter than they should be, so that races are many.
class HastyClock final : public Clock {
 public:
  Seconds now() override { return clock_->now(); }
  Seconds wall() override { return clock_->wall(); }
  bool sleep(Seconds length, GCancellable* cancel) override {
    return clock_->sleep(std::min(length, Seconds(0.002)), cancel);
  }
  bool sleep_until_signalled(Seconds length, GCancellable* cancel, const WakeUp& wake) override {
    return clock_->sleep_until_signalled(std::min(length, Seconds(0.002)), cancel, wake);
  }
  double random() override { return clock_->random(); }

 private:
  std::shared_ptr<Clock> clock_ = make_system_clock();
};

using Arguments = std::vector<std::string>;

constexpr Seconds kPatience{60};

journal::ClipIdentity clip(const std::string& key) {
  return {.key = key, .length_ms = 5000, .service = "https://api.example.com", .account = "a"};
}

void say(const std::string& line) {
  std::cout << line << std::endl;
}

void wait_for_word() {
  say("ready");
  std::string line;
  std::getline(std::cin, line);
}

journal::Location location(const std::string& where) {
  const bool is_file = where.starts_with('/');
  return {.connection_string = is_file ? "" : where, .file = is_file ? where : ""};
}

journal::Journal open(const std::string& where, Clock& clock) {
  return {location(where), clock, nullptr};
}

void hold(const Arguments& arguments) {
  HastyClock clock;
  journal::Journal journal = open(arguments.at(0), clock);
  const auto claim = journal.claim(clip(arguments.at(2)), kPatience, [](const std::string&) {});
  say("held");
  std::string line;
  std::getline(std::cin, line);
}

void contest(const Arguments& arguments) {
  HastyClock clock;
  journal::Journal journal = open(arguments.at(0), clock);
  const std::string& file = arguments.at(4);
  for (int left = std::stoi(arguments.at(3)); left > 0; --left) {
    const auto claim = journal.claim(clip(arguments.at(2)), kPatience, [](const std::string&) {});
    const int fd = ::open(file.c_str(), O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) throw std::runtime_error("another one has the row, too");
    ::close(fd);
    ::unlink(file.c_str());
  }
  say("done");
}

void fill(const Arguments& arguments) {
  HastyClock clock;
  journal::Journal journal = open(arguments.at(0), clock);
  int taken = 0;
  try {
    for (;; ++taken)
      (void)journal.claim(clip(std::string(2000, 'k') + std::to_string(taken)), kPatience, [](const std::string&) {});
  } catch (const Error& error) {
    say(std::string(error.what()) + " | " + describe(error.details()));
  }
  say(std::to_string(taken) + " taken");
  say(std::to_string(journal.rows().size()) + " rows");
}

void open_only(const Arguments& arguments) {
  HastyClock clock;
  say(std::to_string(open(arguments.at(0), clock).rows().size()) + " rows");
}

journal::Cut cut(const std::string& before, std::size_t number) {
  const std::string digits = std::to_string(number);
  return {.before = before,
          .media_key = std::string(64 - digits.size(), '0') + digits,
          .frames = 1,
          .place_begin = "edge",
          .place_end = "inside",
          .way = "remux"};
}

// The next one is named by how many there are.
void append_cut(journal::Plans& plans) {
  constexpr int kTries = 1000;
  for (int i = 0; i < kTries; ++i) {
    const auto cuts = plans.cuts_after("");
    if (plans.write_unless_overtaken(cut("", cuts.size()), cuts.empty() ? 0 : cuts.back().id)) return;
  }
  throw std::runtime_error("always overtaken");
}

void plan(const Arguments& arguments) {
  HastyClock clock;
  journal::Plans plans(location(arguments.at(0)), clock, nullptr);
  const std::size_t times = std::stoul(arguments.at(3));
  for (std::size_t i = 0; i < times; ++i) {
    append_cut(plans);
    plans.write(cut(cut("", 0).media_key, i));
    say(plans.write({std::to_string(i), "later", "by " + arguments.at(2)}).figures);
  }
}

void fill_cuts(const Arguments& arguments) {
  HastyClock clock;
  journal::Plans plans(location(arguments.at(0)), clock, nullptr);
  std::size_t written = 0;
  try {
    for (;; ++written) plans.write(cut("", written));
  } catch (const Error& error) {
    say(std::string(error.what()) + " | " + describe(error.details()));
  }
  say(std::to_string(written) + " written");
  say(std::to_string(plans.cuts_after("").size()) + " cuts");
}

int run(const Arguments& arguments) {
  const std::string& command = arguments.at(1);
  try {
    if (command == "is-gone") {
      say(journal::is_gone(arguments.at(2)) ? "gone" : "not gone");
      return 0;
    }
    if (command == "owner") {
      say(journal::make_owner());
      return 0;
    }
    wait_for_word();
    if (command == "hold") hold(arguments);
    if (command == "contest") contest(arguments);
    if (command == "fill") fill(arguments);
    if (command == "open") open_only(arguments);
    if (command == "plan") plan(arguments);
    if (command == "fill-cuts") fill_cuts(arguments);
    return 0;
  } catch (const Error& error) {
    say(std::string(error.what()) + " | " + describe(error.details()));
  } catch (const std::exception& error) {
    say(error.what());
  }
  constexpr int kFailed = 3;
  return kFailed;
}

}  // namespace
}  // namespace klingv2a

int main(int argc, char** argv) {
  return klingv2a::run({argv + 1, argv + argc});
}
