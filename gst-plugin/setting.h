// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What becomes of a property that is set, in all three elements: a run takes its settings once, when the element goes
// from READY to PAUSED, and until it is back in READY they stay. What is set in between is refused: the old value
// stays, nobody is notified, and a WARNING says so. A setting that changed in mid-run would make another task of the
// same clip, which would be paid.
#pragma once

#include <gst/gst.h>

namespace klingv2a {

enum class SetResult { unknown, unchanged, taken, refused };

// A GValue that clears itself.
class OwnValue {
 public:
  explicit OwnValue(GType type) { g_value_init(&value_, type); }
  ~OwnValue() { g_value_unset(&value_); }
  OwnValue(const OwnValue&) = delete;
  OwnValue& operator=(const OwnValue&) = delete;
  [[nodiscard]] GValue* get() { return &value_; }

 private:
  GValue value_ = G_VALUE_INIT;
};

// `get` writes the present value and returns false if there is no such setting; `set` sets it. Under the lock of
// whoever owns the settings.
template <typename Get, typename Set>
[[nodiscard]] SetResult set_unless(bool running, const GValue* value, Get get, Set set) {
  OwnValue present(G_VALUE_TYPE(value));
  if (!get(present.get())) return SetResult::unknown;
  if (gst_value_compare(present.get(), value) == GST_VALUE_EQUAL) return SetResult::unchanged;
  if (running) return SetResult::refused;
  set();
  return SetResult::taken;
}

// The end of a GObject's set_property(): notifies of a new value, and warns of one that was refused. With no lock held.
void tell_of_setting(GObject* object, guint id, GParamSpec* spec, SetResult result);

// Of each setting: who sets it to what it is, or too late, changes nothing.
inline constexpr auto kSettingFlags =
    static_cast<GParamFlags>(G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY | GST_PARAM_MUTABLE_READY);

}  // namespace klingv2a
