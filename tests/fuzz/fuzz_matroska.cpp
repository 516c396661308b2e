// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Fuzz target: elements of Matroska: what they say is listed, a muxer's header and tags are rewritten in their place,
// and the blocks are counted. What is rewritten is as long as it was.
#include "bin/matroska_copy.h"
#include "bin/matroska_details.h"
#include "bin/matroska_tags.h"
#include "bin/written_frames.h"
#include "fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace klingv2a;  // NOLINT(google-build-using-namespace)
  const View bytes(data, size);
  FileDetails file;
  try {
    list_matroska_details(bytes, file);
  } catch (const Malformed&) {  // read_details() says so
  }
  file.matroska = bytes.copy();
  (void)name_with_room(file);
  (void)matroska_name(file, 1);
  (void)has_chapters(file);
  const auto header = finish_header(
      bytes,
      {std::make_shared<FileDetails>(file), {{1, TrackUse::copied, false}, {2, TrackUse::mixed, true}}, "title"});
  fuzz::require(!header || header->size() == size);
  const auto tags = finish_tags(bytes, {"mark", "name", "value"});
  fuzz::require(!tags || tags->size() == size);
  MatroskaBlocks blocks;
  for (std::size_t at = 0; at < size; at += 7)
    blocks.take(std::span(data, size).subspan(at, std::min<std::size_t>(7, size - at)));
  (void)blocks.pictures();
  TsPictures packets;
  packets.take(std::span(data, size));
  return 0;
}
