// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The error table. Constant data; any thread.
//
// The rule behind the last two columns: a POST goes out again only after an answer that says for certain that no task
// was made *and* that waiting helps (1302, 1303, CometAPI's own words for a full queue). A GET costs nothing and is
// repeated whenever that might help.
#include "kling/error_table.h"

#include <glib.h>

#include <algorithm>
#include <array>

namespace klingv2a::kling {
namespace {

constexpr auto kFatal = Action::fatal;
constexpr auto kSign = Action::sign_again;
constexpr auto kResubmit = Action::resubmit;
constexpr auto kRetry = Action::retry;
constexpr auto kBriefly = Action::retry_briefly;
constexpr auto kAmbiguous = Action::ambiguous;

constexpr auto kCredentials = ErrorKind::credentials;
constexpr auto kBilling = ErrorKind::billing;
constexpr auto kPermission = ErrorKind::permission;
constexpr auto kInput = ErrorKind::input;
constexpr auto kContent = ErrorKind::content;
constexpr auto kBusy = ErrorKind::busy;
constexpr auto kService = ErrorKind::service;
constexpr auto kSettings = ErrorKind::settings;

constexpr std::string_view kCheckKey = "check api-key, and that it belongs to the service at base-url";
constexpr std::string_view kTopUp = "top up the account at the service";
constexpr std::string_view kAskService = "ask the service about the account";
constexpr std::string_view kCheckInput = "the message says which field is meant; check the video and the prompts";
constexpr std::string_view kCheckContent = "change the video or the prompts: the content policy refuses them";
constexpr std::string_view kCheckBase = "check base-url";
constexpr std::string_view kLater = "try again later";
constexpr std::string_view kFewer = "run fewer tasks at a time";

constexpr ErrorRow kStranger{0,     "", kService, kAmbiguous, kRetry, "something on the way to the service answered",
                             kLater};

constexpr std::array kTable{
    // Kling's codes.
    ErrorRow{401, "1000", kCredentials, kFatal, kFatal, "the key was refused", kCheckKey},
    ErrorRow{401, "1001", kCredentials, kFatal, kFatal, "the request had no key", "set api-key"},
    ErrorRow{401, "1002", kCredentials, kFatal, kFatal, "the key is not valid", kCheckKey},
    ErrorRow{401, "1003", kCredentials, kSign, kSign, "the token is not valid yet", "check this machine's clock"},
    ErrorRow{401, "1004", kCredentials, kSign, kSign, "the token has expired", "use a new one"},
    ErrorRow{429, "1100", kPermission, kFatal, kFatal, "the account is not in order", kAskService},
    ErrorRow{429, "1101", kBilling, kFatal, kFatal, "the account is in arrears", kTopUp},
    ErrorRow{429, "1102", kBilling, kFatal, kFatal, "the resource pack is used up or has expired", kTopUp},
    ErrorRow{403, "1103", kPermission, kFatal, kFatal, "the account has no permission for this", kAskService},
    ErrorRow{400, "1200", kInput, kFatal, kFatal, "a parameter was refused", kCheckInput},
    ErrorRow{400, "1201", kInput, kFatal, kFatal, "a parameter was refused", kCheckInput},
    ErrorRow{404, "1202", kSettings, kFatal, kFatal, "the service does not know this call", kCheckBase},
    ErrorRow{404, "1203", kInput, kFatal, kBriefly, "there is no such video or task", "check video-id"},
    ErrorRow{400, "1300", kContent, kFatal, kFatal, "the content policy was triggered", kCheckContent},
    ErrorRow{400, "1301", kContent, kFatal, kFatal, "the content policy was triggered", kCheckContent},
    ErrorRow{429, "1302", kBusy, kResubmit, kRetry, "too many requests at a time", kFewer},
    ErrorRow{429, "1303", kBusy, kResubmit, kRetry, "too many tasks at a time", kFewer},
    ErrorRow{429, "1304", kPermission, kFatal, kFatal, "this address is not on the account's whitelist",
             "add this machine's public address to the whitelist at the service"},
    ErrorRow{500, "5000", kService, kAmbiguous, kRetry, "the service had an internal error", kLater},
    ErrorRow{503, "5001", kService, kAmbiguous, kRetry, "the service is not available", kLater},
    ErrorRow{504, "5002", kService, kAmbiguous, kRetry, "the service took too long inside", kLater},

    // CometAPI's codes. Its HTTP statuses do not agree with them: a bad request comes as 500.
    ErrorRow{0, "invalid_request", kInput, kFatal, kFatal, "the request was refused", kCheckInput},
    ErrorRow{403, "insufficient_user_quota", kBilling, kFatal, kFatal, "the account's balance is used up", kTopUp},
    ErrorRow{503, "model_not_found", kPermission, kFatal, kFatal, "the gateway does not offer video-to-audio here",
             kAskService},

    // CometAPI's refusal before it hands the request on. In any other words a 429 may come from one of several channels
    // that it tries, the one before having made a task.
    ErrorRow{429, "", kBusy, kResubmit, kRetry, "the gateway takes no more requests for now", kLater,
             "Upstream load is saturated, please try again later"},

    // Statuses without a code that we know.
    ErrorRow{303, "", kSettings, kAmbiguous, kFatal, "the service points elsewhere for the answer", kCheckBase},
    ErrorRow{401, "", kCredentials, kFatal, kFatal, "the key was refused", kCheckKey},
    ErrorRow{402, "", kBilling, kFatal, kFatal, "the service wants to be paid first", kTopUp},
    ErrorRow{403, "", kPermission, kFatal, kFatal, "the service forbids this", kAskService},
    ErrorRow{404, "", kSettings, kFatal, kBriefly, "there is nothing at this path", kCheckBase},
    ErrorRow{405, "", kSettings, kFatal, kFatal, "the service does not know this call", kCheckBase},
    ErrorRow{407, "", kSettings, kFatal, kFatal, "a proxy on the way wants a password", "check the proxy settings"},
    // Says that the request did not come in whole; but gateways also say it when their own upstream is slow.
    ErrorRow{408, "", kService, kAmbiguous, kRetry, "the service waited too long for the request", kLater},
    ErrorRow{421, "", kService, kFatal, kRetry, "the request reached the wrong server", kLater},
    ErrorRow{425, "", kBusy, kFatal, kRetry, "the service does not take the request yet", kLater},
    // Without 1302 or 1303 it may mean an unpaid bill as well as a busy minute, and of a gateway that a task was made
    // and
    // then another was to be: nothing is sent to pay for on a guess.
    ErrorRow{429, "", kBusy, kAmbiguous, kRetry, "the service takes no more requests for now", kLater},
    ErrorRow{524, "", kService, kAmbiguous, kRetry, "a proxy before the service timed out", kLater},

    // Classes of statuses.
    ErrorRow{2, "", kService, kAmbiguous, kRetry, "the answer is not one of the API", kCheckBase},
    ErrorRow{3, "", kSettings, kFatal, kFatal, "the service redirects, and a redirect is not followed with the key",
             kCheckBase},
    ErrorRow{4, "", kInput, kFatal, kFatal, "the request was refused", kCheckInput},
    ErrorRow{5, "", kService, kAmbiguous, kRetry, "the service is in trouble", kLater},
    ErrorRow{0, "", kService, kAmbiguous, kRetry, "the answer is not one of the API", kCheckBase},
};

bool matches_status(const ErrorRow& row, int http_status) {
  const bool is_class = row.http_status > 0 && row.http_status < 10;
  return row.http_status == 0 || row.http_status == (is_class ? http_status / 100 : http_status);
}

// Word for word, but for the case, a full stop and the request id.
bool matches_message(const ErrorRow& row, std::string_view message) {
  if (row.message.empty()) return true;
  const std::size_t size = row.message.size();
  const auto same = [](char a, char b) { return g_ascii_tolower(a) == g_ascii_tolower(b); };
  if (message.size() < size || !std::ranges::equal(message.substr(0, size), row.message, same)) return false;
  std::string_view rest = message.substr(size);
  while (rest.starts_with('.') || rest.starts_with(' ')) rest.remove_prefix(1);
  return rest.empty() || rest.starts_with("(request id:");
}

}  // namespace

std::span<const ErrorRow> error_table() noexcept {
  return kTable;
}

const ErrorRow& classify(int http_status, const Envelope& envelope) noexcept {
  const auto by_code = std::find_if(kTable.begin(), kTable.end(), [&](const ErrorRow& row) {
    return !row.code.empty() && row.code == envelope.code;
  });
  if (by_code != kTable.end()) return *by_code;
  return *std::find_if(kTable.begin(), kTable.end(), [&](const ErrorRow& row) {
    return row.code.empty() && matches_status(row, http_status) && matches_message(row, envelope.message);
  });
}

bool is_known_code(std::string_view code) noexcept {
  return !code.empty() && std::ranges::find(kTable, code, &ErrorRow::code) != kTable.end();
}

bool is_of_the_api(const Envelope& envelope) noexcept {
  return is_known_code(envelope.code) || !envelope.type.empty();
}

const ErrorRow& strangers_row() noexcept {
  return kStranger;
}

}  // namespace klingv2a::kling
