// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What an answer may repeat of a request and must not go into a message: keys, tokens, signed queries, the callback's
// unguessable path. Plain values; one thread.
#pragma once

#include <string>
#include <vector>

#include "kling/service.h"
#include "kling/words.h"

namespace klingv2a::kling {

class Redaction {
 public:
  // The service's own credentials.
  explicit Redaction(const Service& service);
  // The callback_url and the values in the video_url's query.
  void add(const SubmitRequest& request);
  // One more. What is shorter than six characters is no secret, and would be found everywhere.
  void add(std::string secret);

  // `text` without any of them.
  [[nodiscard]] std::string applied_to(std::string text) const;

 private:
  std::vector<std::string> secrets_;
};

// `text` in the service's words, with nothing left of its URLs but their hosts: for answers about tasks whose request
// is not at hand.
[[nodiscard]] std::string with_hosts_only(const std::string& text);

}  // namespace klingv2a::kling
