// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Registers an enumeration for properties, once. Any thread.
#pragma once

#include <glib-object.h>

namespace klingv2a {

// `once` is where the type is kept, as g_once_init_enter() wants it; `values` live as long as the process.
inline GType enum_type(gsize* once, const char* name, const GEnumValue* values) {
  if (g_once_init_enter(once)) {
    const GType registered = g_enum_register_static(name, values);
    g_once_init_leave(once, registered);
  }
  return *once;
}

}  // namespace klingv2a
