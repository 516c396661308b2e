// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ts_editor.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <vector>

namespace klingv2a::test {

namespace {

using Bytes = std::vector<unsigned char>;
using Packet = std::span<unsigned char>;

constexpr std::size_t kPacket = 188, kHeader = 4, kPesFixed = 9;
constexpr unsigned char kStuffing = 0xff;
constexpr unsigned kVideo = 0x100;  // FFmpeg's first stream

bool starts_video(Packet packet) {
  const unsigned pid = (packet[1] & 0x1fU) << 8U | packet[2];
  return pid == kVideo && (packet[1] & 0x40U) != 0;
}

bool has_adaptation(Packet packet) {
  return (packet[3] & 0x20U) != 0;
}

std::size_t payload_at(Packet packet) {
  return kHeader + (has_adaptation(packet) ? 1U + packet[4] : 0U);
}

void clear_times(Packet packet) {
  const auto pes = packet.subspan(payload_at(packet));
  const auto times =
      pes.subspan(kPesFixed, 5U * static_cast<unsigned>(std::popcount(static_cast<unsigned>(pes[7]) >> 6U)));
  pes[7] &= 0x3f;
  const auto fields = pes.subspan(kPesFixed, pes[8]);
  std::rotate(fields.begin(), fields.begin() + std::ssize(times), fields.end());
  std::ranges::fill(pes.subspan(kPesFixed + pes[8] - times.size(), times.size()), kStuffing);
}

// The PES header becomes stuffing of the adaptation field.
void join(Packet packet) {
  const std::size_t payload = payload_at(packet);
  const std::size_t content = payload + kPesFixed + packet[payload + 8];
  std::size_t filled = payload;
  if (!has_adaptation(packet)) {
    packet[kHeader + 1] = 0;  // no flags
    filled = kHeader + 2;
  }
  packet[1] &= 0xbf;
  packet[3] |= 0x20;
  packet[4] = static_cast<unsigned char>(content - kHeader - 1);
  std::fill(packet.begin() + static_cast<std::ptrdiff_t>(filled), packet.begin() + static_cast<std::ptrdiff_t>(content),
            kStuffing);
}

}  // namespace

void take_times_away(const std::string& path, Untimed how, int kept) {
  std::ifstream in(path, std::ios::binary);
  Bytes bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (bytes.empty() || bytes.size() % kPacket != 0) throw std::runtime_error(path + " is no transport stream");
  int number = 0;
  for (std::size_t at = 0; at < bytes.size(); at += kPacket) {
    const auto packet = Packet(bytes).subspan(at, kPacket);
    if (!starts_video(packet) || number++ % kept == 0) continue;
    if (how == Untimed::joined)
      join(packet);
    else
      clear_times(packet);
  }
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace klingv2a::test
