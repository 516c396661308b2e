// SPDX-License-Identifier: LGPL-2.1-or-later
#include "join/report.h"

#include <algorithm>
#include <tuple>

namespace klingv2a::join {

ReportedJoin report_of(const MadeJoin& made) {
  const auto& join = made.join;
  const auto seconds = [&](std::int64_t frame) { return static_cast<double>(frame) / join.rate; };
  ReportedJoin report{.border_s = seconds(made.border),
                      .fade_s = seconds(made.border + join.begin),
                      .fade_end_s = seconds(made.border + join.begin + join.length),
                      .kind = join.kind,
                      .correlation = join.correlation,
                      .earlier_gain_db = join.earlier.gain_db,
                      .later_gain_db = join.later.gain_db,
                      .is_matched = join.earlier.is_matched || join.later.is_matched,
                      .figures = made.figures};
  if (made.figures) report.faults = faults(*made.figures, join.kind);
  return report;
}

double nearness(const ReportedJoin& join) {
  if (!join.figures) return 0;
  const auto& [value, percentile, click, click_percentile] = *join.figures;
  const double step = click_percentile / kUsualStep;
  if (join.kind == Kind::at_change) return step;
  return std::max({percentile.level_step / kUsual, percentile.distance / kUsual, percentile.fade_level / kUsual, step});
}

void sort_worst_first(std::vector<ReportedJoin>& joins) {
  const auto badness = [](const ReportedJoin& join) {
    return std::tuple(join.faults.size(), !join.figures, nearness(join), -join.border_s);
  };
  std::ranges::sort(joins, std::ranges::greater(), badness);
}

}  // namespace klingv2a::join
