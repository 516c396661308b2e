// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One result from one link: redirects followed by hand so that each hop is checked, cut answers gone on with where they
// ended, anything that cannot be a sound refused. No request here carries the API key. Runs on the cycle thread.
#pragma once

#include <memory>
#include <string>

#include "cycle/run.h"

namespace klingv2a::cycle {

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
[[nodiscard]] std::shared_ptr<const SpoolFile> fetch_result(Run& run, const std::string& link);

}  // namespace klingv2a::cycle
