// SPDX-License-Identifier: LGPL-2.1-or-later
#include "result_store.h"

#include <glib/gstdio.h>

#include <stdexcept>

namespace klingv2a::sim {
namespace {

constexpr int kOwnersFolder = 0700, kOwnersFile = 0600;

}  // namespace

ResultStore::ResultStore(std::string folder) : folder_(std::move(folder)) {
  if (!folder_.empty() && g_mkdir_with_parents(folder_.c_str(), kOwnersFolder) != 0)
    throw std::runtime_error("klingv2a-sim: cannot make the folder " + folder_);
}

std::string ResultStore::path_of(const std::string& task_id, const char* what) const {
  return folder_ + "/" + task_id + "." + what;
}

void ResultStore::keep(const std::string& task_id, const char* what, const Blob& blob) const {
  if (folder_.empty() || !blob) return;
  GError* failure = nullptr;
  const bool kept =
      g_file_set_contents_full(path_of(task_id, what).c_str(), blob->data(), static_cast<gssize>(blob->size()),
                               G_FILE_SET_CONTENTS_CONSISTENT, kOwnersFile, &failure);
  const GErrorPtr error(failure);
  if (!kept) throw std::runtime_error(error->message);
}

Blob ResultStore::load(const std::string& task_id, const char* what) const {
  if (folder_.empty()) return nullptr;
  char* content = nullptr;
  gsize size = 0;
  GError* failure = nullptr;
  const bool loaded = g_file_get_contents(path_of(task_id, what).c_str(), &content, &size, &failure);
  const GCharPtr bytes(content);
  const GErrorPtr error(failure);
  if (loaded) return make_blob({bytes.get(), size});
  if (g_error_matches(error.get(), G_FILE_ERROR, G_FILE_ERROR_NOENT)) return nullptr;
  throw std::runtime_error(error->message);
}

}  // namespace klingv2a::sim
