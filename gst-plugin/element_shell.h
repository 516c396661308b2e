// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the GObject shells of the three elements have in common. Each shell is a GObject with a pointer to the C++
// object that stands behind it.
#pragma once

#include <gst/gst.h>

#include "dropped.h"

namespace klingv2a::shell {

// `parent_class`: the one that G_DEFINE_TYPE has made. Comes again where the element could not be stopped at once.
template <gpointer& parent_class>
void dispose(GObject* object) {
  if (is_at_rest(GST_ELEMENT_CAST(object))) G_OBJECT_CLASS(parent_class)->dispose(object);
}

// `Shell::*member`: the C++ object, which the shell owns.
template <auto member, typename Shell, gpointer& parent_class>
void finalize(GObject* object) {
  delete (reinterpret_cast<Shell*>(object)->*member);
  G_OBJECT_CLASS(parent_class)->finalize(object);
}

// Accumulator of signals that return a text: the first handler that knows one answers, the others are not asked.
gboolean take_first_text(GSignalInvocationHint* hint, GValue* result, const GValue* answer, gpointer data);

// A signal that returns a text, with these parameters.
template <typename... Types>
guint new_text_signal(GObjectClass* gobject_class, const char* name, Types... parameters) {
  return g_signal_new(name, G_TYPE_FROM_CLASS(gobject_class), G_SIGNAL_RUN_LAST, 0, take_first_text, nullptr, nullptr,
                      G_TYPE_STRING, sizeof...(parameters), parameters...);
}

}  // namespace klingv2a::shell
