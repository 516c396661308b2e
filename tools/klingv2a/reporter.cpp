// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What people see.
#include "reporter.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "human_text.h"
#include "visible_text.h"

namespace klingv2a::cli {

namespace {

constexpr std::size_t kUsualWidth = 80;

std::size_t width_of(std::FILE* terminal) {
  winsize size{};
  const bool known = ::ioctl(::fileno(terminal), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kUsualWidth;
}

}  // namespace

HumanReporter::HumanReporter(TextSink& result_to) : result_to_(result_to), terminal_(::isatty(STDERR_FILENO) == 1) {}

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
  result_to_.write(visible(text) + "\n");
}

void HumanReporter::failure(const std::string& in, const Trouble& trouble) {
  say("error: " + in + ": " + trouble.kind + ": " + trouble.text);
}

// What goes on in several videos at a time: lines for what is worth one, or nobody would see anything for minutes. How
// each one ends is reported by who runs them.
void HumanReporter::of_file(const std::string& in, JsonObject* event) {
  const std::string name = member_text(event, "event");
  if (name == "task") {
    const std::string message = member_text(event, "task-status-msg");
    say(in + ": task " + member_text(event, "task-id") + ": " + member_text(event, "task-status") +
        (message.empty() ? "" : ": " + message));
  } else if (name == "info") {
    say(in + ": " + member_text(event, "text"));
  } else if (name == "warning") {
    say(in + ": warning: " + member_text(member_object(event, "warning"), "message"));
  }
  if (terminal_) draw();
}

void HumanReporter::say(const std::string& text) {
  end_line();
  (void)std::fprintf(stderr, "%s\n", visible(text).c_str());
}

// One line, never longer than the terminal is wide: a line that wraps cannot be taken back.
void HumanReporter::draw() {
  if (text_.empty()) return;
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begin_).count();
  const std::string line = percent_text(percent_) + "  " + duration_text(seconds) + "  " + text_;
  (void)std::fprintf(stderr, "\r\033[K%s", shortened(visible(line), width_of(stderr) - 1).c_str());
  line_open_ = true;
}

void HumanReporter::end_line() {
  if (!line_open_) return;
  (void)std::fputs("\r\033[K", stderr);
  line_open_ = false;
}

ReporterSet::ReporterSet(const JsonWish& wish, Result result, TextSink& output)
    : is_json_(wish.wanted), output_(output) {
  const bool on_stderr = wish.wanted ? result == Result::to_stderr_as_stdout_is_taken : result != Result::to_stdout;
  if (wish.wanted && !wish.file.empty())
    own_ = TextSink::to_file(wish.file);
  else if (on_stderr)
    own_ = std::make_unique<TextSink>(STDERR_FILENO, "stderr");
  if (wish.wanted)
    reporter_ = std::make_unique<JsonReporter>(sink());
  else
    reporter_ = std::make_unique<HumanReporter>(sink());
}

int ReporterSet::finish(int exit_code) {
  const bool is_only_said = !is_json_ && sink().descriptor() == STDERR_FILENO;
  return is_only_said ? exit_code : sink().finish(exit_code);
}

}  // namespace klingv2a::cli
