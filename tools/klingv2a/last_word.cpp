// SPDX-License-Identifier: LGPL-2.1-or-later
#include "last_word.h"

#include "exit_code.h"

namespace klingv2a::cli {

JsonText failed_result(const std::string& kind, int exit_code, const Trouble& error) {
  JsonText result;
  result.set("event", "result").set("klingv2a", KLINGV2A_VERSION).set("ok", false).set("kind", kind);
  result.set("exit-code", exit_code).set("paid", error.paid);
  return result.set("error", to_json(error));
}

int with_last_word(bool json, Reporter& reporter, const std::function<int()>& run) {
  if (!json) return run();
  const auto tell = [&reporter](const Trouble& error, int exit_code) {
    reporter.result(failed_result(error.kind, exit_code, error), error.text);
    return exit_code;
  };
  try {
    return run();
  } catch (const UsageError& wrong) {
    return tell({.kind = kUsageKind, .text = wrong.what()}, kExitUsage);
  } catch (const Error& error) {
    const Trouble trouble = to_trouble(error);
    return tell(trouble, exit_code_of(trouble.kind));
  } catch (const std::exception& failure) {
    // It may have come at any time.
    return tell({.kind = "other", .text = failure.what(), .paid = "maybe"}, kExitOther);
  }
}

}  // namespace klingv2a::cli
