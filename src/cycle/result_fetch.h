// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One result from one link: redirects followed by hand so that each hop is checked, cut answers gone on with where they
// ended, anything that cannot be a sound refused. No request here carries the API key. Runs on the cycle thread.
#pragma once

#include <memory>
#include <string>

#include "cycle/run.h"

namespace klingv2a::cycle {

// What the whole result may take, over all its forms and links: time, and tries that bring nothing. Each form gets two
// tries, whatever the ones before it took.
class FetchBudget {
 public:
  // From now on. A task that was done at the last moment leaves a little time for its sound all the same.
  explicit FetchBudget(Run& run);

  // Until the transfers end; not above zero: nothing more is begun.
  [[nodiscard]] Seconds left() const;
  // Whether the cycle's own time-out allows to wait for so long before another try.
  [[nodiscard]] bool allows_gap(Seconds gap) const;
  // Tries that the next link may take.
  [[nodiscard]] int attempts() const;
  void note_failed_try() { ++failed_tries_; }
  // A retry that comes too late is none: throws `error` instead.
  [[nodiscard]] http::OnRetry on_retry() const;

 private:
  Run& run_;
  Seconds deadline_;
  int failed_tries_ = 0;
};

// This link gives no sound; another may.
class BadLink : public Error {
 public:
  BadLink(ErrorDetails details, bool fresh_link_may_help)
      : Error(std::move(details)), fresh_link_may_help_(fresh_link_may_help) {}
  // The link has expired or leads to a page: a fresh link to the same form may be good.
  [[nodiscard]] bool fresh_link_may_help() const noexcept { return fresh_link_may_help_; }

 private:
  bool fresh_link_may_help_;
};

// Throws BadLink; Error{disk} and Error{cancelled}, which no other link would cure.
[[nodiscard]] std::shared_ptr<const SpoolFile> fetch_result(Run& run, const std::string& link, FetchBudget& budget);

}  // namespace klingv2a::cycle
