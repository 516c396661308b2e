// SPDX-License-Identifier: LGPL-2.1-or-later
#include "setting.h"

#include <string>

#include "error.h"
#include "log.h"
#include "messages.h"

namespace klingv2a {

namespace {

// Its value may be a secret.
void warn_of_refusal(GstElement* element, const char* name) {
  GST_INFO_OBJECT(element, "%s was set while running: refused", name);
  messages::post_warning(
      element, make_error(ErrorKind::settings, Phase::check,
                          std::string("the property ") + name +
                              " was set while the element runs, and keeps the value that the run began with",
                          "set it in NULL or READY: a run takes all settings when it goes from READY to PAUSED")
                   .details());
}

}  // namespace

void tell_of_setting(GObject* object, guint id, GParamSpec* spec, SetResult result) {
  switch (result) {
    case SetResult::unknown:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
      return;
    case SetResult::unchanged:
      return;
    case SetResult::taken:
      return g_object_notify_by_pspec(object, spec);
    case SetResult::refused:
      return warn_of_refusal(GST_ELEMENT_CAST(object), g_param_spec_get_name(spec));
  }
}

}  // namespace klingv2a
