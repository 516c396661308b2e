// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Keeps libsoup's timers off the default context, which belongs to whoever runs the service. One thread, for a scope.
#pragma once

#include <glib.h>

#include <memory>

#include "gobject_ptr.h"

namespace klingv2a::sim {

class PrivateContext {
 public:
  PrivateContext() : context_(g_main_context_new()) { g_main_context_push_thread_default(context_.get()); }
  ~PrivateContext() { g_main_context_pop_thread_default(context_.get()); }
  PrivateContext(const PrivateContext&) = delete;
  PrivateContext& operator=(const PrivateContext&) = delete;

 private:
  std::unique_ptr<GMainContext, Deleter<g_main_context_unref>> context_;
};

}  // namespace klingv2a::sim
