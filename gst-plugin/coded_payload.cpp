// SPDX-License-Identifier: LGPL-2.1-or-later
#include "coded_payload.h"

#include <array>
#include <optional>
#include <string_view>

namespace klingv2a {

namespace {

using Bytes = std::span<const std::byte>;
using Visitor = std::function<void(Bytes)>;

const GstStructure* structure_of(const GstCaps* caps) {
  return gst_caps_get_structure(caps, 0);
}

int version_in(const GstCaps* caps, const char* field) {
  int version = 0;
  gst_structure_get_int(structure_of(caps), field, &version);
  return version;
}

// The start code of a picture (VOP), in MPEG-1 and -2 and in MPEG-4.
std::string_view picture_start(int mpeg_version) {
  using namespace std::string_view_literals;
  return mpeg_version == 4 ? "\0\0\1\xb6"sv : "\0\0\1\0"sv;
}

Bytes from_picture_on(Bytes bytes, std::string_view start) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto at = text.find(start);
  return at == std::string_view::npos ? bytes : bytes.subspan(at);
}

// AV1 specification, 5.3: open bitstream units.
struct Obu {
  unsigned type = 0;
  Bytes payload;
  std::size_t size = 0;  // with header
};

constexpr std::array kPictureObus{3U, 4U, 6U, 7U, 8U};  // frame header, tile group, frame, redundant header, tile list

// AV1 specification, 4.10.5: seven bits a byte, least significant first.
std::optional<std::size_t> read_leb128(Bytes& rest) {
  constexpr unsigned kMostBytes = 8;
  std::size_t value = 0;
  for (unsigned i = 0; i < kMostBytes && !rest.empty(); ++i) {
    const auto byte = std::to_integer<std::size_t>(rest.front());
    rest = rest.subspan(1);
    value |= (byte & 0x7fU) << (7U * i);
    if ((byte & 0x80U) == 0) return value;
  }
  return std::nullopt;
}

std::optional<Obu> read_obu(Bytes bytes) {
  constexpr unsigned kTypeShift = 3, kTypeMask = 0xf, kHasExtension = 4, kHasSize = 2;
  const auto header = std::to_integer<unsigned>(bytes.front());
  const std::size_t header_size = (header & kHasExtension) != 0 ? 2 : 1;
  if (bytes.size() < header_size) return std::nullopt;
  Bytes rest = bytes.subspan(header_size);
  std::size_t length = rest.size();
  if ((header & kHasSize) != 0) {
    const auto announced = read_leb128(rest);
    if (!announced || *announced > rest.size()) return std::nullopt;
    length = *announced;
  }
  const auto before = static_cast<std::size_t>(rest.data() - bytes.data());
  return Obu{header >> kTypeShift & kTypeMask, rest.first(length), before + length};
}

bool visit_av1(Bytes rest, const Visitor& visit) {
  std::vector<Bytes> pictures;
  while (!rest.empty()) {
    const auto obu = read_obu(rest);
    if (!obu) return false;
    for (const unsigned type : kPictureObus)
      if (obu->type == type) pictures.push_back(obu->payload);
    rest = rest.subspan(obu->size);
  }
  for (const auto& picture : pictures) visit(picture);
  return true;
}

}  // namespace

std::string payload_name(const GstCaps* caps) {
  std::string name = gst_structure_get_name(structure_of(caps));
  for (const char* field : {"mpegversion", "msmpegversion", "divxversion", "wmvversion", "svqversion", "indeoversion"})
    if (const int version = version_in(caps, field)) name += "-" + std::to_string(version);
  return name;
}

void visit_payload(const GstCaps* caps, Bytes bytes, const Visitor& visit) {
  if (bytes.empty()) return;
  const GstStructure* structure = structure_of(caps);
  if (gst_structure_has_name(structure, "video/mpeg"))
    return visit(from_picture_on(bytes, picture_start(version_in(caps, "mpegversion"))));
  if (gst_structure_has_name(structure, "video/x-av1") && visit_av1(bytes, visit)) return;
  visit(bytes);
}

}  // namespace klingv2a
