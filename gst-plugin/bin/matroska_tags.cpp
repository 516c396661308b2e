// SPDX-License-Identifier: LGPL-2.1-or-later
#include "matroska_tags.h"

#include <gst/gst.h>

#include <array>
#include <string_view>
#include <utility>

#include "ebml.h"
#include "matroska_copy.h"

namespace klingv2a {

namespace {

constexpr std::uint64_t kSegment = 0x18538067, kCluster = 0x1F43B675, kTags = 0x1254C367;
constexpr std::uint64_t kTag = 0x7373, kSimpleTag = 0x67C8, kTagName = 0x45A3, kTagString = 0x4487;
constexpr int kDeepest = 8;  // tags in tags
constexpr std::size_t kLeastPadding = 2;
constexpr std::size_t kTagsId = 4, kTagsSize = 8;  // bytes of the element's head

std::string_view text_of(View content) {
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}

View bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// What GStreamer has serialized.
std::string plain(std::string_view text) {
  GValue value = G_VALUE_INIT;
  g_value_init(&value, G_TYPE_STRING);
  std::string result(text);
  if (gst_value_deserialize(&value, result.c_str()) && g_value_get_string(&value)) result = g_value_get_string(&value);
  g_value_unset(&value);
  return result;
}

class TagsOfAMuxer {
 public:
  explicit TagsOfAMuxer(const OwnTag& own) : own_(own) {}

  // The content of the element of tags, or of one in it.
  Bytes rewritten(View content, int depth) {
    Bytes result;
    ebml::for_each(content, [&](std::uint64_t id, View inner) {
      if (id == kSimpleTag && is_room(inner)) return;
      if (id == kSimpleTag && is_own(inner)) return movie::append(result, own_tag());
      const bool holds_tags = (id == kTag || id == kSimpleTag) && depth < kDeepest;
      if (holds_tags) return append_tags(result, id, rewritten(inner, depth + 1));
      movie::append(result, ebml::make(id, changed(id, inner)));
    });
    return result;
  }

  // Does the muxer write texts as a program would be written? Own texts have spaces, which show it.
  void look_at(View content, int depth) {
    ebml::for_each(content, [&](std::uint64_t id, View inner) {
      if (id == kSimpleTag && is_own(inner)) found_ = true;
      if ((id == kTag || id == kSimpleTag) && depth < kDeepest) look_at(inner, depth + 1);
    });
  }

  [[nodiscard]] bool found() const { return found_; }

 private:
  bool is_own(View simple_tag) {
    bool own = false;
    ebml::for_each(simple_tag, [&](std::uint64_t id, View inner) {
      if (id != kTagString) return;
      const auto text = text_of(inner);
      const bool bare = text.starts_with(own_.placeholder);
      const bool quoted = !bare && text.starts_with('"') && plain(text).starts_with(own_.placeholder);
      if (quoted) is_serialized_ = true;
      own = own || bare || quoted;
    });
    return own;
  }

  // The name of a track that makes room in the header.
  static bool is_room(View simple_tag) {
    bool room = false;
    ebml::for_each(simple_tag, [&](std::uint64_t id, View inner) {
      if (id == kTagString) room = plain(text_of(inner)).starts_with(kRoomName);
    });
    return room;
  }

  [[nodiscard]] Bytes own_tag() const {
    if (own_.value.empty()) return {};
    Bytes content = ebml::make(kTagName, bytes_of(own_.name));
    movie::append(content, ebml::make(kTagString, bytes_of(own_.value)));
    return ebml::make(kSimpleTag, content);
  }

  // A tag whose only content was ours has none left.
  static void append_tags(Bytes& result, std::uint64_t id, const Bytes& content) {
    bool has_tags = id == kSimpleTag;
    ebml::for_each(content, [&](std::uint64_t inner, View) { has_tags = has_tags || inner == kSimpleTag; });
    if (has_tags) movie::append(result, ebml::make(id, content));
  }

  [[nodiscard]] Bytes changed(std::uint64_t id, View content) const {
    const auto text = text_of(content);
    const auto bare = text.substr(0, text.find('\0'));  // the muxer writes the end of its string, too
    if (id == kTagName) return to_bytes(bare == "COMMENTS" ? "COMMENT" : bare);  // as everybody else calls it
    if (id == kTagString && is_serialized_) return to_bytes(plain(text));
    return {content.begin(), content.end()};
  }

  static Bytes to_bytes(std::string_view text) { return {text.begin(), text.end()}; }

  const OwnTag& own_;
  bool found_ = false, is_serialized_ = false;
};

struct Place {
  std::size_t at = 0, size = 0, head = 0;
};

// The whole element of tags, if it lies in these bytes: by itself, or among what begins a segment.
std::optional<Place> find_tags(View bytes) {
  const auto first = ebml::read_head(bytes);
  if (!first) return std::nullopt;
  std::size_t at = first->id == kSegment ? first->head : 0;
  while (const auto element = ebml::read_head(bytes.subspan(at))) {
    if (element->unknown_size || element->id == kCluster || element->size > bytes.size() - at - element->head) break;
    const auto size = element->head + static_cast<std::size_t>(element->size);
    if (element->id == kTags) return Place{at, size, element->head};
    if (first->id != kSegment) break;
    at += size;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Bytes> finish_tags(View written, const OwnTag& own) try {
  const auto place = find_tags(written);
  if (!place) return std::nullopt;
  const auto content = written.subspan(place->at + place->head, place->size - place->head);
  TagsOfAMuxer tags(own);
  // What is not whole would be left out.
  tags.look_at(content, 0);
  if (!tags.found()) return std::nullopt;
  const auto inner = tags.rewritten(content, 0);
  const auto element = ebml::make_wide(kTags, inner);
  if (element.size() + kLeastPadding > place->size) return std::nullopt;
  Bytes result = written.first(place->at).copy();
  movie::append(result, element);
  movie::append(result, ebml::padding(place->size - element.size()));
  movie::append(result, written.subspan(place->at + place->size));
  return result;
} catch (const Malformed&) {
  return std::nullopt;
}

BufferPtr TagsInPieces::passed(BufferPtr buffer) {
  const auto at = GST_BUFFER_OFFSET(buffer.get());
  if (begin_ && at == *begin_ + kTagsId && gst_buffer_get_size(buffer.get()) == kTagsSize) return whole(buffer);
  if (begin_ && at != GST_BUFFER_OFFSET_NONE && at > *begin_) return take(at, buffer);
  if (!done_ && begins_tags(buffer)) {
    begin_ = at;
    (void)take(at, buffer);
  }
  return buffer;
}

// The size comes last. What has been taken goes with it.
BufferPtr TagsInPieces::whole(const BufferPtr& size) {
  (void)take(GST_BUFFER_OFFSET(size.get()), size);
  begin_.reset();
  done_ = true;
  auto bytes = std::exchange(bytes_, {});
  if (auto finished = finish_tags(bytes, own_)) bytes = std::move(*finished);
  auto buffer = BufferPtr::adopt(gst_buffer_new_memdup(bytes.data() + kTagsId, bytes.size() - kTagsId));
  gst_buffer_copy_into(buffer.get(), size.get(), GST_BUFFER_COPY_METADATA, 0, static_cast<gsize>(-1));
  return buffer;
}

BufferPtr TagsInPieces::take(std::uint64_t at, const BufferPtr& piece) {
  const auto from = static_cast<std::size_t>(at - *begin_);
  const auto size = gst_buffer_get_size(piece.get());
  if (from + size > bytes_.size()) bytes_.resize(from + size);
  gst_buffer_extract(piece.get(), 0, bytes_.data() + from, size);
  return {};
}

bool TagsInPieces::begins_tags(const BufferPtr& buffer) {
  constexpr std::array<std::uint8_t, kTagsId> kId{0x12, 0x54, 0xC3, 0x67};
  return GST_BUFFER_OFFSET_IS_VALID(buffer.get()) && gst_buffer_get_size(buffer.get()) == kTagsId + kTagsSize &&
         gst_buffer_memcmp(buffer.get(), 0, kId.data(), kId.size()) == 0;
}

}  // namespace klingv2a
