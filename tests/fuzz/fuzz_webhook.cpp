// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Fuzz target: the headers of a callback, which anyone may send, and the settings of its listener, as a user may type
// them. Lines: webhook-id, webhook-timestamp, webhook-signature, and the body.
#include "callback/settings.h"
#include "callback/webhook_signature.h"
#include "fuzz_target.h"

namespace {

std::string take_line(std::string& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string line = text.substr(0, end);
  text.erase(0, end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace klingv2a;  // NOLINT(google-build-using-namespace)
  std::string text(fuzz::text(data, size));
  fuzz::refuses_at_most([&] { (void)callback::decode_secret(text); });
  const std::string one = take_line(text), two = take_line(text), three = take_line(text);
  (void)callback::judge("key", {one, two, three}, text, Seconds(1781080794));
  for (const char* base_url : {"https://api.example.org", "http://127.0.0.1"}) {
    const callback::CallbackSettings settings{
        .listen = one, .certificate = {}, .private_key = {}, .secret = three, .public_url = two};
    fuzz::refuses_at_most([&] { callback::validate(settings, base_url); });
  }
  return 0;
}
