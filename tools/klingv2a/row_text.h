// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The clips of a long video, their joins, and what another plan would cost: as people and as programs read them. Pure;
// any thread.
#pragma once

#include <string>
#include <vector>

#include "gst_ptr.h"
#include "json_text.h"

namespace klingv2a::cli {

// The structures of klingv2a-clip, klingv2a-join and klingv2a-plan-price, as klingv2a posts them.
struct RowFacts {
  std::vector<StructurePtr> clips, joins, prices;

  [[nodiscard]] bool is_row() const { return clips.size() > 1; }
};

// Of a video of one clip empty. Each begins with a line break.
[[nodiscard]] std::string plan_text(const RowFacts& row);
[[nodiscard]] std::string joins_text(const RowFacts& row);
[[nodiscard]] std::string prices_text(const RowFacts& row);

// With all fields of each; the joins worst first. `simulated`: nothing is paid, whatever the element calls it.
[[nodiscard]] std::vector<JsonText> clips_json(const RowFacts& row, bool simulated);
[[nodiscard]] std::vector<JsonText> joins_json(const RowFacts& row);
[[nodiscard]] std::vector<JsonText> prices_json(const RowFacts& row);

}  // namespace klingv2a::cli
