// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where text goes that somebody waits for: stdout, stderr or a file. A write that fails stops nothing, because what is
// under way may have been paid for: it is remembered, and reported at the end by an exit code of its own. Main thread.
#pragma once

#include <memory>
#include <string>

namespace klingv2a::cli {

class TextSink {
 public:
  // `name`: as messages call it. Owns the descriptor, but for those of stdin, stdout and stderr.
  TextSink(int descriptor, std::string name);
  ~TextSink();
  TextSink(const TextSink&) = delete;
  TextSink& operator=(const TextSink&) = delete;

  // A new file, or what is there, emptied. Throws Error{disk}.
  [[nodiscard]] static std::unique_ptr<TextSink> to_file(const std::string& path);

  void write(const std::string& text) noexcept;
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  // errno of the first failure, 0 for none: some file systems only say so when the file is closed.
  int close() noexcept;

  // At the end: `exit_code`, or that of `disk` when all else was well and something could not be written, which is
  // reported on stderr.
  [[nodiscard]] int finish(int exit_code) noexcept;

 private:
  int descriptor_;
  const std::string name_;
  int error_ = 0;  // errno of the first failure
};

}  // namespace klingv2a::cli
