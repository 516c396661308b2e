// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the tests of companions share: a rig whose (silent) sound is there as soon as the clip is complete, or, with
// SoundIsThere, from the first frame on.
#pragma once

#include <algorithm>

#include "companion_rig.h"
#include "element_fixture.h"
#include "gst_ptr.h"

namespace klingv2a::test {

using Types = std::vector<GstEventType>;

class CompanionTest : public ElementTest {
 protected:
  void SetUp() override { refuse_tasks(); }

  static Types types_of(const PadLog& log) {
    Types types;
    for (const auto& event : log.events()) types.push_back(event.type);
    return types;
  }
  static std::vector<GstClockTime> times_of(const PadLog& log) {
    std::vector<GstClockTime> times;
    for (const auto& buffer : log.buffers()) times.push_back(buffer.pts);
    return times;
  }
  static std::vector<GstClockTime> frames(std::size_t count, std::size_t first = 0) {
    std::vector<GstClockTime> times;
    for (std::size_t frame = first; frame < first + count; ++frame)
      times.push_back(gst_util_uint64_scale_int(frame, GST_SECOND, 30));
    return times;
  }
  static PadPtr pad_of(const ElementRig& rig, const std::string& name) {
    return PadPtr::adopt(gst_element_get_static_pad(rig.element(), name.c_str()));
  }
  static GstEvent* custom(const char* name) {
    return gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty(name));
  }
  static GstEvent* title(const char* text) { return gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, text, nullptr)); }

  ElementRig rig_{base_url(), {.properties = kSilent}};
};

// The sound (silence) is there from the first frame on, since the video says that it is too long for a task.
class SoundIsThere : public CompanionTest {
 protected:
  void SetUp() override {
    CompanionTest::SetUp();
    rig_.stop_at(3600 * GST_SECOND);
  }
};

}  // namespace klingv2a::test
