// SPDX-License-Identifier: LGPL-2.1-or-later
#include "private_home.h"

#include <glib/gstdio.h>

#include <stdexcept>

namespace klingv2a::test {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "klingv2a-test-XXXXXX").string();
  if (!g_mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // a test may have taken the rights away
  std::filesystem::remove_all(path_, ignored);
}

PrivateHome::PrivateHome() {
  g_setenv("XDG_STATE_HOME", state().c_str(), TRUE);
  g_setenv("XDG_CACHE_HOME", cache().c_str(), TRUE);
  g_unsetenv("KLINGV2A_JOURNAL");
}

}  // namespace klingv2a::test
