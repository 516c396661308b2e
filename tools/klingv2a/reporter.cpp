// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What people see.
#include "reporter.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "human_text.h"
#include "visible_text.h"

namespace klingv2a::cli {

namespace {

constexpr std::size_t kUsualWidth = 80;

std::string clip_line(const ProgressSeen& progress, bool is_of_row) {
  const std::string clip = is_of_row && progress.clip > 0 ? "clip " + std::to_string(progress.clip) + ": " : "";
  return percent_text(progress.percent) + "  " + clip + progress.text;
}

std::size_t width_of(std::FILE* terminal) {
  winsize size{};
  const bool known = ::ioctl(::fileno(terminal), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kUsualWidth;
}

}  // namespace

HumanReporter::HumanReporter(TextSink& result_to) : result_to_(result_to), terminal_(::isatty(STDERR_FILENO) == 1) {}

// One line a clip; that of a clip that is done makes room for the next one's.
void HumanReporter::progress(const ProgressSeen& progress) {
  std::erase_if(clips_, [&](const auto& entry) { return entry.second.has_ended && entry.first != progress.clip; });
  auto& known = clips_[progress.clip];
  const bool is_new = known.text != progress.text;
  known = progress;
  if (terminal_) return draw();
  if (is_new) say(clip_line(progress, row_.planned > 1));
}

void HumanReporter::row(const RowSeen& row) {
  const bool is_new = row.done != row_.done;
  row_ = row;
  if (terminal_) return draw();
  if (is_new && row.planned > 1) say(row_line());
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

std::string HumanReporter::row_line() const {
  std::string line = std::to_string(row_.done) + " of " + std::to_string(row_.planned) +
                     (row_.is_complete ? "" : " or more") + " clips, " + duration_text(std::llround(row_.seconds)) +
                     " of sound, " + std::to_string(row_.paid) + (row_.paid == 1 ? " new task" : " new tasks");
  const auto spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  if (row_.is_complete && row_.done > 0 && row_.done < row_.planned)
    line += ", about " + duration_text(std::llround(spent / row_.done * (row_.planned - row_.done))) + " left";
  return line;
}

std::vector<std::string> HumanReporter::lines() const {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begin_).count();
  std::vector<std::string> lines;
  for (const auto& [clip, progress] : clips_) {
    const std::string line = clip_line(progress, row_.planned > 1);
    const auto after_percent = percent_text(progress.percent).size();
    lines.push_back(line.substr(0, after_percent) + "  " + duration_text(seconds) + line.substr(after_percent));
  }
  if (row_.planned > 1) lines.push_back(row_line());
  return lines;
}

// Each line is never longer than the terminal is wide: one that wraps cannot be taken back.
void HumanReporter::draw() {
  const auto all = lines();
  if (all.empty()) return;
  end_line();
  const std::size_t width = width_of(stderr) - 1;
  for (std::size_t i = 0; i < all.size(); ++i)
    (void)std::fprintf(stderr, "%s\r\033[K%s", i > 0 ? "\n" : "", shortened(visible(all[i]), width).c_str());
  lines_open_ = all.size();
}

void HumanReporter::end_line() {
  if (lines_open_ == 0) return;
  (void)std::fputs("\r\033[K", stderr);
  for (; lines_open_ > 1; --lines_open_) (void)std::fputs("\033[A\r\033[K", stderr);
  lines_open_ = 0;
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
