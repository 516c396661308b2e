// SPDX-License-Identifier: LGPL-2.1-or-later
#include "downstream.h"

#include <gst/base/gstaggregator.h>

#include <vector>

#include "gst_ptr.h"
#include "muxer_trial.h"

namespace klingv2a {

namespace {

constexpr int kMostLinks = 64;             // that are looked at: pipelines may branch, and lead in circles
constexpr std::size_t kLongestCaps = 300;  // in messages

using IteratorPtr = std::unique_ptr<GstIterator, Deleter<gst_iterator_free>>;

std::string shortened(std::string text) {
  if (text.size() > kLongestCaps) text = text.substr(0, kLongestCaps) + " …";
  return text;
}

std::string name_of_element(GstPad* pad) {
  const auto element = ElementPtr::adopt(gst_pad_get_parent_element(pad));
  if (!element) return GST_OBJECT_NAME(pad);
  const auto* factory = gst_element_get_factory(element.get());
  return std::string(GST_OBJECT_NAME(element.get())) +
         (factory ? " (" + std::string(GST_OBJECT_NAME(factory)) + ")" : "");
}

std::string refusal(GstPad* peer, const GstCaps* caps) {
  const auto taken = CapsPtr::adopt(gst_pad_query_caps(peer, nullptr));
  const bool says_what = !gst_caps_is_any(taken.get()) && !gst_caps_is_empty(taken.get());
  return name_of_element(peer) + " refuses " + shortened(to_text(caps)) +
         (says_what ? "; it takes " + shortened(to_text(taken.get())) : "");
}

bool has_caps(GstPad* pad) {
  return static_cast<bool>(CapsPtr::adopt(gst_pad_get_current_caps(pad)));
}

// By what it says of itself.
bool says_yes(GstPad* source, GstPad* peer, GstCaps* caps) {
  const auto common = CapsPtr::adopt(gst_pad_peer_query_caps(source, caps));
  return gst_pad_query_accept_caps(peer, caps) && !gst_caps_is_empty(common.get());
}

// Has it not seen the caps yet? An aggregator puts them into a queue, whatever becomes of them there.
bool is_still_to_be_seen(GstPad* muxers) {
  const auto element = ElementPtr::adopt(gst_pad_get_parent_element(muxers));
  return GST_IS_AGGREGATOR(element.get()) || !has_caps(muxers);
}

bool is_refused(GstPad* source, GstPad* peer, GstCaps* caps) {
  if (!says_yes(source, peer, caps)) return true;
  return is_muxers(peer) && is_still_to_be_seen(peer) && !MuxerTrial::of_kind(peer).takes(caps);
}

std::vector<PadPtr> exits_of(GstPad* pad) {
  std::vector<PadPtr> exits;
  const IteratorPtr iterator(gst_pad_iterate_internal_links(pad));
  GValue item = G_VALUE_INIT;
  while (iterator && gst_iterator_next(iterator.get(), &item) == GST_ITERATOR_OK) {
    exits.push_back(PadPtr::share(GST_PAD(g_value_get_object(&item))));
    g_value_reset(&item);
  }
  if (G_IS_VALUE(&item)) g_value_unset(&item);
  return exits;
}

// Behind elements that have handed the caps, or others, on already.
std::optional<std::string> who_refuses_behind(GstPad* entrance, int& links) {
  if (is_muxers(entrance)) return std::nullopt;
  for (const auto& exit : exits_of(entrance)) {
    if (--links <= 0) return std::nullopt;
    const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(exit.get()));
    const auto peer = PadPtr::adopt(gst_pad_get_peer(exit.get()));
    if (!caps || !peer || GST_PAD_IS_FLUSHING(peer.get())) continue;
    if (is_refused(exit.get(), peer.get(), caps.get())) return refusal(peer.get(), caps.get());
    if (auto found = who_refuses_behind(peer.get(), links)) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> who_refuses(GstPad* source) {
  const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(source));
  const auto peer = PadPtr::adopt(gst_pad_get_peer(source));
  if (!caps || !peer || GST_PAD_IS_FLUSHING(peer.get())) return std::nullopt;
  // It was linked after they had gone by; who has blocked the pad will see them later.
  const bool is_open = gst_pad_is_blocked(source) == FALSE;
  if (is_open && !has_caps(peer.get())) gst_pad_push_event(source, gst_event_new_caps(caps.get()));
  const bool has_refused = is_open && !has_caps(peer.get()) && !GST_PAD_IS_FLUSHING(peer.get());
  if (has_refused || is_refused(source, peer.get(), caps.get())) return refusal(peer.get(), caps.get());
  int links = kMostLinks;
  return who_refuses_behind(peer.get(), links);
}

std::string name_of_peer(GstPad* source) {
  const auto peer = PadPtr::adopt(gst_pad_get_peer(source));
  return peer ? name_of_element(peer.get()) : "nothing";
}

}  // namespace klingv2a
