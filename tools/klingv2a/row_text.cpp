// SPDX-License-Identifier: LGPL-2.1-or-later
#include "row_text.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "bus_events.h"
#include "human_text.h"
#include "kling/price.h"

namespace klingv2a::cli {

namespace {

double number_of(const GstStructure* structure, const char* name) {
  double number = 0;
  gst_structure_get_double(structure, name, &number);
  return number;
}

unsigned count_of(const GstStructure* structure, const char* name) {
  guint count = 0;
  gst_structure_get_uint(structure, name, &count);
  return count;
}

bool is_set(const GstStructure* structure, const char* name) {
  gboolean set = FALSE;
  gst_structure_get_boolean(structure, name, &set);
  return set != FALSE;
}

double begin_of(const GstStructure* structure) {
  gint64 time = 0;
  gst_structure_get_int64(structure, "running-time", &time);
  return static_cast<double>(time) / static_cast<double>(GST_SECOND);
}

double length_of(const GstStructure* clip) {
  guint64 length = 0;
  gst_structure_get_uint64(clip, "duration", &length);
  return static_cast<double>(length) / static_cast<double>(GST_SECOND);
}

// "12:05.200".
std::string time_text(double seconds) {
  constexpr double kMinute = 60;
  const auto minutes = static_cast<long>(seconds / kMinute);
  const std::string rest = number_text(seconds - static_cast<double>(minutes) * kMinute, 3);
  return std::to_string(minutes) + ":" + (rest.find('.') == 1 ? "0" : "") + rest;
}

std::string begins_text(const std::string& begins) {
  if (begins == "shot-change") return "at a shot change";
  if (begins == "gradual") return "in a dissolve or a fade";
  return begins == "inside" ? "inside a shot" : "";
}

// Of its figures the one that is nearest to what is heard, as a percentile of what the two sounds do by themselves.
double worst_percentile(const GstStructure* join) {
  double worst = 0;
  for (const char* name : {"level-step-percentile", "distance-percentile", "fade-level-percentile"})
    worst = std::max(worst, number_of(join, name));
  return worst;
}

std::vector<const GstStructure*> worst_first(const std::vector<StructurePtr>& joins) {
  constexpr double kFault = 1000;
  std::vector<const GstStructure*> sorted;
  for (const auto& join : joins) sorted.push_back(join.get());
  std::ranges::stable_sort(sorted, std::greater{}, [](const GstStructure* join) {
    return worst_percentile(join) + (text_field(join, "faults").empty() ? 0 : kFault);
  });
  return sorted;
}

// `table`, each line of it indented.
std::string indented(std::vector<std::vector<std::string>> rows) {
  std::string text = "\n" + table(std::move(rows));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) text.insert(at + 1, "    ");
  return text;
}

JsonText object_of(const GstStructure* structure) {
  JsonText object;
  for (int i = 0; i < gst_structure_n_fields(structure); ++i) {
    const char* name = gst_structure_nth_field_name(structure, static_cast<guint>(i));
    object.set(name, to_json(gst_structure_get_value(structure, name)));
  }
  return object;
}

}  // namespace

std::string plan_text(const RowFacts& row) {
  if (!row.is_row()) return {};
  std::vector<std::vector<std::string>> rows{{"clip", "from", "to", "seconds", "shown", "begins"}};
  for (const auto& clip : row.clips) {
    const double begin = begin_of(clip.get()), length = length_of(clip.get());
    rows.push_back({std::to_string(count_of(clip.get(), "clip")), time_text(begin), time_text(begin + length),
                    number_text(length, 2), is_set(clip.get(), "transcoded") ? "transcoded" : "as it is",
                    begins_text(text_field(clip.get(), "begins"))});
  }
  return "\n  clips:" + indented(std::move(rows));
}

std::string joins_text(const RowFacts& row) {
  constexpr std::size_t kMost = 5;
  if (row.joins.empty()) return {};
  std::vector<std::vector<std::string>> rows{{"at", "fade", "alike", "level", "step", "distance", "percentile", ""}};
  for (const GstStructure* join : worst_first(row.joins)) {
    if (rows.size() > kMost) break;
    const bool is_inside = is_set(join, "inside-shot");
    const std::string faults = text_field(join, "faults");
    rows.push_back({time_text(begin_of(join)), number_text(number_of(join, "fade-length"), 2) + " s",
                    number_text(number_of(join, "correlation"), 2), number_text(number_of(join, "gain"), 1) + " dB",
                    number_text(number_of(join, "level-step"), 2) + " LU",
                    number_text(number_of(join, "distance"), 2) + " dB",
                    is_inside ? number_text(worst_percentile(join), 0) : "-",
                    !faults.empty() ? faults
                    : is_inside     ? "not heard"
                                    : "at a shot change"});
  }
  return "\n  joins:     " + std::to_string(row.joins.size()) + ", the worst first" + indented(std::move(rows));
}

std::string prices_text(const RowFacts& row) {
  if (row.prices.empty()) return {};
  std::vector<std::vector<std::string>> rows{{"--join-price", "clips", "price", "joins inside shots"}};
  for (const auto& price : row.prices) {
    const unsigned clips = count_of(price.get(), "clips");
    rows.push_back({number_text(number_of(price.get(), "join-price"), 2), std::to_string(clips), kling::price_of(clips),
                    std::to_string(count_of(price.get(), "joins-inside"))});
  }
  return "\n  otherwise:" + indented(std::move(rows));
}

std::vector<JsonText> clips_json(const RowFacts& row, bool simulated) {
  std::vector<JsonText> list;
  for (const auto& clip : row.clips) {
    JsonText& object = list.emplace_back(object_of(clip.get()));
    if (simulated) object.set("paid", false);
  }
  return list;
}

std::vector<JsonText> joins_json(const RowFacts& row) {
  std::vector<JsonText> list;
  for (const GstStructure* join : worst_first(row.joins)) list.push_back(object_of(join));
  return list;
}

std::vector<JsonText> prices_json(const RowFacts& row) {
  std::vector<JsonText> list;
  for (const auto& price : row.prices) list.push_back(object_of(price.get()));
  return list;
}

}  // namespace klingv2a::cli
