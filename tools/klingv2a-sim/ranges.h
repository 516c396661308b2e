// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Parts of a result, by HTTP's rules: Range, If-Range, ETag. Written here because SoupServer's own knows no If-Range.
//
// Pure functions; any thread.
#pragma once

#include "answer.h"

namespace klingv2a::sim {

// What `request` gets of the file `whole` (status 200): all of it, a part (206), or none (416). Several ranges at once,
// and a Range that is not understood, get all of it, which HTTP allows.
[[nodiscard]] Answer part_of(const Request& request, Answer whole);

// The same sound or picture in another file: other bytes at other places, another length.
[[nodiscard]] Answer another_file(Answer whole);

}  // namespace klingv2a::sim
