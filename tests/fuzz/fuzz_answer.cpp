// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Fuzz target: the JSON answers. Whatever a service or a gateway before it sends is read, or refused with an Error.
#include "fuzz_target.h"
#include "kling/codec.h"
#include "kling/error_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace klingv2a;  // NOLINT(google-build-using-namespace)
  constexpr int kStatuses[] = {200, 400, 401, 404, 429, 500, 503, 524};
  const std::string_view body = fuzz::text(data, size);
  const int status = kStatuses[size % std::size(kStatuses)];
  const kling::Envelope envelope = kling::read_envelope(status, body);
  fuzz::require(envelope.ok || !envelope.message.empty());
  if (!envelope.ok) (void)kling::classify(status, envelope);
  fuzz::refuses_at_most([&] { (void)kling::read_task(body); });
  fuzz::refuses_at_most([&] {
    for (const gateway::Task& task : kling::read_task_list(body)) fuzz::require(!task.task_id.empty());
  });
  return 0;
}
