// SPDX-License-Identifier: LGPL-2.1-or-later
#include "worker_result.h"

namespace klingv2a::cli {

namespace {

double number_in(JsonObject* object, const char* name) {
  return g_ascii_strtod(member_text(object, name).c_str(), nullptr);
}

std::string messages_in(JsonObject* report, const char* name) {
  JsonNode* node = json_object_get_member(report, name);
  JsonArray* all = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : nullptr;
  const guint count = all ? json_array_get_length(all) : 0;
  std::string text;
  for (guint i = 0; i < count; ++i)
    text += (i > 0 ? "; " : "") + member_text(json_array_get_object_element(all, i), "message");
  return text;
}

}  // namespace

WorkerResult read_worker_result(JsonObject* report) {
  WorkerResult result{.ok = member_text(report, "ok") == "true",
                      .skipped = member_text(report, "skipped") == "true",
                      .silence = member_text(report, "silence") == "true",
                      .paid = member_text(report, "paid"),
                      .estimate_usd = number_in(member_object(report, "money"), "estimate-usd"),
                      .seconds = number_in(member_object(report, "seconds"), "total"),
                      .failure = std::nullopt,
                      .warnings = messages_in(report, "warnings")};
  if (JsonObject* error = member_object(report, "error"))
    result.failure = {.kind = member_text(error, "kind"), .message = member_text(error, "message")};
  return result;
}

}  // namespace klingv2a::cli
