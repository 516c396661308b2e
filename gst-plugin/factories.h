// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which elements are installed. Any thread, with no lock held.
#pragma once

#include <gst/gst.h>

namespace klingv2a {

[[nodiscard]] bool has_factory(const char* name);
// An element of this type that is not a last resort, and that takes (GST_PAD_SINK) or gives (GST_PAD_SRC) the caps.
[[nodiscard]] bool has_factory_for(GstElementFactoryListType type, const GstCaps* caps, GstPadDirection direction);
// Throws Error{settings} when there is no such element; `poster` posts before that what installers want to know.
void require_factory(GstElement* poster, const char* name);

}  // namespace klingv2a
