// SPDX-License-Identifier: LGPL-2.1-or-later
#include "row/recorded_joins.h"

#include <utility>

#include "join/join_text.h"
#include "journal/location.h"

namespace klingv2a {

namespace {

// A join is counted in samples, and found in channels.
std::string key_of(const std::string& clip, const join::Format& format) {
  return clip + "@" + std::to_string(format.rate) + "x" + std::to_string(format.channels);
}

}  // namespace

RecordedJoins::RecordedJoins(const std::string& journal, const std::string& base_url, OnTrouble on_trouble,
                             const GObjectPtr<GCancellable>& cancel)
    : on_trouble_(std::move(on_trouble)), clock_(make_system_clock()) {
  try {
    plans_ = std::make_unique<journal::Plans>(journal::locate(journal, base_url), *clock_, cancel);
  } catch (const Error& error) {
    report(error);
  }
}

void RecordedJoins::report(const std::exception& thrown) {
  plans_.reset();
  const Error error = as_error(thrown);
  if (error.kind() != ErrorKind::cancelled) on_trouble_(error);
}

std::optional<join::Join> RecordedJoins::find(const std::string& earlier, const std::string& later,
                                              const join::Format& format) {
  if (!plans_) return std::nullopt;
  try {
    const auto stored = plans_->join_of(key_of(earlier, format), key_of(later, format));
    return stored ? join::join_from_text(stored->figures) : std::nullopt;
  } catch (const std::exception& thrown) {
    report(thrown);
    return std::nullopt;
  }
}

void RecordedJoins::write(const std::string& earlier, const std::string& later, const join::Format& format,
                          const join::Join& join) {
  if (!plans_) return;
  try {
    (void)plans_->write(journal::StoredJoin{
        .earlier = key_of(earlier, format), .later = key_of(later, format), .figures = join::to_text(join)});
  } catch (const std::exception& thrown) {
    report(thrown);
  }
}

}  // namespace klingv2a
