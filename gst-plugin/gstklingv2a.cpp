// SPDX-License-Identifier: LGPL-2.1-or-later
// clang-format off: the launch lines are to be pasted
/**
 * SECTION:element-klingv2a
 * @title: klingv2a
 * @short_description: gives a video a new sound track made by Kling's video-to-audio service
 *
 * `klingv2a` takes a video of 3 s or more, which it cuts into clips where it is longer than 20 s, has a sound made for
 * it by Kling's video-to-audio service, and hands out the untouched video on the pad `video` together with the sound on
 * the pad `audio`, ready to be muxed. The video waits inside the element until the sound is there: a task takes
 * minutes.
 *
 * The pad `audio` appears as soon as the video's caps are known, before anything is paid. It must be linked to
 * something that takes raw audio; if it is not, the element posts an error and pays nothing. `video` may stay unlinked.
 * Once it is there it stays, with its link, for all runs.
 *
 * Other streams of the same programme (its old sound, subtitles …) are *companions*: each comes in on a request pad
 * `sink_%u`, waits beside the video and leaves with it, untouched, on the pad `src_%u` of the same number, which
 * appears when the first caps arrive on its sink. Led past the element to the same muxer they would stop the demuxer.
 *
 * The video may be raw, or in any coding that GStreamer has a decoder for. What the service would not take as it is
 * (another coding than 8-bit 4:2:0 progressive H.264, another size than 720p or 1080p) it is shown as a transcoded
 * copy; #GstKlingV2A:conform says whether that may be. Held frames beyond #GstKlingV2A:max-hold-bytes wait in a file.
 *
 * The service fetches the clip from a URL: it is published as the property #GstKlingV2A:publish says, published by the
 * program itself (#GstKlingV2A::publish-clip), or named by #GstKlingV2A:video-url or #GstKlingV2A:video-id. The key
 * comes from the environment (`KLINGV2A_API_KEY`, then `COMETAPI_KEY`) or from the property #GstKlingV2A:api-key.
 *
 * Progress is posted as `GST_MESSAGE_PROGRESS` with a `percent` field, each change of the task as an element message
 * `klingv2a-task`. Errors carry a details structure with the fields `kind`, `phase`, `paid`, `retryable` and, where
 * known, `http-status`, `kling-code`, `request-id`, `task-id`, `external-task-id`.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 filesrc location=in.mp4 ! qtdemux ! h264parse ! klingv2a name=k ! mp4mux name=m \
 *     ! filesink location=out.mp4   k.audio ! audioconvert ! avenc_aac ! m.
 * ]| A new sound track for in.mp4. KLINGV2A_API_KEY holds the key; the service must be able to fetch the clip, so a
 * real one also needs, for instance, publish="https://media.example.org/{name}.mp4".
 * |[
 * gst-launch-1.0 filesrc location=in.mkv ! matroskademux ! h264parse \
 *     ! klingv2a name=k sound-effect-prompt="rain on tin" on-failure=silence \
 *     ! matroskamux name=m ! filesink location=out.mkv   k.audio ! audioconvert ! opusenc ! m.
 * ]| The same in Matroska, with a prompt, and with silence and a warning if no sound can be had.
 * |[
 * gst-launch-1.0 filesrc location=in.mp4 ! qtdemux name=d d.video_0 ! h264parse ! klingv2a name=k ! mp4mux name=mux \
 *     ! filesink location=out.mp4   d.audio_0 ! k.sink_0  k.src_0 ! mux.   k.audio ! audioconvert ! avenc_aac ! mux.
 * ]| The old sound stays, beside the new one.
 * |[
 * gst-launch-1.0 filesrc location=in.mkv ! matroskademux ! h265parse ! klingv2a name=k dry-run=true \
 *     ! matroskamux name=m ! filesink location=out.mkv   k.audio ! audioconvert ! opusenc ! m.
 * ]| What a task for an HEVC video would be and cost; nothing is paid, and the sound is silence.
 *
 * Since: 0.1.0
 */
// clang-format on
#include "gstklingv2a.h"

#include "companion_caps.h"
#include "element.h"
#include "element_shell.h"
#include "log.h"
#include "video_caps.h"

struct _GstKlingV2A {
  GstElement parent;
  klingv2a::Element* element;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"  // GLib's macro is C
G_DEFINE_TYPE(GstKlingV2A, gst_klingv2a, GST_TYPE_ELEMENT)
#pragma GCC diagnostic pop
GST_ELEMENT_REGISTER_DEFINE(klingv2a, "klingv2a", GST_RANK_NONE, GST_TYPE_KLINGV2A)

namespace {

using klingv2a::BufferPtr;
using klingv2a::Element;
using klingv2a::element_of;
using klingv2a::EventPtr;
using klingv2a::PadPtr;

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(KLINGV2A_VIDEO_CAPS));
GstStaticPadTemplate video_template =
    GST_STATIC_PAD_TEMPLATE("video", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(KLINGV2A_VIDEO_CAPS));
GstStaticPadTemplate audio_template = GST_STATIC_PAD_TEMPLATE(
    "audio", GST_PAD_SRC, GST_PAD_SOMETIMES,
    GST_STATIC_CAPS(GST_AUDIO_CAPS_MAKE(GST_AUDIO_FORMATS_ALL) ", layout=(string){ interleaved, non-interleaved }"));

GstStaticPadTemplate companion_sink_template =
    GST_STATIC_PAD_TEMPLATE("sink_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS(KLINGV2A_COMPANION_CAPS));
GstStaticPadTemplate companion_source_template =
    GST_STATIC_PAD_TEMPLATE("src_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS(KLINGV2A_COMPANION_CAPS));

// The functions that GStreamer calls; each goes straight to Element, which throws nothing.
GstFlowReturn chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
  return element_of(parent).chain(BufferPtr::adopt(buffer));
}
GstFlowReturn sink_event(GstPad*, GstObject* parent, GstEvent* event) {
  return element_of(parent).on_sink_event(EventPtr::adopt(event));
}
GstFlowReturn companion_chain(GstPad* pad, GstObject* parent, GstBuffer* buffer) {
  return element_of(parent).companions().chain(pad, BufferPtr::adopt(buffer));
}
GstFlowReturn companion_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  return element_of(parent).companions().take(pad, EventPtr::adopt(event));
}
gboolean sink_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  return element_of(parent).on_sink_query(pad, query);
}
gboolean source_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  return element_of(parent).on_source_event(pad, EventPtr::adopt(event));
}
gboolean source_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  return element_of(parent).on_source_query(pad, query);
}
// `audio` and `src_%u` are made active before they are added, so they have no parent yet.
gboolean activate_mode(GstPad* pad, GstObject*, GstPadMode mode, gboolean active) {
  return mode == GST_PAD_MODE_PUSH && static_cast<Element*>(gst_pad_get_element_private(pad))->activate(pad, active);
}

// NULL would say that nobody knows.
GstIterator* no_links() {
  static guint32 never_changes = 0;
  return gst_iterator_new(
      sizeof(GstIterator), GST_TYPE_PAD, nullptr, &never_changes, nullptr,
      [](GstIterator*, GValue*) { return GST_ITERATOR_DONE; }, nullptr, [](GstIterator*) {}, [](GstIterator*) {});
}

GstIterator* internal_links(GstPad* pad, GstObject* parent) {
  const PadPtr other = element_of(parent).internal_link(pad);
  if (!other) return no_links();
  GValue value = G_VALUE_INIT;
  g_value_init(&value, GST_TYPE_PAD);
  g_value_set_object(&value, other.get());
  GstIterator* iterator = gst_iterator_new_single(GST_TYPE_PAD, &value);
  g_value_unset(&value);
  return iterator;
}

// A pad's private pointer is the Element.
void set_source_functions(GstPad* pad, Element* element) {
  gst_pad_set_element_private(pad, element);
  gst_pad_set_event_function(pad, source_event);
  gst_pad_set_query_function(pad, source_query);
  gst_pad_set_activatemode_function(pad, activate_mode);
  gst_pad_set_iterate_internal_links_function(pad, internal_links);
}

GstPad* add_sink(GstElement* element) {
  GstPad* pad = gst_pad_new_from_static_template(&sink_template, "sink");
  gst_pad_set_chain_function(pad, chain);
  gst_pad_set_event_full_function(pad, sink_event);
  gst_pad_set_query_function(pad, sink_query);
  gst_pad_set_iterate_internal_links_function(pad, internal_links);
  gst_element_add_pad(element, pad);
  return pad;
}

// Its Element is not there yet.
GstPad* add_video(GstElement* element) {
  GstPad* pad = gst_pad_new_from_static_template(&video_template, "video");
  set_source_functions(pad, nullptr);
  gst_element_add_pad(element, pad);
  return pad;
}

GstPad* request_pad(GstElement* element, GstPadTemplate*, const char* name, const GstCaps*) {
  return element_of(element).companions().request(name);
}
void release_pad(GstElement* element, GstPad* pad) {
  element_of(element).companions().release(pad);
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  klingv2a::tell_of_setting(object, id, spec, element_of(object).set_property(id, value));
}
void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  if (!element_of(object).get_property(id, value)) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

GstStateChangeReturn change_state(GstElement* self, GstStateChange transition) {
  Element& element = element_of(self);
  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !element.check_settings()) return GST_STATE_CHANGE_FAILURE;
  const bool up = transition == GST_STATE_CHANGE_READY_TO_PAUSED, down = transition == GST_STATE_CHANGE_PAUSED_TO_READY;
  if (up && !element.prepare()) return GST_STATE_CHANGE_FAILURE;
  if (down) element.begin_stop();
  if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED) element.note_paused(true);
  if (up || transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) element.note_paused(false);
  const auto result = GST_ELEMENT_CLASS(gst_klingv2a_parent_class)->change_state(self, transition);
  const bool failed = up && result == GST_STATE_CHANGE_FAILURE;
  if (failed) element.begin_stop();
  if (down || failed) element.finish_stop();
  return result;
}

void install_own_properties(GObjectClass* gobject_class) {
  const auto flags = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property(
      gobject_class, Element::task_id_property(),
      g_param_spec_string("task-id", "Task id", "The current task, as the service names it", nullptr, flags));
  g_object_class_install_property(
      gobject_class, Element::stats_property(),
      g_param_spec_boxed("stats", "Statistics", "Counters and times since READY", GST_TYPE_STRUCTURE, flags));
}

}  // namespace

namespace {

/**
 * GstKlingV2A::publish-clip:
 * @self: the element
 * @file_path: the proxy, readable by this user's processes until the handler returns; it has no name in any folder
 * @content_type: `video/mp4`
 *
 * For programs that have storage of their own: makes the file reachable and returns the URL that the service is to
 * fetch it by. It must stay good until the task has ended. With a handler connected the property publish is not
 * looked at. Emitted on a thread of the element, which waits for the answer; going to NULL does not wait for it.
 *
 * Returns: (transfer full) (nullable): an absolute http or https URL, or %NULL if the program cannot publish it
 *
 * Since: 0.1.0
 */
void install_publish_clip(GObjectClass* gobject_class) {
  klingv2a::shell::new_text_signal(gobject_class, "publish-clip", G_TYPE_STRING, G_TYPE_STRING);
}

/**
 * GstKlingV2A::before-submit:
 * @self: the element
 * @clip: the clip's number, from 1
 *
 * A task is about to be asked for, and paid: the last moment to say no. A program can look once more whether it has a
 * place for the result, or ask its budget. Emitted on a thread of the element, which waits for the answer, without a
 * lock held; more than once where the service says "later" or the turn is waited for. Also in a dry run. Not where the
 * sound is there already.
 *
 * Returns: (transfer full) (nullable): %NULL to go on, or why not: the element posts an ERROR with that text, and
 * nothing is paid
 *
 * Since: 0.1.0
 */
void install_before_submit(GObjectClass* gobject_class) {
  klingv2a::shell::new_text_signal(gobject_class, "before-submit", G_TYPE_UINT);
}

}  // namespace

static void gst_klingv2a_class_init(GstKlingV2AClass* klass) {
  auto* gobject_class = G_OBJECT_CLASS(klass);
  gobject_class->set_property = set_property;
  gobject_class->get_property = get_property;
  gobject_class->dispose = klingv2a::shell::dispose<gst_klingv2a_parent_class>;
  gobject_class->finalize = klingv2a::shell::finalize<&GstKlingV2A::element, GstKlingV2A, gst_klingv2a_parent_class>;
  klingv2a::install_settings(gobject_class);
  install_own_properties(gobject_class);
  install_publish_clip(gobject_class);
  install_before_submit(gobject_class);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  element_class->request_new_pad = request_pad;
  element_class->release_pad = release_pad;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &video_template);
  gst_element_class_add_static_pad_template(element_class, &audio_template);
  gst_element_class_add_static_pad_template(element_class, &companion_sink_template);
  gst_element_class_add_static_pad_template(element_class, &companion_source_template);
  gst_element_class_set_static_metadata(
      element_class, "Kling video-to-audio", "Filter/Effect/Audio/Video/Network",
      "Gives a video a new sound track made by Kling's video-to-audio service; the video itself is not touched",
      "The klingv2a developers");
}

static void gst_klingv2a_init(GstKlingV2A* self) {
  auto* element = GST_ELEMENT(self);
  GstPad* const video = add_video(element);
  const klingv2a::Signals signals{.publish_clip = g_signal_lookup("publish-clip", GST_TYPE_KLINGV2A),
                                  .before_submit = g_signal_lookup("before-submit", GST_TYPE_KLINGV2A)};
  self->element = new klingv2a::Element(element, add_sink(element), video, signals);
  gst_pad_set_element_private(video, self->element);
}

klingv2a::PadPtr klingv2a::new_audio_pad(GstElement* self) {
  GstPad* pad = gst_pad_new_from_static_template(&audio_template, "audio");
  set_source_functions(pad, &element_of(self));
  return PadPtr::adopt(GST_PAD_CAST(gst_object_ref_sink(pad)));
}

klingv2a::PadPtr klingv2a::new_companion_sink(guint number) {
  const std::string name = "sink_" + std::to_string(number);
  GstPad* pad = gst_pad_new_from_static_template(&companion_sink_template, name.c_str());
  // Whoever comes next takes or refuses new caps when they get there: a parser takes more than it answers.
  GST_PAD_SET_ACCEPT_TEMPLATE(pad);
  gst_pad_set_chain_function(pad, companion_chain);
  gst_pad_set_event_full_function(pad, companion_event);
  gst_pad_set_query_function(pad, sink_query);
  gst_pad_set_iterate_internal_links_function(pad, internal_links);
  return PadPtr::adopt(GST_PAD_CAST(gst_object_ref_sink(pad)));
}

klingv2a::PadPtr klingv2a::new_companion_source(GstElement* self, guint number) {
  const std::string name = "src_" + std::to_string(number);
  GstPad* pad = gst_pad_new_from_static_template(&companion_source_template, name.c_str());
  set_source_functions(pad, &element_of(self));
  return PadPtr::adopt(GST_PAD_CAST(gst_object_ref_sink(pad)));
}

klingv2a::Element& klingv2a::element_of(gpointer object) {
  return *GST_KLINGV2A(object)->element;
}
