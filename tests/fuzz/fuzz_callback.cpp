// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Fuzz target: the task object as a callback sends it, bare or with members nested where they do not belong.
#include "fuzz_target.h"
#include "kling/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace klingv2a;  // NOLINT(google-build-using-namespace)
  const std::string members(fuzz::text(data, size));
  for (const std::string& body : {members, R"({"id":"1","status":"succeeded","task_result":)" + members + "}",
                                  R"({"task_id":"1","task_status":)" + members + R"(,"task_result":{}})"}) {
    fuzz::refuses_at_most([&] {
      const gateway::Task task = kling::read_task(body);
      for (const auto& audio : task.audios) fuzz::require(audio.duration_wav_s.value_or(0) < 1e300);
    });
  }
  return 0;
}
