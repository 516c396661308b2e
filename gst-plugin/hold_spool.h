// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where held frames lie that are too many for memory: in a file without a name. A frame that is put there comes back as
// the same buffer (timestamps, flags, metas) whose memory is mapped from the file, so it costs address space only until
// somebody reads it.
//
// put() is for one thread (the streaming thread). The buffers it returns may be used and freed on any thread, and keep
// what they need of the file; the file ends with the last of them, on a thread of its own, since closing gigabytes
// takes seconds.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gst_ptr.h"
#include "spool_file.h"

namespace klingv2a {

class HoldSpool {
 public:
  // The file is made in `directory` (empty: see SpoolFile). Throws Error{disk}.
  explicit HoldSpool(const std::string& directory);

  // A buffer like `buffer`, with its payload in the file, read-only. Written with pwrite, never through the mapping: a
  // full disk is an Error{disk} then and no SIGBUS.
  [[nodiscard]] BufferPtr put(const BufferPtr& buffer);
  // Bytes in the file.
  [[nodiscard]] std::uint64_t size() const noexcept { return end_; }

 private:
  std::shared_ptr<SpoolFile> file_;
  std::uint64_t end_ = 0;  // a multiple of the page size
};

// The stream's spool file, which is made when it is null. Throws Error{disk}.
[[nodiscard]] HoldSpool* open_spool(std::unique_ptr<HoldSpool>& spool, const std::string& directory);

}  // namespace klingv2a
