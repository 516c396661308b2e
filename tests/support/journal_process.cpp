// SPDX-License-Identifier: LGPL-2.1-or-later
#include "journal_process.h"

#include <stdexcept>

namespace klingv2a::test {

JournalProcess::JournalProcess(const std::vector<std::string>& arguments, const std::vector<std::string>& wrapper) {
  std::vector<const char*> words;
  for (const std::string& word : wrapper) words.push_back(word.c_str());
  words.push_back(KLINGV2A_JOURNAL_PROGRAM);
  for (const std::string& word : arguments) words.push_back(word.c_str());
  words.push_back(nullptr);
  const auto flags = static_cast<GSubprocessFlags>(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  process_ = GObjectPtr<GSubprocess>::adopt(g_subprocess_newv(words.data(), flags, nullptr));
  if (!process_) throw std::runtime_error(std::string("cannot start ") + words.front());
  output_ = GObjectPtr<GDataInputStream>::adopt(g_data_input_stream_new(g_subprocess_get_stdout_pipe(process_.get())));
}

JournalProcess::~JournalProcess() {
  kill();
}

std::string JournalProcess::line() {
  const GCharPtr text(g_data_input_stream_read_line(output_.get(), nullptr, nullptr, nullptr));
  return text ? text.get() : "";
}

std::string JournalProcess::rest() {
  std::string all;
  for (std::string next = line(); !next.empty(); next = line()) all += next + "\n";
  return all;
}

void JournalProcess::go() {
  if (const std::string said = line(); said != "ready") throw std::runtime_error("not ready, but: " + said);
  GOutputStream* input = g_subprocess_get_stdin_pipe(process_.get());
  if (!g_output_stream_write_all(input, "go\n", 3, nullptr, nullptr, nullptr)) throw std::runtime_error("it is gone");
}

int JournalProcess::end() {
  g_output_stream_close(g_subprocess_get_stdin_pipe(process_.get()), nullptr, nullptr);
  g_subprocess_wait(process_.get(), nullptr, nullptr);
  if (g_subprocess_get_if_signaled(process_.get())) return 128 + g_subprocess_get_term_sig(process_.get());
  return g_subprocess_get_exit_status(process_.get());
}

void JournalProcess::kill() {
  g_subprocess_force_exit(process_.get());
  g_subprocess_wait(process_.get(), nullptr, nullptr);
}

}  // namespace klingv2a::test
