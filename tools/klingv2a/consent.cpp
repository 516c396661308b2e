// SPDX-License-Identifier: LGPL-2.1-or-later
#include "consent.h"

#include <poll.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "human_text.h"
#include "kling/price.h"
#include "visible_text.h"

namespace klingv2a::cli {

namespace {

// Of one clip, beside what it sees of its neighbours; a video up to the first is one clip.
constexpr double kMostSeconds = 20, kMostOfSeveral = 19;
constexpr int kLookAgainMs = 100;

}  // namespace

unsigned least_tasks(double seconds) {
  if (seconds <= kMostSeconds) return 1;
  return static_cast<unsigned>(std::ceil(seconds / kMostOfSeveral));
}

bool Consent::can_ask() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

std::string Consent::before_submit() {
  const MutexLocker lock(mutex_);
  if (!answer_ && !cancelled_) {
    const auto seconds = length_();
    const unsigned tasks = seconds ? least_tasks(*seconds) : 1;
    answer_ = tasks == 1 || ask(in_ + " is " + duration_text(std::llround(*seconds)) + " long: at least " +
                                std::to_string(tasks) + " clips, " + kling::price_of(tasks) + ": go on? [y/N] ");
  }
  return answer_.value_or(false) ? "" : "the question was not answered by yes";
}

void Consent::end() {
  cancel();
  const MutexLocker lock(mutex_);
}

// Looks at the terminal again and again, for a signal goes to the main thread.
bool Consent::ask(const std::string& question) const {
  (void)std::fprintf(stderr, "\n%s", visible(question).c_str());
  std::string answer;
  while (!cancelled_) {
    pollfd terminal{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (::poll(&terminal, 1, kLookAgainMs) <= 0) continue;
    char letter = 0;
    if (::read(STDIN_FILENO, &letter, 1) <= 0 || letter == '\n') break;
    answer += letter;
  }
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace klingv2a::cli
