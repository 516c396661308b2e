// SPDX-License-Identifier: LGPL-2.1-or-later
#include "misbehave.h"

#include <string_view>

#include "spoil.h"

namespace klingv2a::sim {
namespace {

constexpr std::string_view kElsewhere = "/elsewhere";  // where redirects lead by default: nothing is there

Answer raw_answer(const Fault& fault) {
  Answer answer = text_answer(fault.http_status, "");
  answer.body = make_blob(fault.body);
  if (fault.body.starts_with("{")) answer.content_type = "application/json";
  return answer;
}

// Bytes that are no sound and no picture, and do not begin as one.
Blob garbage(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  return make_blob(std::move(bytes));
}

Answer answer_with_wire(Answer answer, Answer::Wire wire) {
  answer.wire = wire;
  return answer;
}

Answer answer_with_body(Answer answer, Blob body) {
  answer.body = std::move(body);
  return answer;
}

}  // namespace

Answer misbehave(const Dialect& dialect, const Fault& fault, Answer proper) {
  Answer answer;
  switch (fault.what) {
    case Fault::Do::status:
      answer = raw_answer(fault);
      break;
    case Fault::Do::error_code:
      answer = error_answer(dialect, fault.code, fault.message.empty() ? meaning_of(fault.code) : fault.message);
      break;
    case Fault::Do::reset:
      return answer_with_wire(std::move(proper), Answer::Wire::reset);
    case Fault::Do::hang:
      return answer_with_wire(std::move(proper), Answer::Wire::hang);
    case Fault::Do::half_answer:
      return answer_with_wire(std::move(proper), Answer::Wire::half);
    case Fault::Do::cut:
      proper.cut_after = fault.bytes;
      return answer_with_wire(std::move(proper), Answer::Wire::cut);
    case Fault::Do::corrupt: {
      const std::size_t size = proper.body->size();
      return answer_with_body(std::move(proper), garbage(size));
    }
    case Fault::Do::truncate: {
      const std::size_t half = proper.body->size() / 2;
      return answer_with_body(proper, make_blob(proper.body->substr(0, half)));
    }
    case Fault::Do::packed:
      return packed(std::move(proper), fault.code);
    case Fault::Do::spoiled:
      return spoiled(std::move(proper), fault.code);
    case Fault::Do::html:
      answer = html_answer(200, "Welcome");
      break;
    case Fault::Do::redirect:
      answer = html_answer(302, "302 Found");
      answer.headers.emplace_back("Location",
                                  fault.location.empty() ? dialect.host_url + std::string(kElsewhere) : fault.location);
      break;
    case Fault::Do::fail_task:
    case Fault::Do::never_finish:
    case Fault::Do::missing_result:
    case Fault::Do::odd_status:
    case Fault::Do::odd_result:
    case Fault::Do::expire:
    case Fault::Do::ignore_range:
    case Fault::Do::changed:
    case Fault::Do::lose:
    case Fault::Do::forge:
    case Fault::Do::stale:
    case Fault::Do::repeat:
    case Fault::Do::oversize:
    case Fault::Do::late:
    case Fault::Do::early:
      return proper;  // answered by their own routes
  }
  if (!fault.retry_after.empty()) answer.headers.emplace_back("Retry-After", fault.retry_after);
  return answer;
}

}  // namespace klingv2a::sim
