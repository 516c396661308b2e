// SPDX-License-Identifier: LGPL-2.1-or-later
#include "upstream.h"

namespace klingv2a {

namespace {

PadPtr linked_inside(GstPad* pad) {
  const std::unique_ptr<GstIterator, Deleter<gst_iterator_free>> links(gst_pad_iterate_internal_links(pad));
  GValue item = G_VALUE_INIT;
  if (!links || gst_iterator_next(links.get(), &item) != GST_ITERATOR_OK) return {};
  auto linked = PadPtr::share(GST_PAD_CAST(g_value_get_object(&item)));
  g_value_unset(&item);
  return linked;
}

}  // namespace

bool upstream_is_live(GstPad* sink) {
  const auto query = QueryPtr::adopt(gst_query_new_latency());
  gboolean live = FALSE;
  if (gst_pad_peer_query(sink, query.get())) gst_query_parse_latency(query.get(), &live, nullptr, nullptr);
  return live;
}

GObjectPtr<GstObject> origin_of(GstPad* sink) {
  auto last = PadPtr::share(sink);
  for (auto below = last; below;) {
    auto pad = PadPtr::adopt(gst_pad_get_peer(below.get()));
    if (!pad) break;
    last = pad;
    below = linked_inside(pad.get());
  }
  if (GstObject* element = gst_pad_get_parent(last.get())) return GObjectPtr<GstObject>::adopt(element);
  return GObjectPtr<GstObject>::share(GST_OBJECT_CAST(last.get()));
}

}  // namespace klingv2a
