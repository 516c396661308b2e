// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who lives and who does not: the processes of this machine at once, all others by their beat.
#include "journal/owner.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <vector>

#include "fake_clock.h"
#include "program.h"

namespace klingv2a::journal {
namespace {

// MACHINE, SPACE, PROCESS, START, RUN
std::vector<std::string> parts_of(const std::string& owner) {
  std::vector<std::string> parts{""};
  for (const char letter : owner) {
    if (letter == '/') {
      parts.emplace_back();
    } else {
      parts.back() += letter;
    }
  }
  return parts;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string owner;
  for (const std::string& part : parts) owner += (owner.empty() ? "" : "/") + part;
  return owner;
}

std::string with_part(std::size_t index, const std::string& value) {
  auto parts = parts_of(make_owner());
  parts.at(index) = value;
  return joined(parts);
}

// A process that makes a token of its own and waits to be killed.
class Child {
 public:
  Child() {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
    process_ = ::fork();
    if (process_ == 0) {
      const std::string owner = make_owner();
      (void)!::write(ends[1], owner.data(), owner.size());
      ::close(ends[1]);
      for (;;) ::pause();
    }
    ::close(ends[1]);
    std::array<char, 512> text{};
    for (ssize_t got = 0; (got = ::read(ends[0], text.data(), text.size())) > 0;)
      owner_.append(text.data(), static_cast<std::size_t>(got));
    ::close(ends[0]);
  }
  ~Child() { bury(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] const std::string& owner() const { return owner_; }
  // Dead, but its parent has not asked for it yet.
  void kill() const {
    ::kill(process_, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOWAIT);
  }
  void bury() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(std::exchange(process_, 0), nullptr, 0);
  }

 private:
  pid_t process_ = 0;
  std::string owner_;
};

TEST(JournalOwner, EachRunIsAnother) {
  EXPECT_NE(make_owner(), make_owner());
  EXPECT_EQ(parts_of(make_owner()).size(), 5U);
  EXPECT_EQ(parts_of(make_owner()).at(2), std::to_string(::getpid()));
}

TEST(JournalOwner, WeAreNotGone) {
  EXPECT_FALSE(is_gone(make_owner()));
}

TEST(JournalOwner, AProcessIsGoneAsSoonAsItIsKilled) {
  Child child;
  EXPECT_FALSE(is_gone(child.owner()));
  child.kill();
  EXPECT_TRUE(is_gone(child.owner()));
  child.bury();
  EXPECT_TRUE(is_gone(child.owner()));
}

TEST(JournalOwner, ANumberThatIsUsedAgainIsAnotherProcess) {
  EXPECT_TRUE(is_gone(with_part(3, "1")));
}

TEST(JournalOwner, OfAnotherMachineNothingIsKnown) {
  EXPECT_FALSE(is_gone(with_part(0, "another")));
  EXPECT_FALSE(is_gone(with_part(1, "pid:[1]")));
  EXPECT_FALSE(is_gone(""));
  EXPECT_FALSE(is_gone("nonsense"));
}

// Where /proc shows everybody only his own processes, another user's may live all the same.
TEST(JournalOwner, AProcessThatIsHiddenIsNotGone) {
  const std::string hide =
      "mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid=65534 --regid=65534 "
      "--clear-groups \"$0\" - is-gone \"$1\"";
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be another user";
  const auto said = test::run_program({"unshare", "--mount", "sh", "-c", hide, KLINGV2A_JOURNAL_PROGRAM, make_owner()});
  if (said.output.empty()) GTEST_SKIP() << said.errors;
  EXPECT_EQ(said.output, "not gone\n");
}

// Skips where this user, or this container, may not have such a space.
#define SKIP_UNLESS(...)                                                       \
  if (const auto tried = test::run_program(__VA_ARGS__); tried.exit_code != 0) \
  GTEST_SKIP() << "not permitted here: " << tried.errors

// What `script` says in a process-id space of its own. $owner in it is a run that has ended there, $space its
// beginning.
std::string said_in_a_space_of_its_own(const std::string& flags, const std::string& script) {
  const std::string owner = "owner=$($0 - owner); space=$(echo $owner | cut -d/ -f1,2); ";
  return test::run_program(
             {"sh", "-c", "exec unshare " + flags + " -- sh -c '" + owner + script + "' " + KLINGV2A_JOURNAL_PROGRAM})
      .output;
}

// Its /proc is the outer one's, in which number 1 is another process.
TEST(JournalOwner, WithTheProcOfAnotherSpaceNobodyIsGone) {
  SKIP_UNLESS({"unshare", "-pf", "--", "true"});
  EXPECT_EQ(said_in_a_space_of_its_own("-pf", "$0 - is-gone $space/1/1/run"), "not gone\n");
}

TEST(JournalOwner, WithAProcOfItsOwnItIsKnownWhoIsGone) {
  SKIP_UNLESS({"unshare", "-pf", "--mount-proc", "--", "true"});
  EXPECT_EQ(said_in_a_space_of_its_own("-pf --mount-proc", "$0 - is-gone $space/4711/1/run; $0 - is-gone $owner"),
            "gone\ngone\n");
}

// Another machine's, as far as can be told, though the process-id space has the same name.
TEST(JournalOwner, WithAnotherBootIdHostNameOrMachineIdNobodyIsGone) {
  for (const std::string change : {"mount --bind /proc/sys/kernel/random/uuid /proc/sys/kernel/random/boot_id",
                                   "hostname another", "mount --bind /etc/hostname /etc/machine-id"}) {
    SKIP_UNLESS({"unshare", "-mu", "sh", "-c", change});
    const std::string owner = with_part(3, "1");  // of a process here that is gone
    ASSERT_TRUE(is_gone(owner));
    const auto said = test::run_program(
        {"unshare", "-mu", "sh", "-c", change + " && exec $0 - is-gone $1", KLINGV2A_JOURNAL_PROGRAM, owner});
    EXPECT_EQ(said.output, "not gone\n") << change << said.errors;
  }
}

class JournalWatch : public testing::Test {
 protected:
  [[nodiscard]] bool is_alive(const std::string& owner, std::int64_t beat) {
    return watch_.is_alive(Row{.owner = owner, .beat = beat});
  }
  // Looks at him again and again, as a run that waits does. Whether he is alive at the end.
  [[nodiscard]] bool is_alive_after(Seconds length, const std::string& owner, std::int64_t beat) {
    const Seconds until = clock_.now() + length;
    for (; clock_.now() + kBeat < until; clock_.advance(kBeat)) (void)is_alive(owner, beat);
    clock_.advance(until - clock_.now());
    return is_alive(owner, beat);
  }
  static constexpr const char* kElsewhere = "another-machine/pid:[1]/4711/1/a-run";

  test::FakeClock clock_;
  Watch watch_{clock_};
};

TEST_F(JournalWatch, NobodyIsNotAlive) {
  EXPECT_FALSE(is_alive("", 1));
}

TEST_F(JournalWatch, WhoWasNeverSeenBeforeIsAlive) {
  EXPECT_TRUE(is_alive(kElsewhere, 1));
}

TEST_F(JournalWatch, WhoseBeatStandsStillIsDead) {
  EXPECT_TRUE(is_alive_after(kDeadAfter - Seconds(0.1), kElsewhere, 1));
  EXPECT_FALSE(is_alive_after(Seconds(0.2), kElsewhere, 1));
}

// While the journal was away his heart could not be heard.
TEST_F(JournalWatch, ATimeInWhichNobodyLookedDoesNotCount) {
  EXPECT_TRUE(is_alive_after(kDeadAfter - Seconds(1), kElsewhere, 1));
  clock_.advance(2 * kDeadAfter);
  EXPECT_TRUE(is_alive(kElsewhere, 1));
  EXPECT_TRUE(is_alive_after(kDeadAfter - Seconds(0.1), kElsewhere, 1));
  EXPECT_FALSE(is_alive_after(Seconds(0.2), kElsewhere, 1));
}

TEST_F(JournalWatch, WhoseBeatGrowsLives) {
  for (int beat = 1; beat < 10; ++beat) {
    EXPECT_TRUE(is_alive(kElsewhere, beat));
    clock_.advance(kDeadAfter - Seconds(0.1));
  }
}

TEST_F(JournalWatch, ADeadOneMayComeBack) {
  EXPECT_FALSE(is_alive_after(2 * kDeadAfter, kElsewhere, 1));
  EXPECT_TRUE(is_alive(kElsewhere, 2));
}

TEST_F(JournalWatch, WhoIsGoneFromThisMachineIsDeadAtOnce) {
  Child child;
  EXPECT_TRUE(is_alive(child.owner(), 1));
  child.kill();
  EXPECT_FALSE(is_alive(child.owner(), 2));
}

TEST_F(JournalWatch, AnotherRunsBeatIsNotThisOnes) {
  const std::string other = std::string(kElsewhere) + "-too";
  EXPECT_TRUE(is_alive_after(kDeadAfter - Seconds(1), kElsewhere, 1));
  EXPECT_TRUE(is_alive(other, 1));
  EXPECT_FALSE(is_alive_after(Seconds(2), kElsewhere, 1));
  EXPECT_TRUE(is_alive(other, 1));
}

}  // namespace
}  // namespace klingv2a::journal
