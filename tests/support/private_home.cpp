// SPDX-License-Identifier: LGPL-2.1-or-later
#include "private_home.h"

#include <glib.h>

namespace klingv2a::test {

PrivateHome::PrivateHome() {
  g_setenv("XDG_STATE_HOME", state().c_str(), TRUE);
  g_setenv("XDG_CACHE_HOME", cache().c_str(), TRUE);
  g_unsetenv("KLINGV2A_JOURNAL");
}

}  // namespace klingv2a::test
