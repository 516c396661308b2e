// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Hostile files and results through the whole tool, in a network of its own that has the address of clouds' metadata
// services: nobody asks there, and no file of this machine is opened.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli_run.h"
#include "hostile_files.h"

namespace klingv2a::test {
namespace {

constexpr const char* kMetadata = "169.254.169.254";

bool leave_network() {
  if (::unshare(CLONE_NEWNET) == 0) return true;
  const auto user = std::to_string(::geteuid()), group = std::to_string(::getegid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/uid_map") << user << " " << user << " 1";
  std::ofstream("/proc/self/gid_map") << group << " " << group << " 1";
  return true;
}

bool set_up_loopback() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK;
  bool done = ::ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  std::strcpy(request.ifr_name, "lo:1");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, kMetadata, &address.sin_addr);
  std::memcpy(&request.ifr_addr, &address, sizeof address);
  done = done && ::ioctl(fd, SIOCSIFADDR, &request) == 0;
  ::close(fd);
  return done;
}

// Before the first thread is made: threads inherit the network.
class CliHostile : public Cli {
 protected:
  static void SetUpTestSuite() { apart_ = leave_network() && set_up_loopback(); }
  void SetUp() override {
    if (!apart_) GTEST_SKIP() << "no network of its own can be had here";
    trap_ = std::make_unique<Trap>(kMetadata);
  }
  // The service's result, whichever form is asked for.
  void answer_results_with(const std::string& text) {
    service_.clear_faults();
    service_.add_fault({.on = On::result, .what = Do::status, .times = -1, .http_status = 200, .body = text});
  }
  static inline bool apart_ = false;
  std::unique_ptr<Trap> trap_;
};

TEST_F(CliHostile, TheTrapNoticesWhoComes) {
  const auto came = run_program({"bash", "-c", "exec 3<>/dev/tcp/" + std::string(kMetadata) + "/" + trap_->port()});
  ASSERT_EQ(came.exit_code, 0) << came.errors;
  EXPECT_EQ(trap_->touched(), "a connection was made");
  (void)text_of_file(trap_->file());
  EXPECT_EQ(trap_->touched(), "the file was opened");
  EXPECT_EQ(trap_->touched(), "");
}

TEST_F(CliHostile, AVideoThatNamesOthersIsRefused) {
  for (const Attack& attack : all_attacks()) {
    const std::string file = folder_.file("attack.mp4");
    std::ofstream(file, std::ios::binary) << attack.text_for(*trap_);
    const ToolRun checked = run({"check", file});
    EXPECT_EQ(checked.exit_code, 13) << attack.name << checked.output << checked.errors;
    const ToolRun dubbed = run({"dub", file, "-o", out()});
    EXPECT_EQ(dubbed.exit_code, 13) << attack.name << dubbed.output << dubbed.errors;
    EXPECT_EQ(trap_->touched(), "") << attack.name;
  }
  EXPECT_EQ(service_.paid_tasks().size(), 0U);
}

TEST_F(CliHostile, AResultThatNamesOthersIsRefused) {
  int number = 0;
  for (const char* name : {"Hls", "Dash", "Sdp", "MovieOfAFile"}) {
    const auto attack = std::ranges::find(all_attacks(), name, &Attack::name);
    ASSERT_NE(attack, all_attacks().end());
    answer_results_with(attack->text_for(*trap_));
    const ToolRun dubbed = run({"dub", clip(10 + number++), "-o", out()});
    EXPECT_EQ(dubbed.exit_code, 21) << name << dubbed.output << dubbed.errors;
    const ToolRun fetched = run({"tasks", "fetch", task_id(), "-o", out("sound.wav")});
    EXPECT_EQ(fetched.exit_code, 21) << name << fetched.output << fetched.errors;
    EXPECT_EQ(trap_->touched(), "") << name;
    EXPECT_FALSE(std::filesystem::exists(out()));
  }
}

// It is paid for: once the service gives what it should, it is used.
TEST_F(CliHostile, AfterAHostileResultAGoodOneIsTaken) {
  answer_results_with("#EXTM3U\n#EXTINF:10.0,\n" + trap_->url() + "\n");
  EXPECT_EQ(run({"dub", clip(), "-o", out()}).exit_code, 21);
  service_.clear_faults();
  const ToolRun again = run({"dub", clip(), "-o", out()});
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_EQ(service_.paid_tasks().size(), 1U);
}

// A WAV of 44 bytes that claims to be something else than a sound for this clip.
std::string absurd_wav(std::uint32_t rate) {
  std::string bytes = "RIFF....WAVEfmt ";
  const auto put = [&](std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
  };
  put(16, 4);
  put(1, 2);
  put(1, 2);
  put(rate, 4);
  put(rate, 4);
  put(1, 2);
  put(8, 2);
  bytes += "data";
  put(12'000, 4);
  return bytes + std::string(12'000, '\x40');
}

// The WAV and the MP3 are absurd.
TEST_F(CliHostile, AfterAbsurdFormsTheNextOneIsTried) {
  int number = 30;
  for (const std::uint32_t rate : {1U, 2147483647U}) {
    service_.clear_faults();
    service_.add_fault(
        {.on = On::result, .what = Do::status, .times = 2, .http_status = 200, .body = absurd_wav(rate)});
    const ToolRun dubbed = run({"dub", clip(number++), "-o", out(), "--json", "-y"});
    EXPECT_EQ(dubbed.exit_code, 0) << rate << dubbed.output << dubbed.errors;
    EXPECT_EQ(dubbed.last("$.result.form"), "video") << rate;
  }
  EXPECT_EQ(service_.paid_tasks().size(), 2U);
}

}  // namespace
}  // namespace klingv2a::test
