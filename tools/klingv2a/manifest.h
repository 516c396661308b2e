// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is to be done for several videos: named one by one, all of a folder, or line by line in a manifest (JSON Lines).
// Reads folders and the manifest; nothing else.
#pragma once

#include <string>
#include <vector>

#include "file_job.h"

namespace klingv2a::cli {

struct ManyWish {
  std::vector<std::string> in;  // files, folders, manifests
  std::string out_dir;
  bool overwrite = false;
  bool simulated = false;
  bool trusts_manifest = false;  // its lines may name the service, publish, and write outside `out_dir`
  Settings settings;             // for all; a manifest's line wins
};

struct JobList {
  std::vector<FileJob> jobs;
  std::vector<std::string> passed_over;  // of a folder: what is no video by its name
};

// One job each, in the order of their names in a folder, else as given; each has its `mux` and its report beside it.
// Throws UsageError for a line that is wrong, for no video at all, and for two that would be written to one file. After
// begin_gstreamer(): the values of a manifest are looked at here, before any of its videos is paid for.
[[nodiscard]] JobList list_jobs(const ManyWish& wish);

}  // namespace klingv2a::cli
