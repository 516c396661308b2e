// SPDX-License-Identifier: LGPL-2.1-or-later
#include "h264_encoder.h"

#include <gst/pbutils/encoding-profile.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "error.h"
#include "log.h"

namespace klingv2a {

namespace {

struct Setting {
  const char* property = nullptr;
  const char* value = nullptr;
};

struct KnownEncoder {
  std::string_view factory;
  guint bits_per_unit;  // of its property `bitrate`
  std::array<Setting, 5> settings;
};

// Measured with 1080p60 by x264enc: 597 MB by default, 45 MB so.
constexpr std::array kKnown{
    KnownEncoder{"x264enc", 1000, {{{"speed-preset", "ultrafast"}, {"tune", "zerolatency"}, {"key-int-max", "60"}}}},
    KnownEncoder{"openh264enc", 1, {{{"complexity", "low"}, {"rate-control", "bitrate"}, {"gop-size", "60"}}}},
    KnownEncoder{"vah264enc", 1000, {{{"b-frames", "0"}, {"key-int-max", "60"}, {"target-usage", "7"}}}},
    KnownEncoder{"vah264lpenc", 1000, {{{"b-frames", "0"}, {"key-int-max", "60"}, {"target-usage", "7"}}}},
    KnownEncoder{"vaapih264enc", 1000, {{{"rate-control", "cbr"}, {"max-bframes", "0"}, {"keyframe-period", "60"}}}},
    KnownEncoder{"nvh264enc", 1000, {{{"zerolatency", "true"}, {"bframes", "0"}, {"gop-size", "60"}}}},
};

constexpr const char* kBitrate = "bitrate";

void set_if_there(GstElement* encoder, const char* property, const std::string& value) {
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(encoder), property))
    gst_util_set_object_arg(G_OBJECT(encoder), property, value.c_str());
  else
    GST_DEBUG_OBJECT(encoder, "this version has no property %s", property);
}

void set_up(GstElement* encoder, const KnownEncoder& known, guint bitrate_kbit) {
  for (const auto& setting : known.settings)
    if (setting.property) set_if_there(encoder, setting.property, setting.value);
  constexpr guint kBitsPerKbit = 1000;
  set_if_there(encoder, kBitrate,
               std::to_string(static_cast<guint64>(bitrate_kbit) * kBitsPerKbit / known.bits_per_unit));
}

void set_profile(GstElement* encodebin) {
  const auto format = proxy_coding();
  const auto profile = GObjectPtr<GstEncodingProfile>::adopt(
      GST_ENCODING_PROFILE(gst_encoding_video_profile_new(format.get(), nullptr, nullptr, 1)));
  // Else encodebin fills gaps and drops frames to a steady rate.
  gst_encoding_video_profile_set_variableframerate(GST_ENCODING_VIDEO_PROFILE(profile.get()), TRUE);
  g_object_set(encodebin, "profile", profile.get(), "queue-buffers-max", guint{2}, nullptr);
  gst_util_set_object_arg(G_OBJECT(encodebin), "flags", "no-video-conversion");
}

ElementPtr find_encoder(GstElement* encodebin) {
  GValue item = G_VALUE_INIT;
  ElementPtr found;
  GstIterator* children = gst_bin_iterate_recurse(GST_BIN(encodebin));
  while (!found && gst_iterator_next(children, &item) == GST_ITERATOR_OK) {
    auto* child = GST_ELEMENT(g_value_get_object(&item));
    GstElementFactory* factory = gst_element_get_factory(child);
    if (factory && gst_element_factory_list_is_type(factory, GST_ELEMENT_FACTORY_TYPE_VIDEO_ENCODER))
      found = ElementPtr::share(child);
    g_value_reset(&item);
  }
  g_value_unset(&item);
  gst_iterator_free(children);
  return found;
}

}  // namespace

EncoderInUse set_up_h264_encoder(GstElement* encodebin, guint bitrate_kbit) {
  set_profile(encodebin);
  const auto encoder = find_encoder(encodebin);
  if (!encoder)
    throw make_error(ErrorKind::settings, Phase::proxy, "no H.264 encoder is installed to conform the video with",
                     "install one, for instance x264enc of GStreamer's \"ugly\" plugins");
  const char* name = GST_OBJECT_NAME(gst_element_get_factory(encoder.get()));
  const auto* known =
      std::ranges::find_if(kKnown, [&](const KnownEncoder& candidate) { return candidate.factory == name; });
  if (known == kKnown.end()) return {name, false};
  set_up(encoder.get(), *known, bitrate_kbit);
  return {name, true};
}

}  // namespace klingv2a
