// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dropped.h"

#include <chrono>
#include <future>
#include <memory>

#include "gst_ptr.h"
#include "reaper.h"

namespace klingv2a {

namespace {

// What can end ends in milliseconds, on a slow machine too.
constexpr std::chrono::seconds kPatience{1};

// Its messages would hold the element, and the element their bus.
std::future<void> begin_stop(GstElement* element) {
  gst_element_set_bus(element, nullptr);
  auto ended = std::make_shared<std::promise<void>>();
  auto future = ended->get_future();
  reap([ended, owner = ElementPtr::share(element)]() mutable {
    gst_element_set_state(owner.get(), GST_STATE_NULL);
    owner = nullptr;
    ended->set_value();
  });
  return future;
}

}  // namespace

bool is_at_rest(GstElement* element) {
  if (GST_STATE(element) == GST_STATE_NULL) return true;
  g_critical(
      "Trying to dispose element %s, but it is in %s instead of the NULL state: it is stopped now. Set it to NULL "
      "before you drop the last reference",
      GST_OBJECT_NAME(element), gst_element_state_get_name(GST_STATE(element)));
  return begin_stop(element).wait_for(kPatience) == std::future_status::ready;
}

}  // namespace klingv2a
