// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dub_pipeline.h"

#include "environment.h"
#include "error.h"
#include "setting_check.h"

namespace klingv2a::cli {

namespace {

Error settings_error(const std::string& what) {
  return make_error(ErrorKind::settings, Phase::check, what);
}

ElementPtr make_element(const char* factory) {
  ElementPtr element = make_gst_element(factory);
  if (element) return element;
  throw make_error(ErrorKind::settings, Phase::check,
                   std::string("the GStreamer element ") + factory + " is not installed",
                   "install the GStreamer plugin that has it");
}

// By GObject's own rules, so that a wrong value is an error here, and not a warning that nobody reads.
void set_property(const ElementPtr& element, const Setting& setting) {
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element.get()), setting.property.c_str());
  if (!spec) throw settings_error("this klingv2a has no property " + setting.property);
  GValue value = G_VALUE_INIT;
  g_value_init(&value, G_PARAM_SPEC_VALUE_TYPE(spec));
  const bool good = read_value(spec, setting.value, &value);
  if (good) g_object_set_property(G_OBJECT(element.get()), setting.property.c_str(), &value);
  g_value_unset(&value);
  if (good) return;
  const std::string shown = is_secret(setting.property) ? "what was given" : "'" + setting.value + "'";
  throw settings_error(shown + " is no value for " + setting.property);
}

ElementPtr make_source(const std::string& in) {
  ElementPtr source = make_element(in == "-" ? "fdsrc" : "filesrc");
  if (in == "-")
    g_object_set(source.get(), "fd", 0, nullptr);
  else
    g_object_set(source.get(), "location", in.c_str(), nullptr);
  return source;
}

ElementPtr make_sink(const PipelineSpec& spec) {
  const bool nowhere = spec.out.empty() && spec.out_fd < 0;
  ElementPtr sink = make_element(nowhere ? "fakesink" : spec.out.empty() ? "fdsink" : "filesink");
  if (!spec.out.empty())
    g_object_set(sink.get(), "location", spec.out.c_str(), nullptr);
  else if (spec.out_fd >= 0)
    g_object_set(sink.get(), "fd", spec.out_fd, "sync", FALSE, nullptr);
  return sink;
}

using BeforeSubmit = std::function<std::string()>;

char* before_submit(GstElement*, guint, gpointer data) {
  const std::string reason = (*static_cast<const BeforeSubmit*>(data))();
  return reason.empty() ? nullptr : g_strdup(reason.c_str());
}

void ask_before_submit(GstElement* dub, const BeforeSubmit& ask) {
  auto kept = std::make_unique<BeforeSubmit>(ask);
  g_signal_connect_data(
      dub, "before-submit", G_CALLBACK(before_submit), kept.release(),
      [](gpointer data, GClosure*) { const std::unique_ptr<BeforeSubmit> last(static_cast<BeforeSubmit*>(data)); },
      static_cast<GConnectFlags>(0));
}

}  // namespace

DubPipeline::DubPipeline(const PipelineSpec& spec) {
  find_plugin();
  pipeline_ = make_element("pipeline");
  dub_ = make_element("klingv2abin");
  for (const Setting& setting : spec.settings) set_property(dub_, setting);
  if (spec.before_submit) ask_before_submit(dub_.get(), spec.before_submit);
  const ElementPtr source = make_source(spec.in), sink = make_sink(spec);
  for (const ElementPtr& element : {source, dub_, sink}) gst_bin_add(GST_BIN(pipeline_.get()), element.get());
  if (!gst_element_link_many(source.get(), dub_.get(), sink.get(), nullptr))
    throw settings_error("klingv2abin cannot be linked");
}

DubPipeline::~DubPipeline() {
  if (pipeline_) gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

std::optional<double> DubPipeline::length() const {
  gint64 duration = 0;
  if (!gst_element_query_duration(dub_.get(), GST_FORMAT_TIME, &duration) || duration <= 0) return std::nullopt;
  return static_cast<double>(duration) / static_cast<double>(GST_SECOND);
}

StructurePtr DubPipeline::structure(const char* property) const {
  if (!g_object_class_find_property(G_OBJECT_GET_CLASS(dub_.get()), property)) return nullptr;
  GstStructure* structure = nullptr;
  g_object_get(dub_.get(), property, &structure, nullptr);
  return StructurePtr(structure);
}

}  // namespace klingv2a::cli
