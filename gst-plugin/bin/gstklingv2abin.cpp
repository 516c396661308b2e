// SPDX-License-Identifier: LGPL-2.1-or-later
// clang-format off: the launch lines are to be pasted
/**
 * SECTION:element-klingv2abin
 * @title: klingv2abin
 * @short_description: a file goes in, the same file with a generated sound comes out
 *
 * `klingv2abin` demuxes what comes in, gives its video to #GstKlingV2A, mixes the generated sound with the original one
 * (#GstKlingV2AMix), and muxes everything again. The video and all other streams are copied packet for packet, as far
 * as this GStreamer's demuxer and muxer carry them; what is lost is a WARNING and an element message
 * `klingv2abin-lost`, or with #GstKlingV2ABin:strict an error before anything is paid.
 *
 * It has all properties of `klingv2a` and of `klingv2amix`, and posts their messages. The output's container is the
 * input's, if this GStreamer can write it and it carries the video, else Matroska, or what #GstKlingV2ABin:mux says.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 filesrc location=in.mov ! klingv2abin ! filesink location=out.mov
 * ]| The original sound stays; the generated one is lowered where the original speaks; the programme is at -23 LUFS.
 * |[
 * gst-launch-1.0 filesrc location=in.mkv ! klingv2abin original-audio=separate sound-effect-prompt="rain on tin" \
 *     mux=mp4 ! filesink location=out.mp4
 * ]| The generated sound as a track of its own, in another container.
 * |[
 * gst-launch-1.0 filesrc location=in.mp4 ! klingv2abin mux=wav original-audio=replace ! filesink location=out.wav
 * ]| The generated sound alone.
 *
 * Since: 0.1.0
 */
// clang-format on
#include "gstklingv2abin.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "dub_bin.h"
#include "element_shell.h"
#include "gstklingv2a.h"
#include "log.h"
#include "mix/gstklingv2amix.h"
#include "passed_properties.h"
#include "property_table.h"

struct _GstKlingV2ABin {
  GstBin parent;
  klingv2a::DubBin* bin;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"  // GLib's macro is C
G_DEFINE_TYPE(GstKlingV2ABin, gst_klingv2abin, GST_TYPE_BIN)
#pragma GCC diagnostic pop
GST_ELEMENT_REGISTER_DEFINE(klingv2abin, "klingv2abin", GST_RANK_NONE, GST_TYPE_KLINGV2ABIN)

namespace {

using klingv2a::DubBin;
using klingv2a::DubSettings;
using klingv2a::set_unless;
using klingv2a::SetResult;

using klingv2a::AudioCodec;
using klingv2a::Container;
using klingv2a::OriginalAudio;

// The bin's own properties. A new one is a row here, at the end, and a line in README.md, which element_properties_test
// compares.
constexpr klingv2a::Property<DubSettings> kProperties[] = {
    {"mux", "Container", "The container to write",
     klingv2a::Choice<DubSettings>{
         klingv2a::container_get_type, [](const DubSettings& all) { return static_cast<int>(all.wishes.container); },
         [](DubSettings& all, int value) { all.wishes.container = static_cast<Container>(value); }}},
    {"original-audio", "Original audio", "What happens to the input's first audio stream",
     klingv2a::Choice<DubSettings>{
         klingv2a::original_audio_get_type,
         [](const DubSettings& all) { return static_cast<int>(all.wishes.original); },
         [](DubSettings& all, int value) { all.wishes.original = static_cast<OriginalAudio>(value); }}},
    {"audio-codec", "Audio codec", "How the sound is coded",
     klingv2a::choice<DubSettings, AudioCodec, &DubSettings::audio_codec>(klingv2a::audio_codec_get_type)},
    {"strict", "Strict", "What the muxer cannot carry is an error, before anything is paid",
     klingv2a::Flag<DubSettings>{&DubSettings::strict}},
    {"mark-generated", "Mark as generated",
     "Say in a tag of the output, SOUND_GENERATED_BY, that its sound is generated",
     klingv2a::Flag<DubSettings>{&DubSettings::mark_generated}},
};
constexpr std::span<const klingv2a::Property<DubSettings>> kTable{kProperties};
constexpr guint kReport = std::size(kProperties) + 1;
constexpr guint kFirstPassed = kReport + 1;

GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
GstStaticPadTemplate source_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS("video/quicktime; video/x-matroska; video/x-matroska-3d; video/webm; video/mpegts; "
                    "audio/x-matroska; audio/webm; audio/x-wav"));

DubBin& bin_of(gpointer object) {
  return *GST_KLINGV2ABIN(object)->bin;
}

// One warning, not one of each child, where the bin refuses. What cannot be read, nobody can tell to be the same.
SetResult pass(DubBin& bin, GParamSpec* spec, const GValue* value) {
  const auto children = {bin.kling(), bin.mixer()};
  const bool readable = (spec->flags & G_PARAM_READABLE) != 0;
  if (!readable && bin.is_running()) return SetResult::refused;
  if (!readable) return klingv2a::set_passed(spec, value, children), SetResult::taken;
  return set_unless(
      bin.is_running(), value, [&](GValue* present) { return klingv2a::get_passed(spec, present, children), true; },
      [&] { klingv2a::set_passed(spec, value, children); });
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  DubBin& bin = bin_of(object);
  const auto result =
      id >= kFirstPassed
          ? pass(bin, spec, value)
          : bin.set(
                value,
                [&](const DubSettings& settings, GValue* present) { return get_from(settings, kTable, id, present); },
                [&](DubSettings& settings) { (void)set_in(settings, kTable, id, value); });
  klingv2a::tell_of_setting(object, id, spec, result);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  DubBin& bin = bin_of(object);
  if (id >= kFirstPassed) return klingv2a::get_passed(spec, value, {bin.kling(), bin.mixer()});
  if (id == kReport) return g_value_take_boxed(value, bin.report().release());
  if (!get_from(bin.settings(), kTable, id, value)) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

char* publish_for_kling(GstElement*, const char* file_path, const char* content_type, gpointer self) {
  char* url = nullptr;
  g_signal_emit_by_name(self, "publish-clip", file_path, content_type, &url);
  return url;
}

// klingv2a looks at its property publish only as long as nobody answers the signal: so it is passed on where somebody
// does.
void pass_publish_clip_on(GstElement* self) {
  GstElement* kling = bin_of(self).kling();
  if (!kling) return;
  g_signal_handlers_disconnect_by_func(kling, reinterpret_cast<gpointer>(publish_for_kling), self);
  const guint signal = g_signal_lookup("publish-clip", GST_TYPE_KLINGV2ABIN);
  if (g_signal_has_handler_pending(self, signal, 0, TRUE))
    // A run that ends late may outlive the bin.
    g_signal_connect_object(kling, "publish-clip", G_CALLBACK(publish_for_kling), self, static_cast<GConnectFlags>(0));
}

char* ask_before_submit(GstElement*, guint clip, gpointer self) {
  char* reason = nullptr;
  g_signal_emit_by_name(self, "before-submit", clip, &reason);
  return reason;
}

void pass_before_submit_on(GstElement* self) {
  GstElement* kling = bin_of(self).kling();
  if (!kling) return;
  g_signal_handlers_disconnect_by_func(kling, reinterpret_cast<gpointer>(ask_before_submit), self);
  g_signal_connect_object(kling, "before-submit", G_CALLBACK(ask_before_submit), self, static_cast<GConnectFlags>(0));
}

GstStateChangeReturn change_state(GstElement* self, GstStateChange transition) {
  DubBin& bin = bin_of(self);
  if (transition == GST_STATE_CHANGE_NULL_TO_READY) {
    if (!bin.check()) return GST_STATE_CHANGE_FAILURE;
    pass_publish_clip_on(self);
    pass_before_submit_on(self);
  }
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) bin.prepare();
  const auto result = GST_ELEMENT_CLASS(gst_klingv2abin_parent_class)->change_state(self, transition);
  const bool failed = result == GST_STATE_CHANGE_FAILURE;
  if (failed && transition == GST_STATE_CHANGE_READY_TO_PAUSED) bin.give_settings_back();
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) bin.reset();
  return result;
}

void install_own_properties(GObjectClass* gobject_class) {
  klingv2a::install_properties(gobject_class, kTable);
  const auto read_only = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property(
      gobject_class, kReport,
      g_param_spec_boxed("report", "Report",
                         "What was done: mux, audio-codec, streams, lost, and the statistics of the mix "
                         "and of klingv2a",
                         GST_TYPE_STRUCTURE, read_only));
}

/**
 * GstKlingV2ABin::publish-clip:
 * @self: the bin
 * @file_path: the proxy
 * @content_type: `video/mp4`
 *
 * The signal of #GstKlingV2A::publish-clip, passed on. Connect before the bin goes to READY.
 *
 * Returns: (transfer full) (nullable): an absolute http or https URL
 *
 * Since: 0.1.0
 */
void install_publish_clip(GObjectClass* gobject_class) {
  klingv2a::shell::new_text_signal(gobject_class, "publish-clip", G_TYPE_STRING, G_TYPE_STRING);
}

/**
 * GstKlingV2ABin::before-submit:
 * @self: the bin
 * @clip: the clip's number, from 1
 *
 * The signal of #GstKlingV2A::before-submit, passed on.
 *
 * Returns: (transfer full) (nullable): %NULL to go on, or why not
 *
 * Since: 0.1.0
 */
void install_before_submit(GObjectClass* gobject_class) {
  klingv2a::shell::new_text_signal(gobject_class, "before-submit", G_TYPE_UINT);
}

}  // namespace

static void gst_klingv2abin_class_init(GstKlingV2ABinClass* klass) {
  auto* gobject_class = G_OBJECT_CLASS(klass);
  gobject_class->set_property = set_property;
  gobject_class->get_property = get_property;
  gobject_class->dispose = klingv2a::shell::dispose<gst_klingv2abin_parent_class>;
  gobject_class->finalize =
      klingv2a::shell::finalize<&GstKlingV2ABin::bin, GstKlingV2ABin, gst_klingv2abin_parent_class>;
  install_own_properties(gobject_class);
  klingv2a::install_passed(gobject_class, kFirstPassed, {GST_TYPE_KLINGV2A, GST_TYPE_KLINGV2A_MIX}, "mode");
  install_publish_clip(gobject_class);
  install_before_submit(gobject_class);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &source_template);
  gst_element_class_set_static_metadata(
      element_class, "Kling video-to-audio for files", "Generic/Bin/Audio/Video/Network",
      "Demuxes a file, gives its video a sound made by Kling's video-to-audio service, mixes and muxes it again",
      "The klingv2a developers");
}

static void gst_klingv2abin_init(GstKlingV2ABin* self) {
  self->bin = new DubBin(GST_BIN(self));
}
