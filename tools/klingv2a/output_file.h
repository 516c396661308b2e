// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A file that is whole or not there: written beside its place under a name of its own, renamed at the end, removed
// otherwise; what a killed process has left of it is removed by the next one. Its lock says that its process lives.
// Used on one thread; remove() may be called at any time.
#pragma once

#include <string>

#include "error.h"

namespace klingv2a::cli {

class OutputFile {
 public:
  // Makes the file under its other name. Throws OutputExists when `path` exists and is not to be overwritten,
  // Error{disk} when it is no file or nothing can be written there.
  OutputFile(std::string path, bool overwrite);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  [[nodiscard]] const std::string& part() const noexcept { return part_; }
  // On the disk and under its name when this returns. Throws as above.
  void finish();
  void remove() noexcept;

 private:
  const std::string path_;
  const bool overwrite_;
  std::string part_;  // empty: there is none (any more)
  int lock_ = -1;     // the part, open and locked for as long as this object lives
};

// Can what lies in `part` still become `path`? Throws as OutputFile() does, and Error{disk} when the part is gone. Any
// thread.
void check_output_again(const std::string& path, const std::string& part, bool overwrite);

// What killed processes have left of `path` goes.
void remove_left_parts(const std::string& path);

// There is a file, and it is not to be overwritten: no fault of anybody's, and an exit code of its own.
class OutputExists : public Error {
 public:
  using Error::Error;
};
[[nodiscard]] OutputExists already_exists(const std::string& path);

// Where the part of a file lies while it is written, with XXXXXX for what varies: .NAME.part-XXXXXX beside NAME, or a
// hidden name that is shorter where that would be longer than a name can be.
[[nodiscard]] std::string part_pattern(const std::string& path);

// The whole of a small file, likewise, in place of what is there. Throws Error{disk}.
void write_file(const std::string& path, const std::string& content);

}  // namespace klingv2a::cli
