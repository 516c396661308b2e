// SPDX-License-Identifier: LGPL-2.1-or-later
#include "result_route.h"

#include <algorithm>

#include "misbehave.h"
#include "ranges.h"

namespace klingv2a::sim {
namespace {

constexpr std::string_view kSignature = "sig=";
constexpr const char* kNone = "no such result";
constexpr const char* kBadLink = "the link's signature is missing, wrong or expired";

Answer file_answer(const Blob& blob, const char* content_type) {
  if (!blob) return text_answer(404, kNone);
  Answer answer;
  answer.content_type = content_type;
  answer.body = blob;
  answer.is_file = true;
  return answer;
}

}  // namespace

Answer ResultRoute::answer(const Dialect& dialect, const Request& request) {
  if (!request.authorization.empty()) return text_answer(400, "a result takes no Authorization header");
  if (request.method != "GET" && request.method != "HEAD") return text_answer(405, "a result can only be read");
  const std::string rest = request.path.substr(kResults.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const auto task = ledger_.by_result_path(rest.substr(0, slash));
  if (!task) return text_answer(404, kNone);
  Answer whole = file_for(*task, request, rest.substr(slash));
  if (!whole.is_file) return whole;
  const bool has_range = request.method == "GET" && !request.range.empty();
  const auto fault = faults_.take({.on = Fault::On::result, .has_range = has_range});
  return fault ? file_under_fault(dialect, *task, *fault, request, std::move(whole)) : part(request, std::move(whole));
}

Answer ResultRoute::file_for(const SimTask& task, const Request& request, const std::string& name) {
  const bool is_signed = request.query.starts_with(kSignature) &&
                         ledger_.use_link(task.paid.task_id, request.query.substr(kSignature.size()));
  if (!is_signed) return text_answer(403, kBadLink);
  if (name == "/sound.wav" || name == "/my sound.wav") return file_answer(task.results.wav, "audio/wav");
  if (name == "/sound.mp3") return file_answer(task.results.mp3, "audio/mpeg");
  if (name == "/video.mp4") return file_answer(task.results.video, "video/mp4");
  return text_answer(404, kNone);
}

Answer ResultRoute::file_under_fault(const Dialect& dialect, const SimTask& task, const Fault& fault, Request request,
                                     Answer whole) {
  switch (fault.what) {
    case Fault::Do::expire:
      ledger_.expire_link(task.paid.task_id);
      return text_answer(403, kBadLink);
    case Fault::Do::ignore_range:
      request.range.clear();
      return part(request, std::move(whole));
    case Fault::Do::changed:
      return part(request, another_file(std::move(whole)));
    default:
      return part(request, misbehave(dialect, fault, std::move(whole)));
  }
}

Answer ResultRoute::part(const Request& request, Answer whole) const {
  return ranges_ && whole.is_file ? part_of(request, std::move(whole)) : whole;
}

}  // namespace klingv2a::sim
