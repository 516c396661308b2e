// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A spool file as the body of a request. GIO's own descriptor streams share one position between all readers of a
// file; this one reads with pread from a position of its own, so that each attempt starts at the beginning. Read by
// libsoup on the thread that sends.
#pragma once

#include <gio/gio.h>

#include <memory>
#include <optional>

#include "error.h"
#include "gobject_ptr.h"
#include "spool_file.h"

namespace klingv2a::http {

// Reads `file` from its beginning to its end. The stream keeps the file.
[[nodiscard]] GObjectPtr<GInputStream> make_upload_stream(std::shared_ptr<const SpoolFile> file);

// Why reading `stream` (made by the function above) failed, when it did: a disk error must not be reported as a
// network error.
[[nodiscard]] std::optional<ErrorDetails> upload_failure(GInputStream* stream);

}  // namespace klingv2a::http
