// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One owning pointer for GObjects and one for boxed or plain GLib values, so that no reference is counted by hand.
// A raw GObject* never says whether it owns; adopt() takes over a reference, share() adds one.
#pragma once

#include <glib-object.h>

#include <memory>
#include <utility>

namespace klingv2a {

template <typename T>
class GObjectPtr {
 public:
  GObjectPtr() noexcept = default;
  // Implicit, as with the standard's pointers: `pointer = nullptr`.
  GObjectPtr(std::nullptr_t) noexcept {}  // NOLINT(google-explicit-constructor)
  GObjectPtr(const GObjectPtr& other) noexcept : object_(other.object_) {
    if (object_) g_object_ref(object_);
  }
  GObjectPtr(GObjectPtr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  GObjectPtr& operator=(GObjectPtr other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~GObjectPtr() {
    if (object_) g_object_unref(object_);
  }

  // Takes over the caller's reference.
  [[nodiscard]] static GObjectPtr adopt(T* object) noexcept {
    GObjectPtr pointer;
    pointer.object_ = object;
    return pointer;
  }
  // Adds a reference of its own.
  [[nodiscard]] static GObjectPtr share(T* object) noexcept {
    if (object) g_object_ref(object);
    return adopt(object);
  }

  [[nodiscard]] T* get() const noexcept { return object_; }
  [[nodiscard]] T* release() noexcept { return std::exchange(object_, nullptr); }
  explicit operator bool() const noexcept { return object_ != nullptr; }

 private:
  T* object_ = nullptr;
};

// For a unique_ptr with a C function as deleter.
template <auto Function>
struct Deleter {
  template <typename T>
  void operator()(T* value) const noexcept {
    Function(value);
  }
};
using GCharPtr = std::unique_ptr<char, Deleter<g_free>>;
using GErrorPtr = std::unique_ptr<GError, Deleter<g_error_free>>;
using GBytesPtr = std::unique_ptr<GBytes, Deleter<g_bytes_unref>>;
using GUriPtr = std::unique_ptr<GUri, Deleter<g_uri_unref>>;

}  // namespace klingv2a
