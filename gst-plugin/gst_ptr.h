// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Owning pointers for GStreamer's reference-counted types. adopt() takes over a reference, share() adds one, to_c()
// gives one away: so every call into GStreamer shows who owns what.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>
#include <utility>

#include "gobject_ptr.h"

namespace klingv2a {

// A GstBuffer, GstCaps, GstEvent, GstMessage, GstSample … (anything that starts with a GstMiniObject).
template <typename T>
class MiniPtr {
 public:
  MiniPtr() noexcept = default;
  MiniPtr(const MiniPtr& other) noexcept : object_(other.object_) {
    if (object_) gst_mini_object_ref(mini());
  }
  MiniPtr(MiniPtr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  MiniPtr& operator=(MiniPtr other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~MiniPtr() {
    if (object_) gst_mini_object_unref(mini());
  }

  [[nodiscard]] static MiniPtr adopt(T* object) noexcept {
    MiniPtr pointer;
    pointer.object_ = object;
    return pointer;
  }
  [[nodiscard]] static MiniPtr share(T* object) noexcept {
    if (object) gst_mini_object_ref(GST_MINI_OBJECT_CAST(object));
    return adopt(object);
  }

  [[nodiscard]] T* get() const noexcept { return object_; }
  [[nodiscard]] T* to_c() noexcept { return std::exchange(object_, nullptr); }
  explicit operator bool() const noexcept { return object_ != nullptr; }

 private:
  [[nodiscard]] GstMiniObject* mini() const noexcept { return GST_MINI_OBJECT_CAST(object_); }
  T* object_ = nullptr;
};

using BufferPtr = MiniPtr<GstBuffer>;
using CapsPtr = MiniPtr<GstCaps>;
using EventPtr = MiniPtr<GstEvent>;
using MessagePtr = MiniPtr<GstMessage>;
using QueryPtr = MiniPtr<GstQuery>;
using SamplePtr = MiniPtr<GstSample>;
using StructurePtr = std::unique_ptr<GstStructure, Deleter<gst_structure_free>>;
using ElementPtr = GObjectPtr<GstElement>;
using PadPtr = GObjectPtr<GstPad>;

// A new element, its floating reference sunk; null when its plugin is not installed.
[[nodiscard]] inline ElementPtr make_gst_element(const char* factory) {
  GstElement* element = gst_element_factory_make(factory, nullptr);
  return ElementPtr::adopt(element ? GST_ELEMENT_CAST(gst_object_ref_sink(element)) : nullptr);
}

// "caps" as text, for messages.
[[nodiscard]] inline std::string to_text(const GstCaps* caps) {
  return GCharPtr(caps ? gst_caps_to_string(caps) : g_strdup("none")).get();
}

}  // namespace klingv2a
