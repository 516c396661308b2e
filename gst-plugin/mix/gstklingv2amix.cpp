// SPDX-License-Identifier: LGPL-2.1-or-later
// clang-format off: the launch lines are to be pasted
/**
 * SECTION:element-klingv2amix
 * @title: klingv2amix
 * @short_description: mixes a generated sound with the original one, at broadcast loudness
 *
 * `klingv2amix` takes the sound that a video had (request pad `original`) and the one that was made for it (request pad
 * `generated`), and gives out one sound. With #GstKlingV2AMix:mode `duck` the generated sound goes down while the
 * original speaks; with `mix` both keep their levels. The whole is then brought to #GstKlingV2AMix:loudness (EBU R 128)
 * by one gain, at most 30 dB up, and its peaks, also those between samples, are held under #GstKlingV2AMix:true-peak by
 * a limiter that leaves alone what needs no limiting. What has no loudness, since it is silent or shorter than 0.4 s,
 * keeps its level.
 *
 * The loudness of a programme is known at its end, so nothing leaves before both inputs have had EOS. Until then they
 * are kept: in memory up to #GstKlingV2AMix:max-hold-bytes, beyond it in a file without a name in
 * #GstKlingV2AMix:spool-dir.
 *
 * With a #GstKlingV2AMix:gain that is given (or a #GstKlingV2AMix:loudness of 0) and, to duck, a given
 * #GstKlingV2AMix:original-loudness, nothing has to be measured, and the mix leaves as its inputs come. Of each input
 * at most #GstKlingV2AMix:max-ahead waits for the other one, so each needs a thread of its own, and a queue where one
 * demuxer feeds both. #GstKlingV2AMix:stats of a run that measures has the values; with these, and with
 * #GstKlingV2AMix:limiter-ceiling, the samples are the same.
 *
 * Both inputs are laid on their running time, to the sample. Holes become silence, overlaps are cut; the output begins
 * with the earlier input and ends with the later one. It has the original's channels, or two where that is mono or
 * missing and the generated sound is mono: the generated sound goes to the loudspeakers of its own channels, a mono one
 * to the left and right front. Either input may be missing.
 *
 * When the mix has been measured, or, where nothing is measured, at its end, an element message `klingv2amix` is
 * posted; #GstKlingV2AMix:stats has the same fields.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 klingv2amix name=m ! wavenc ! filesink location=mixed.wav \
 *     filesrc location=speech.wav ! wavparse ! audioconvert ! audioresample ! m.original \
 *     filesrc location=rain.wav ! wavparse ! audioconvert ! audioresample ! m.generated
 * ]| The rain goes down while somebody speaks.
 *
 * Since: 0.1.0
 */
// clang-format on
#include "mix/gstklingv2amix.h"

#include "element_shell.h"
#include "mix/mix_element.h"

struct _GstKlingV2AMix {
  GstElement parent;
  klingv2a::MixElement* element;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"  // GLib's macro is C
G_DEFINE_TYPE(GstKlingV2AMix, gst_klingv2a_mix, GST_TYPE_ELEMENT)
#pragma GCC diagnostic pop
GST_ELEMENT_REGISTER_DEFINE(klingv2amix, "klingv2amix", GST_RANK_NONE, GST_TYPE_KLINGV2A_MIX)

#define KLINGV2A_MIX_CAPS                                                          \
  "audio/x-raw, format=(string)F32LE, layout=(string)interleaved, rate=(int)48000" \
  ", channels=(int)[ 1, 64 ]"

namespace {

using klingv2a::BufferPtr;
using klingv2a::EventPtr;
using klingv2a::MixElement;
using Role = MixElement::Role;

GstStaticPadTemplate original_template =
    GST_STATIC_PAD_TEMPLATE("original", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS(KLINGV2A_MIX_CAPS));
GstStaticPadTemplate generated_template =
    GST_STATIC_PAD_TEMPLATE("generated", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS(KLINGV2A_MIX_CAPS));
GstStaticPadTemplate source_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(KLINGV2A_MIX_CAPS));

MixElement& element_of(gpointer object) {
  return *GST_KLINGV2A_MIX(object)->element;
}

Role role_of(GstPad* pad) {
  return static_cast<Role>(GPOINTER_TO_SIZE(gst_pad_get_element_private(pad)));
}

// The functions that GStreamer calls; each goes straight to MixElement, which throws nothing.
GstFlowReturn chain(GstPad* pad, GstObject* parent, GstBuffer* buffer) {
  return element_of(parent).chain(role_of(pad), BufferPtr::adopt(buffer));
}
gboolean sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  return element_of(parent).on_sink_event(role_of(pad), EventPtr::adopt(event));
}
gboolean source_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (element_of(parent).answer(query)) return TRUE;
  if (!gst_pad_query_default(pad, parent, query)) return FALSE;
  if (GST_QUERY_TYPE(query) == GST_QUERY_LATENCY) element_of(parent).add_own_latency(query);
  return TRUE;
}
gboolean source_event(GstPad*, GstObject* parent, GstEvent* event) {
  return element_of(parent).on_source_event(EventPtr::adopt(event));
}
gboolean activate_mode(GstPad*, GstObject* parent, GstPadMode mode, gboolean active) {
  return mode == GST_PAD_MODE_PUSH && element_of(parent).activate(active);
}

GstPad* add_source(GstElement* element) {
  GstPad* pad = gst_pad_new_from_static_template(&source_template, "src");
  gst_pad_set_query_function(pad, source_query);
  gst_pad_set_event_function(pad, source_event);
  gst_pad_set_activatemode_function(pad, activate_mode);
  gst_element_add_pad(element, pad);
  return pad;
}

GstPad* request_new_pad(GstElement* self, GstPadTemplate* pad_template, const gchar*, const GstCaps*) {
  const char* name = GST_PAD_TEMPLATE_NAME_TEMPLATE(pad_template);
  const Role role = g_str_equal(name, "original") ? Role::original : Role::generated;
  auto& element = element_of(self);
  if (element.has_pad(role)) return nullptr;
  GstPad* pad = gst_pad_new_from_template(pad_template, name);
  gst_pad_set_element_private(pad, GSIZE_TO_POINTER(static_cast<gsize>(role)));
  gst_pad_set_chain_function(pad, chain);
  gst_pad_set_event_function(pad, sink_event);
  element.adopt_pad(role, pad);
  // The element activates it according to its state.
  gst_element_add_pad(self, pad);
  return pad;
}

void release_pad(GstElement* self, GstPad* pad) {
  const Role role = role_of(pad);
  element_of(self).dismiss_pad(role);
  gst_pad_set_active(pad, FALSE);
  element_of(self).forget_pad(role);
  gst_element_remove_pad(self, pad);
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  klingv2a::tell_of_setting(object, id, spec, element_of(object).set_property(id, value));
}
void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  if (!element_of(object).get_property(id, value)) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

GstStateChangeReturn change_state(GstElement* self, GstStateChange transition) {
  MixElement& element = element_of(self);
  const bool up = transition == GST_STATE_CHANGE_READY_TO_PAUSED, down = transition == GST_STATE_CHANGE_PAUSED_TO_READY;
  if (up) element.prepare();
  if (down) element.begin_stop();
  const auto result = GST_ELEMENT_CLASS(gst_klingv2a_mix_parent_class)->change_state(self, transition);
  const bool failed = up && result == GST_STATE_CHANGE_FAILURE;
  if (failed) element.begin_stop();
  if (down || failed) element.finish_stop();
  return result;
}

void install_stats(GObjectClass* gobject_class, guint id) {
  g_object_class_install_property(
      gobject_class, id,
      g_param_spec_boxed("stats", "Statistics", "What was measured, and played; without fields before that",
                         GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
}

}  // namespace

static void gst_klingv2a_mix_class_init(GstKlingV2AMixClass* klass) {
  auto* gobject_class = G_OBJECT_CLASS(klass);
  gobject_class->set_property = set_property;
  gobject_class->get_property = get_property;
  gobject_class->dispose = klingv2a::shell::dispose<gst_klingv2a_mix_parent_class>;
  gobject_class->finalize =
      klingv2a::shell::finalize<&GstKlingV2AMix::element, GstKlingV2AMix, gst_klingv2a_mix_parent_class>;
  install_stats(gobject_class, klingv2a::install_mix_properties(gobject_class));
  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  element_class->request_new_pad = request_new_pad;
  element_class->release_pad = release_pad;
  gst_element_class_add_static_pad_template(element_class, &original_template);
  gst_element_class_add_static_pad_template(element_class, &generated_template);
  gst_element_class_add_static_pad_template(element_class, &source_template);
  gst_element_class_set_static_metadata(
      element_class, "Kling video-to-audio mix", "Filter/Audio/Mixer",
      "Mixes a generated sound with the original one, ducked under it, at broadcast loudness",
      "The klingv2a developers");
}

static void gst_klingv2a_mix_init(GstKlingV2AMix* self) {
  auto* element = GST_ELEMENT(self);
  self->element = new klingv2a::MixElement(element, add_source(element));
}
