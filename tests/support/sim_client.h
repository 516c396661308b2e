// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A client for testing the simulated service itself: one request on one connection, byte for byte as it is on the wire,
// without a library that would retry, follow or repair. Shares no code with the core or the service.
//
// Blocking; any thread. Throws std::runtime_error when a connection cannot be made or says nothing for 20 s.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace klingv2a::test {

struct HttpCall {
  std::string method, url;
  std::string authorization;  // the whole header; empty: none
  std::string body;
  std::string content_type = "application/json";  // sent with a body only
  std::string range, if_range;
};

struct HttpReply {
  int status = 0;  // 0: there was no answer
  std::string head, body;
  bool reset = false;  // the connection ended by RST
  [[nodiscard]] std::string header(std::string_view name) const;
  [[nodiscard]] bool is_whole() const;  // as long as its Content-Length says
};

[[nodiscard]] HttpReply http_call(const HttpCall& call);

// The value at a JsonPath ("$.data.task_id") as JSON, strings without their quotes; empty: nothing is there.
[[nodiscard]] std::string json_at(const std::string& body, const std::string& path);

// A sound decoded to 16-bit PCM by `elements` of GStreamer ("wavparse", "mpegaudioparse ! avdec_mp3").
struct DecodedSound {
  int rate = 0, channels = 0;
  std::vector<std::int16_t> samples;  // interleaved
  [[nodiscard]] std::int64_t length() const;
  // Where clicks begin: the first sample of each that is louder than half a click, in the first channel.
  [[nodiscard]] std::vector<std::int64_t> clicks() const;
};
[[nodiscard]] DecodedSound decode_sound(const std::string& bytes, const std::string& elements);

}  // namespace klingv2a::test
