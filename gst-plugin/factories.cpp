// SPDX-License-Identifier: LGPL-2.1-or-later
#include "factories.h"

#include <memory>
#include <string>

#include "error.h"
#include "gst_ptr.h"
#include "messages.h"

namespace klingv2a {

namespace {

using FactoriesPtr = std::unique_ptr<GList, Deleter<gst_plugin_feature_list_free>>;

}  // namespace

bool has_factory(const char* name) {
  return static_cast<bool>(GObjectPtr<GstElementFactory>::adopt(gst_element_factory_find(name)));
}

bool has_factory_for(GstElementFactoryListType type, const GstCaps* caps, GstPadDirection direction) {
  const FactoriesPtr all(gst_element_factory_list_get_elements(type, GST_RANK_MARGINAL));
  const FactoriesPtr fitting(gst_element_factory_list_filter(all.get(), caps, direction, FALSE));
  return fitting != nullptr;
}

void require_factory(GstElement* poster, const char* name) {
  if (has_factory(name)) return;
  messages::post_missing_element(poster, name);
  throw make_error(ErrorKind::settings, Phase::check,
                   std::string("the GStreamer element ") + name + " is not installed",
                   "install the GStreamer plugin that has it");
}

}  // namespace klingv2a
