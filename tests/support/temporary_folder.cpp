// SPDX-License-Identifier: LGPL-2.1-or-later
#include "temporary_folder.h"

#include <glib/gstdio.h>

#include <stdexcept>

namespace klingv2a::test {

TemporaryFolder::TemporaryFolder(const std::filesystem::path& parent) {
  const std::filesystem::path folder = parent.empty() ? std::filesystem::temp_directory_path() : parent;
  std::string name = (folder / "klingv2a-test-XXXXXX").string();
  if (!g_mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // a test may have taken the rights away
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace klingv2a::test
