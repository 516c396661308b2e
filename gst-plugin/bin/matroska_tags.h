// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The tags that matroskamux and webmmux write, as they should be. Before GStreamer 1.24 each text is written as a
// program would be: with quotes and backslashes. And there is no tag of one's own. The element of tags keeps its size,
// so nothing else in the file moves. The functions are pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "gst_ptr.h"
#include "movie_boxes.h"

namespace klingv2a {

// `written`: what the muxer pushes at once. `placeholder`: how the text of the tag begins that is there to make room;
// the tag becomes `name`, with the text `value`, or goes if that is empty. Nullopt where there are no such tags.
struct OwnTag {
  std::string placeholder, name, value;
};
[[nodiscard]] std::optional<Bytes> finish_tags(View written, const OwnTag& own);

// Where the muxer can go back in its file it writes the tags at the end, piece by piece, and the sizes afterwards. The
// pieces are kept back until the element's own size comes, the last one. On the muxer's streaming thread.
class TagsInPieces {
 public:
  explicit TagsInPieces(OwnTag own) : own_(std::move(own)) {}
  // What goes on in the buffer's place; null: nothing.
  [[nodiscard]] BufferPtr passed(BufferPtr buffer);

 private:
  [[nodiscard]] BufferPtr whole(const BufferPtr& size);
  BufferPtr take(std::uint64_t at, const BufferPtr& piece);
  [[nodiscard]] static bool begins_tags(const BufferPtr& buffer);

  const OwnTag own_;
  std::optional<std::uint64_t> begin_;  // in the file, while pieces come
  Bytes bytes_;                         // what has come
  bool done_ = false;
};

}  // namespace klingv2a
