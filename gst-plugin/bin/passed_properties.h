// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of klingv2a and klingv2amix on klingv2abin: the same names, ranges and texts, without a second list of
// them. Any thread.
#pragma once

#include <gst/gst.h>

#include <initializer_list>

namespace klingv2a {

// Installs the properties that these types define themselves, but for `own`, which the bin sets by itself; of two with
// one name the first one's. Ids from `first`.
void install_passed(GObjectClass* gobject_class, guint first, std::initializer_list<GType> types, const char* own);

// Sets it on every child that has it.
void set_passed(GParamSpec* spec, const GValue* value, std::initializer_list<GstElement*> children);
// Asks the first child that has it.
void get_passed(GParamSpec* spec, GValue* value, std::initializer_list<GstElement*> children);

}  // namespace klingv2a
