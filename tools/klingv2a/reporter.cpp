// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What people see.
#include "reporter.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "human_text.h"

namespace klingv2a::cli {

namespace {

constexpr std::size_t kUsualWidth = 80;

std::size_t width_of(std::FILE* terminal) {
  winsize size{};
  const bool known = ::ioctl(::fileno(terminal), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kUsualWidth;
}

}  // namespace

HumanReporter::HumanReporter(std::FILE* result_to) : result_to_(result_to), terminal_(::isatty(STDERR_FILENO) == 1) {}

void HumanReporter::progress(int percent, const std::string& text) {
  const bool is_new = text != text_;
  percent_ = percent;
  text_ = text;
  if (terminal_) return draw();
  if (is_new) say(percent_text(percent) + "  " + text);
}

void HumanReporter::task(const TaskSeen& task) {
  if (terminal_) return draw();
  say("task " + task.task_id + ": " + task.status + (task.message.empty() ? "" : ": " + task.message));
}

void HumanReporter::tick() {
  if (terminal_) draw();
}

void HumanReporter::result(const JsonText&, const std::string& text) {
  end_line();
  (void)std::fprintf(result_to_, "%s\n", text.c_str());
  (void)std::fflush(result_to_);
}

void HumanReporter::say(const std::string& text) {
  end_line();
  (void)std::fprintf(stderr, "%s\n", text.c_str());
}

// One line, never longer than the terminal is wide: a line that wraps cannot be taken back.
void HumanReporter::draw() {
  if (text_.empty()) return;
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begin_).count();
  const std::string line = percent_text(percent_) + "  " + duration_text(seconds) + "  " + text_;
  (void)std::fprintf(stderr, "\r\033[K%s", shortened(line, width_of(stderr) - 1).c_str());
  line_open_ = true;
}

void HumanReporter::end_line() {
  if (!line_open_) return;
  (void)std::fputs("\r\033[K", stderr);
  line_open_ = false;
}

ReporterSet make_reporter(const JsonWish& wish, Result result) {
  ReporterSet set;
  if (!wish.wanted) {
    set.reporter = std::make_unique<HumanReporter>(result == Result::to_stdout ? stdout : stderr);
    return set;
  }
  std::FILE* to = result == Result::to_stderr_as_stdout_is_taken ? stderr : stdout;
  if (!wish.file.empty()) {
    set.file.reset(std::fopen(wish.file.c_str(), "we"));
    if (!set.file)
      throw make_error(ErrorKind::disk, Phase::check, "cannot write " + wish.file + ": " + g_strerror(errno));
    to = set.file.get();
  }
  set.reporter = std::make_unique<JsonReporter>(to);
  return set;
}

}  // namespace klingv2a::cli
