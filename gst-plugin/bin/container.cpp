// SPDX-License-Identifier: LGPL-2.1-or-later
#include "container.h"

#include <algorithm>
#include <array>

#include "enum_type.h"
#include "muxer_trial.h"
#include "plain_text.h"

namespace klingv2a {

namespace {

constexpr std::array kTraits{
    ContainerTraits{Container::mp4, "mp4", "mp4mux", true, true},
    ContainerTraits{Container::mov, "mov", "qtmux", true, true},
    ContainerTraits{Container::mkv, "mkv", "matroskamux", false, false},
    ContainerTraits{Container::webm, "webm", "webmmux", false, false},
    ContainerTraits{Container::ts, "ts", "mpegtsmux", false, true},
    ContainerTraits{Container::wav, "wav", "wavenc", false, false},
};

const GstStaticPadTemplate* find_template(Container container, const GstCaps* caps) {
  if (container == Container::ts && is_custom_in_ts(caps)) return nullptr;
  const auto factory = GObjectPtr<GstElementFactory>::adopt(gst_element_factory_find(traits_of(container).muxer));
  if (!factory) return nullptr;
  for (const GList* item = gst_element_factory_get_static_pad_templates(factory.get()); item; item = item->next) {
    auto* pad_template = static_cast<GstStaticPadTemplate*>(item->data);
    if (pad_template->direction != GST_PAD_SINK) continue;
    const auto taken = CapsPtr::adopt(gst_static_pad_template_get_caps(pad_template));
    if (gst_caps_can_intersect(taken.get(), caps)) return pad_template;
  }
  return nullptr;
}

// Muxers refuse caps that lack something (qtdemux leaves out rates above 65535 Hz), though they could be meant.
bool is_complete(const GstCaps* caps, const GstStaticPadTemplate& taker) {
  auto copy = taker;
  const auto taken = CapsPtr::adopt(gst_static_pad_template_get_caps(&copy));
  return gst_caps_is_subset(caps, taken.get());
}

// What a parser can change.
CapsPtr without_framing(const GstCaps* caps) {
  auto bare = CapsPtr::adopt(gst_caps_copy(caps));
  for (guint i = 0; i < gst_caps_get_size(bare.get()); ++i)
    gst_structure_remove_fields(gst_caps_get_structure(bare.get(), i), "stream-format", "alignment", "codec_data",
                                "framed", "parsed", nullptr);
  return bare;
}

// The template's promise, and the muxer's own word.
bool takes_as_it_is(Container container, const GstStaticPadTemplate& taker, const GstCaps* caps) {
  return is_complete(caps, taker) && MuxerTrial(traits_of(container).muxer, taker.name_template).takes(caps);
}

std::optional<Container> quicktime(const GstStructure* structure) {
  const char* variant = gst_structure_get_string(structure, "variant");
  // Without a brand, or with Apple's, it is QuickTime's own format.
  return !variant || g_str_equal(variant, "apple") ? Container::mov : Container::mp4;
}

}  // namespace

const ContainerTraits& traits_of(Container container) {
  const auto* found = std::ranges::find(kTraits, container, &ContainerTraits::container);
  return found == kTraits.end() ? kTraits[2] : *found;
}

std::optional<Container> container_of(const GstCaps* caps) {
  if (!caps || gst_caps_is_empty(caps) || gst_caps_is_any(caps)) return std::nullopt;
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const std::string_view name = gst_structure_get_name(structure);
  if (name == "video/quicktime") return quicktime(structure);
  if (name == "video/x-matroska" || name == "video/x-matroska-3d") return Container::mkv;
  if (name == "video/webm") return Container::webm;
  if (name == "video/mpegts") return Container::ts;
  return std::nullopt;
}

Carriage carriage(Container container, const GstCaps* caps) {
  const auto* taken = find_template(container, caps);
  if (taken && takes_as_it_is(container, *taken, caps)) return Carriage::as_it_is;
  if (markup_of(caps)) return find_template(container, plain_text_caps().get()) ? Carriage::plain_text : Carriage::none;
  // Of whole caps the muxer's refusal is final.
  if (taken) return is_complete(caps, *taken) ? Carriage::none : Carriage::reframed;
  return find_template(container, without_framing(caps).get()) ? Carriage::reframed : Carriage::none;
}

const char* pad_template_for(Container container, const GstCaps* caps) {
  const auto way = carriage(container, caps);
  if (way == Carriage::none) return nullptr;
  const auto wanted = way == Carriage::plain_text ? plain_text_caps() : without_framing(caps);
  const auto* found = find_template(container, wanted.get());
  return found ? found->name_template : nullptr;
}

GType container_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(Container::automatic), "As the input", "auto"},
      {static_cast<int>(Container::mp4), "MP4", "mp4"},
      {static_cast<int>(Container::mov), "QuickTime", "mov"},
      {static_cast<int>(Container::mkv), "Matroska", "mkv"},
      {static_cast<int>(Container::webm), "WebM", "webm"},
      {static_cast<int>(Container::ts), "MPEG transport stream", "ts"},
      {static_cast<int>(Container::wav), "The sound alone, as WAV", "wav"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return enum_type(&type, "GstKlingV2AContainer", values);
}

}  // namespace klingv2a
