// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See status_words.h. Constant data; no lock.
#include "kling/status_words.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace klingv2a::kling {
namespace {

using enum TaskStatus;
using Word = std::pair<std::string_view, TaskStatus>;

// Letters only, in lower case. What ends the wait is here only when it leaves no doubt: a task that is given up is paid
// for all the same.
constexpr std::array kWords{
    Word{"submitted", submitted},  Word{"submit", submitted},       Word{"queued", submitted},
    Word{"queueing", submitted},   Word{"queuing", submitted},      Word{"queue", submitted},
    Word{"inqueue", submitted},    Word{"pending", submitted},      Word{"created", submitted},
    Word{"waiting", submitted},    Word{"notstart", submitted},     Word{"notstarted", submitted},
    Word{"scheduled", submitted},  Word{"accepted", submitted},     Word{"received", submitted},
    Word{"preparing", submitted},  Word{"initializing", submitted}, Word{"processing", processing},
    Word{"process", processing},   Word{"running", processing},     Word{"inprogress", processing},
    Word{"inprocess", processing}, Word{"progress", processing},    Word{"started", processing},
    Word{"starting", processing},  Word{"generating", processing},  Word{"working", processing},
    Word{"executing", processing}, Word{"succeed", succeed},        Word{"succeeded", succeed},
    Word{"success", succeed},      Word{"successful", succeed},     Word{"successed", succeed},
    Word{"complete", succeed},     Word{"completed", succeed},      Word{"done", succeed},
    Word{"finish", succeed},       Word{"finished", succeed},       Word{"failed", failed},
    Word{"fail", failed},          Word{"failure", failed},         Word{"error", failed},
    Word{"errored", failed},       Word{"canceled", failed},        Word{"cancelled", failed},
    Word{"rejected", failed},      Word{"aborted", failed},         Word{"terminated", failed},
};

std::string plain(std::string_view text) {
  std::string word;
  for (const char c : text)
    if (g_ascii_isalpha(c)) word += g_ascii_tolower(c);
  for (const std::string_view prefix : {"task", "status"})
    if (word.starts_with(prefix)) word.erase(0, prefix.size());
  return word;
}

}  // namespace

TaskStatus read_status(std::string_view text) {
  const std::string word = plain(text);
  const auto* row = std::ranges::find(kWords, word, &Word::first);
  return row == kWords.end() ? unknown : row->second;
}

}  // namespace klingv2a::kling
