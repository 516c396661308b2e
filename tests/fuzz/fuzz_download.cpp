// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Fuzz target: what a server of results or a store says: the headers of a part of a file, the refusal of a bucket,
// packed bodies. Lines "name: value" up to an empty one are the headers; what follows is the body.
#include <algorithm>

#include "fuzz_target.h"
#include "http/content_decoder.h"
#include "http/partial_download.h"
#include "publish/s3_refusal.h"

namespace {

using namespace klingv2a;  // NOLINT(google-build-using-namespace)

http::Response response_of(std::string_view text, int status) {
  http::Response response;
  response.status = status;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.empty()) break;
    const auto colon = line.find(": ");
    if (colon != std::string_view::npos)
      response.headers.emplace_back(std::string(line.substr(0, colon)), std::string(line.substr(colon + 2)));
  }
  response.body = std::string(text);
  return response;
}

// At most a megabyte comes out.
void unpack(const std::string& coding, std::string_view body) {
  constexpr std::size_t kMost = 1 << 20;
  std::size_t unpacked = 0;
  const auto sink = [&](std::span<const std::byte> bytes) {
    unpacked += bytes.size();
    return unpacked < kMost;
  };
  http::ContentDecoder decoder(coding);
  const auto bytes = std::as_bytes(std::span(body));
  if (decoder.take(bytes.first(bytes.size() / 2), sink) != http::ContentDecoder::State::goes_on) return;
  if (decoder.take(bytes.subspan(bytes.size() / 2), sink) == http::ContentDecoder::State::goes_on)
    (void)decoder.end(sink);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(data, size);
  for (const int status : {200, 206, 403, 416, 503}) {
    const auto response = response_of(text, status);
    const auto begun = http::begun_by(response, "https://a.example/x", 1000);
    if (http::can_resume(begun, "https://a.example/x")) {
      (void)http::range_headers(begun);
      (void)http::continued_by(begun, response);
    }
    (void)response.retry_after(Seconds(1781080794));
    (void)response.date();
    (void)publish::s3_error_code(response.body);
    (void)publish::s3_refusal(response, Seconds(1781080794));
    const auto coding = http::content_coding(response);
    if (status == 200 && http::can_unpack(coding)) unpack(coding, response.body);
  }
  unpack("gzip", text);
  unpack("", text);
  return 0;
}
