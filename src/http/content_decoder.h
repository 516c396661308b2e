// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Answers that came packed. Every request asks for none of that (Accept-Encoding: identity); some servers and gateways
// do it all the same, and a few without saying so. Used by Call on the client's thread; no lock.
#pragma once

#include <gio/gio.h>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "gobject_ptr.h"
#include "http/client.h"

namespace klingv2a::http {

// What Content-Encoding says: "gzip", "deflate", "br" … in lower case; empty when it is absent, or says `identity`.
// Several codings, one over the other, are one text with commas.
[[nodiscard]] std::string content_coding(const Response& response);
// Another one is not unpacked; it is for the caller to say so.
[[nodiscard]] bool can_unpack(const std::string& coding);

// Unpacks what comes, piece by piece. Bytes that are not packed pass as they are, whatever the label says: that is
// judged by how they begin. Never more than one piece of output lies in memory; how much there may be in all is for the
// sink to say.
class ContentDecoder {
 public:
  enum class State { goes_on, enough, damaged };
  // Given what was unpacked; returns false when it wants no more.
  using Sink = std::function<bool(std::span<const std::byte>)>;

  // `coding` is one that can be unpacked, or empty. `identity`: the bytes are the rest of a file, and how they begin
  // means nothing.
  explicit ContentDecoder(std::string coding) : coding_(std::move(coding)) {}

  [[nodiscard]] State take(std::span<const std::byte> bytes, const Sink& sink);
  // The answer has ended. `damaged`: its packed bytes have not.
  [[nodiscard]] State end(const Sink& sink);
  // What came is packed.
  [[nodiscard]] bool unpacks() const noexcept { return static_cast<bool>(unpacker_); }

 private:
  [[nodiscard]] bool is_undecided() const;
  void decide();
  [[nodiscard]] State pass(std::span<const std::byte> bytes, const Sink& sink);
  [[nodiscard]] State unpack(std::span<const std::byte> bytes, const Sink& sink);
  [[nodiscard]] bool begins_again(std::span<const std::byte> rest);

  const std::string coding_;
  std::string beginning_;  // until it is decided what came
  bool decided_ = false;
  GObjectPtr<GConverter> unpacker_;
  bool finished_ = false;  // the packed bytes have ended; what follows belongs to nobody
};

}  // namespace klingv2a::http
