// SPDX-License-Identifier: LGPL-2.1-or-later
#include "conform.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "clip_limits.h"

namespace klingv2a {

namespace {

// Profiles of H.264 for more than 8 bits or 4:2:0 name it. Those of 4:4:4 may be 4:2:0 in truth: then the caps of a
// parser say so.
bool names_other_samples(std::string_view profile) {
  const auto has = [&](std::string_view part) { return profile.find(part) != std::string_view::npos; };
  return has("-10") || has("4:2:2") || has("4:4:4");
}

std::string samples_beyond_8_bit_420(const GstStructure* caps) {
  const char* chroma = gst_structure_get_string(caps, "chroma-format");
  const char* profile = gst_structure_get_string(caps, "profile");
  guint depth = 0;
  if (!chroma || !gst_structure_get_uint(caps, "bit-depth-luma", &depth))
    return profile && names_other_samples(profile) ? std::string("its profile is ") + profile : "";
  constexpr guint kBits = 8;
  if (depth == kBits && std::string_view(chroma) == "4:2:0") return {};
  return "it has " + std::to_string(depth) + " bits in " + chroma;
}

bool is_interlaced(const GstStructure* caps) {
  const char* mode = gst_structure_get_string(caps, "interlace-mode");
  const char* structure = gst_structure_get_string(caps, "coded-picture-structure");
  return (mode && std::string_view(mode) != "progressive") || (structure && std::string_view(structure) == "field");
}

bool is_too_fast(const GstStructure* caps) {
  int numerator = 0, denominator = 1;
  return gst_structure_get_fraction(caps, "framerate", &numerator, &denominator) &&
         numerator > limits::kMostFrames * denominator;
}

int even(double length) {
  return static_cast<int>(std::lround(length / 2)) * 2;
}

}  // namespace

std::vector<std::string> why_not_remuxed(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  if (!gst_structure_has_name(structure, "video/x-h264"))
    return {std::string("it is ") + gst_structure_get_name(structure)};
  std::vector<std::string> reasons;
  int width = 0, height = 0;
  const bool sized =
      gst_structure_get_int(structure, "width", &width) && gst_structure_get_int(structure, "height", &height);
  if (sized && !limits::is_size(width, height))
    reasons.push_back("it is " + std::to_string(width) + "x" + std::to_string(height));
  if (auto samples = samples_beyond_8_bit_420(structure); !samples.empty()) reasons.push_back(std::move(samples));
  if (is_interlaced(structure)) reasons.emplace_back("it is interlaced");
  if (is_too_fast(structure))
    reasons.push_back("it has more than " + std::to_string(limits::kMostFrames) + " frames a second");
  return reasons;
}

std::string joined(const std::vector<std::string>& reasons) {
  std::string all;
  for (const auto& reason : reasons) all += (all.empty() ? "" : ", ") + reason;
  return all;
}

Size proxy_size(int width, int height, int par_n, int par_d) {
  // Stretched, never squeezed: no line or column is lost before the scaling itself.
  const double shape = par_n > 0 && par_d > 0 ? static_cast<double>(par_n) / par_d : 1;
  const double wide = shape >= 1 ? width * shape : width;
  const double high = shape >= 1 ? height : height / shape;
  const double shorter = std::min(wide, high);
  const double side =
      shorter < (limits::kSmallSide + limits::kLargeSide) / 2.0 ? limits::kSmallSide : limits::kLargeSide;
  return {even(wide * side / shorter), even(high * side / shorter)};
}

}  // namespace klingv2a
