// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who is told what happens: people (a line that is updated in place on a terminal, plain lines elsewhere) or a program
// (one JSON object a line). Used on the main thread.
#pragma once

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "command_line.h"
#include "json_text.h"
#include "outcome.h"

namespace klingv2a::cli {

class Reporter {
 public:
  Reporter() = default;
  virtual ~Reporter() = default;
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  virtual void progress(int percent, const std::string& text) = 0;
  virtual void task(const TaskSeen& task) = 0;
  virtual void info(const std::string& text) = 0;
  virtual void warning(const Trouble& trouble) = 0;
  // Of one of several videos: an event as its worker told it.
  virtual void of_file(const std::string& /*in*/, JsonObject* /*event*/) {}
  // Once a second while something runs.
  virtual void tick() {}
  // The last word: the report, and the same for people.
  virtual void result(const JsonText& report, const std::string& text) = 0;
};

// For people: what happens on stderr (the output may be on stdout), the result where it is wanted.
class HumanReporter : public Reporter {
 public:
  explicit HumanReporter(std::FILE* result_to);
  ~HumanReporter() override { end_line(); }
  void progress(int percent, const std::string& text) override;
  void task(const TaskSeen& task) override;
  void info(const std::string& text) override { say(text); }
  void warning(const Trouble& trouble) override { say("warning: " + trouble.text); }
  void tick() override;
  void result(const JsonText& report, const std::string& text) override;

 private:
  void say(const std::string& text);
  void draw();
  void end_line();

  std::FILE* const result_to_;
  const bool terminal_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  int percent_ = 0;
  std::string text_;
  bool line_open_ = false;
};

class JsonReporter : public Reporter {
 public:
  // Owns no file: `to` outlives it.
  explicit JsonReporter(std::FILE* to) : to_(to) {}
  void progress(int percent, const std::string& text) override;
  void task(const TaskSeen& task) override;
  void info(const std::string& text) override;
  void warning(const Trouble& trouble) override;
  void of_file(const std::string& in, JsonObject* event) override;
  void result(const JsonText& report, const std::string& text) override;

 private:
  void write(const JsonText& event);

  std::FILE* const to_;
};

// `{"kind":…,"phase":…,"paid":…,"message":…}`
[[nodiscard]] JsonText to_json(const Trouble& trouble);
[[nodiscard]] JsonText to_json(const TaskSeen& task);

struct FileCloser {
  void operator()(std::FILE* file) const noexcept {
    if (file) (void)std::fclose(file);
  }
};
using FilePtr = std::unique_ptr<std::FILE, FileCloser>;

// A reporter and the file that it may write to.
struct ReporterSet {
  FilePtr file;
  std::unique_ptr<Reporter> reporter;
};
// Where the last word goes that is for people; JSON goes to stdout, unless the output does.
enum class Result { to_stdout, to_stderr, to_stderr_as_stdout_is_taken };
// Throws Error{disk} for a file that cannot be written.
[[nodiscard]] ReporterSet make_reporter(const JsonWish& wish, Result result);

}  // namespace klingv2a::cli
