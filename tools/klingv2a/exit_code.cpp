// SPDX-License-Identifier: LGPL-2.1-or-later
#include "exit_code.h"

#include <array>
#include <iomanip>
#include <sstream>

namespace klingv2a::cli {

namespace {

struct Entry {
  ErrorKind kind;
  int code;
  const char* meaning;
};

constexpr std::array kKinds{
    Entry{ErrorKind::credentials, 10, "no key, or the service refused it"},
    Entry{ErrorKind::billing, 11, "out of credit"},
    Entry{ErrorKind::permission, 12, "the account, this machine or the upload is not allowed"},
    Entry{ErrorKind::input, 13, "the video or a prompt breaks a limit, or IN cannot be read"},
    Entry{ErrorKind::content, 14, "the content policy refuses the video or a prompt"},
    Entry{ErrorKind::busy, 15, "too many requests or tasks at a time, or another run is at work there"},
    Entry{ErrorKind::service, 16, "trouble at the service"},
    Entry{ErrorKind::network, 17, "a server cannot be reached"},
    Entry{ErrorKind::unknown_outcome, 18, "nobody can say whether a task was made and paid: run it again"},
    Entry{ErrorKind::task_failed, 19, "the task ended as failed"},
    Entry{ErrorKind::still_running, 20, "the time-out has passed, the task goes on: run it again"},
    Entry{ErrorKind::result, 21, "the sound is missing, too large or cannot be decoded"},
    Entry{ErrorKind::disk, 22, "something cannot be written: OUT, the spool directory, the journal"},
    Entry{ErrorKind::settings, 23, "a setting is wrong or missing, or something is not installed"},
    Entry{ErrorKind::cancelled, kExitCancelled, "cancelled (Ctrl-C, SIGTERM)"},
};

void add_line(std::ostream& text, int code, std::string_view kind, const char* meaning) {
  constexpr int kCodeWidth = 5, kKindWidth = 16;
  text << std::right << std::setw(kCodeWidth) << code << "  " << std::left << std::setw(kKindWidth) << kind << meaning
       << "\n";
}

}  // namespace

int exit_code_of(ErrorKind kind) noexcept {
  for (const Entry& entry : kKinds)
    if (entry.kind == kind) return entry.code;
  return kExitOther;
}

int exit_code_of(std::string_view kind) noexcept {
  if (kind == kUsageKind) return kExitUsage;
  if (kind == kExistsKind) return kExitExists;
  for (const Entry& entry : kKinds)
    if (to_string(entry.kind) == kind) return entry.code;
  return kExitOther;
}

std::string exit_code_help() {
  std::ostringstream text;
  text << "Exit codes:\n";
  add_line(text, kExitOk, "", "done");
  add_line(text, kExitOther, "other", "none of the others");
  add_line(text, kExitUsage, kUsageKind, "the command line or the manifest is wrong");
  add_line(text, kExitSomeFailed, "some-failed",
           "of several files some failed; if all fail by one kind, that kind's code");
  add_line(text, kExitExists, kExistsKind, "OUT exists, and -y was not given: nothing was done");
  for (const Entry& entry : kKinds) add_line(text, entry.code, to_string(entry.kind), entry.meaning);
  return text.str();
}

}  // namespace klingv2a::cli
