// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who gets to know what happens: people (a line that is updated in place on a terminal, plain lines elsewhere) or a
// program (one JSON object a line). Used on the main thread.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "command_line.h"
#include "json_text.h"
#include "outcome.h"
#include "text_sink.h"

namespace klingv2a::cli {

class Reporter {
 public:
  Reporter() = default;
  virtual ~Reporter() = default;
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  virtual void progress(const ProgressSeen& progress) = 0;
  // Of a video that is more than one clip.
  virtual void row(const RowSeen& /*row*/) {}
  virtual void task(const TaskSeen& task) = 0;
  virtual void info(const std::string& text) = 0;
  virtual void warning(const Trouble& trouble) = 0;
  // One of several videos has failed; the others go on.
  virtual void failure(const std::string& in, const Trouble& trouble) = 0;
  // Of one of several videos: an event as its worker reported it.
  virtual void of_file(const std::string& /*in*/, JsonObject* /*event*/) {}
  // Once a second while something runs.
  virtual void tick() {}
  // The last word: the report, and the same for people.
  virtual void result(const JsonText& report, const std::string& text) = 0;
};

// For people: what happens on stderr (the output may be on stdout), the result where it is wanted.
class HumanReporter : public Reporter {
 public:
  // Owns no sink: `result_to` outlives it.
  explicit HumanReporter(TextSink& result_to);
  ~HumanReporter() override { end_line(); }
  void progress(const ProgressSeen& progress) override;
  void row(const RowSeen& row) override;
  void task(const TaskSeen& task) override;
  void info(const std::string& text) override { say(text); }
  void warning(const Trouble& trouble) override { say("warning: " + trouble.text); }
  void failure(const std::string& in, const Trouble& trouble) override;
  void of_file(const std::string& in, JsonObject* event) override;
  void tick() override;
  void result(const JsonText& report, const std::string& text) override;

 private:
  void say(const std::string& text);
  void draw();
  void end_line();
  [[nodiscard]] std::vector<std::string> lines() const;
  [[nodiscard]] std::string row_line() const;

  TextSink& result_to_;
  const bool terminal_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::map<unsigned, ProgressSeen> clips_;  // those under way, and the one that was heard of last
  RowSeen row_;
  std::size_t lines_open_ = 0;
};

class JsonReporter : public Reporter {
 public:
  // Owns no sink: `to` outlives it.
  explicit JsonReporter(TextSink& to) : to_(to) {}
  void progress(const ProgressSeen& progress) override;
  void row(const RowSeen& row) override;
  void task(const TaskSeen& task) override;
  void info(const std::string& text) override;
  void warning(const Trouble& trouble) override;
  void failure(const std::string& in, const Trouble& trouble) override;
  void of_file(const std::string& in, JsonObject* event) override;
  void result(const JsonText& report, const std::string& text) override;

 private:
  void write(const JsonText& event);

  TextSink& to_;
};

// `{"kind":…,"phase":…,"paid":…,"message":…}`
[[nodiscard]] JsonText to_json(const Trouble& trouble);
[[nodiscard]] JsonText to_json(const TaskSeen& task);

// A reporter, and where it writes.
class ReporterSet {
 public:
  // Where the last word goes that is for people; JSON goes to `output`, unless the video does.
  enum class Result { to_stdout, to_stderr, to_stderr_as_stdout_is_taken };
  // `output`: what stdout is; it outlives this. Throws Error{disk} for a file that cannot be written.
  ReporterSet(const JsonWish& wish, Result result, TextSink& output);

  [[nodiscard]] Reporter& reporter() const noexcept { return *reporter_; }
  // At the end, see TextSink. That nobody has heard what was said on stderr is no failure.
  [[nodiscard]] int finish(int exit_code);

 private:
  [[nodiscard]] TextSink& sink() { return own_ ? *own_ : output_; }

  const bool is_json_;
  TextSink& output_;
  std::unique_ptr<TextSink> own_;  // a file, or stderr; null: it is `output`
  std::unique_ptr<Reporter> reporter_;
};

}  // namespace klingv2a::cli
