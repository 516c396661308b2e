// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See result_fetch.h.
#include "cycle/result_fetch.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "cycle/result_url.h"
#include "kling/json.h"

namespace klingv2a::cycle {

namespace {

constexpr int kMostRedirects = 5;
// A paid result outlives an outage of a minute: so often is the first form tried. They all fail in the same way then,
// so that the others need no more than a second chance.
constexpr int kMostTries = 10, kMostTriesInAll = 12, kLeastTries = 2;
// What fails in the same way each time will go on to: the file itself is cut, or the way to it is that slow.
constexpr int kTriesOfOneKind = 3;
constexpr double kLeastRate = 1000;  // bytes/s
constexpr Seconds kLeastTime{30};

BadLink bad_link(std::string message, bool fresh_link_may_help) {
  return BadLink({.kind = ErrorKind::result, .phase = Phase::download, .message = std::move(message)},
                 fresh_link_may_help);
}

bool is_redirect(int status) {
  constexpr std::array kRedirects{301, 302, 303, 307, 308};
  return std::ranges::find(kRedirects, status) != kRedirects.end();
}

// What Content-Type says when it is a page (a gateway's error, a login, an expired link's explanation), a picture or
// the like. Stores often name a sound "application/octet-stream" or nothing at all; the decoder judges those.
bool is_no_sound(std::string type) {
  constexpr std::array kNoSound{"text/", "image/", "font/", "message/", "multipart/"};
  type = type.substr(0, type.find(';'));
  std::ranges::transform(type, type.begin(), g_ascii_tolower);
  while (type.ends_with(' ')) type.pop_back();
  const bool other = std::ranges::any_of(kNoSound, [&type](const char* start) { return type.starts_with(start); });
  return other || type.ends_with("json") || type.ends_with("xml");
}

void check_answer(Run& run, const std::string& link, const http::Response& response) {
  const std::string from = http::displayable_url(link);
  const int status = response.status;
  if (status == 408 || status == 429 || status >= 500) {
    throw Error({.kind = ErrorKind::network,
                 .phase = Phase::download,
                 .retryable = true,
                 .http_status = status,
                 .retry_after_s = response.retry_after(run.clock.wall()),
                 .message = from + " answers HTTP " + std::to_string(status)});
  }
  if (status < 200 || status > 299) {
    const bool expired = status == 401 || status == 403 || status == 404 || status == 410;
    throw bad_link(from + " answers HTTP " + std::to_string(status), expired);
  }
  const std::string type = response.header("content-type").value_or("");
  if (is_no_sound(type)) throw bad_link(from + " gives '" + kling::printable(type, 100) + "' instead of a sound", true);
}

bool is_text(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](unsigned char c) { return c >= 0x20 || (c >= '\t' && c <= '\r'); });
}

// HTML, XML or JSON, whatever the Content-Type is: text that begins as only a page does.
bool looks_like_a_page(const SpoolFile& file) {
  std::array<char, 512> buffer;
  const std::size_t size = file.read_at(0, std::as_writable_bytes(std::span(buffer)));
  std::string_view text(buffer.data(), size);
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || !is_text(text)) return false;
  return std::string_view("<{[").find(text[begin]) != std::string_view::npos;
}

void check_content(const std::string& link, const SpoolFile& file) {
  const std::string from = http::displayable_url(link);
  if (file.size() == 0) throw bad_link(from + " gives an empty file", true);
  if (looks_like_a_page(file)) throw bad_link(from + " gives a page instead of a sound", true);
}

bool is_stall(const Error& failure) {
  return dynamic_cast<const http::Stalled*>(&failure) != nullptr;
}

// An answer had begun: no trouble of the host.
bool is_cut(const Error& failure) {
  const int status = failure.details().http_status;
  return status >= 200 && status <= 299 && failure.kind() == ErrorKind::network;
}

// One link, and how much of its result has come.
class Fetch {
 public:
  Fetch(Run& run, const std::string& link, FetchBudget& budget)
      : run_(run),
        link_(as_browsers_read(link, run.settings.service.base_url)),
        budget_(budget),
        file_(std::make_shared<SpoolFile>(run.settings.spool_dir)) {}

  // Repeats what failed until the result is whole. As long as it grows, the tries are not counted: only the time-out
  // ends them then.
  std::shared_ptr<const SpoolFile> whole() {
    const http::RetryPolicy policy{.attempts = budget_.attempts()};
    for (int attempt = 1;; ++attempt) {
      try {
        check_answer(run_, link_, get_following_redirects());
        check_content(link_, *file_);
        return file_;
      } catch (const Error& failure) {
        if (has_grown() && !is_stall(failure))
          attempt = 1;
        else
          budget_.note_failed_try();
        give_up_if_always_the_same(failure);
        const std::optional<Seconds> gap = http::next_gap(policy, run_.clock, failure.details(), attempt);
        if (!gap) throw;
        wait_after(failure, attempt, *gap);
      }
    }
  }

 private:
  http::Response get_following_redirects() {
    std::string url = link_;
    for (int hop = 0; hop <= kMostRedirects; ++hop) {
      check_result_url(url, run_.settings.service.base_url);
      http::Response response = get(url);
      if (!is_redirect(response.status)) return response;
      url = redirect_target(url, response.header("location").value_or(""));
    }
    throw bad_link(http::displayable_url(link_) + " redirects more than " + std::to_string(kMostRedirects) + " times",
                   false);
  }

  http::Response get(const std::string& url) {
    http::Request request;
    request.url = url;
    request.download = file_.get();
    request.partial = &partial_;
    request.max_body = run_.settings.max_result_bytes;
    request.timeouts = run_.settings.service.timeouts;
    request.timeouts.total = std::min(request.timeouts.total, budget_.left());
    if (request.timeouts.total <= Seconds(0)) throw bad_link("there was no time left for it", false);
    request.least_rate = kLeastRate;
    request.public_only = !may_be_local(url, run_.settings.service.base_url);
    request.phase = Phase::download;
    return run_.http.send(request);
  }

  // Further than ever before, and not to be lost by the next try.
  bool has_grown() {
    if (partial_.validator.empty() || partial_.size <= furthest_) return false;
    furthest_ = partial_.size;
    return true;
  }

  void wait_after(const Error& failure, int attempt, Seconds gap) {
    http::wait_for_retry(run_.clock, run_.cancel, budget_.on_retry(), failure, attempt, gap);
  }

  void give_up_if_always_the_same(const Error& failure) {
    stalls_ += is_stall(failure) ? 1 : 0;
    if (is_cut(failure) && !is_stall(failure)) {
      cuts_ = partial_.size == cut_at_ ? cuts_ + 1 : 1;
      cut_at_ = partial_.size;
    }
    if (stalls_ >= kTriesOfOneKind || cuts_ >= kTriesOfOneKind) throw BadLink(failure.details(), false);
  }

  Run& run_;
  const std::string link_;
  FetchBudget& budget_;
  int stalls_ = 0, cuts_ = 0;
  std::uint64_t cut_at_ = 0;
  std::shared_ptr<SpoolFile> file_;
  http::PartialDownload partial_;
  std::uint64_t furthest_ = 0;
};

}  // namespace

FetchBudget::FetchBudget(Run& run)
    : run_(run), deadline_(run.clock.now() + std::max(run.settings.timeout - run.waited(), kLeastTime)) {}

Seconds FetchBudget::left() const {
  return deadline_ - run_.clock.now();
}

bool FetchBudget::allows_gap(Seconds gap) const {
  return run_.waited() + gap <= run_.settings.timeout;
}

int FetchBudget::attempts() const {
  return std::clamp(kMostTriesInAll - failed_tries_, kLeastTries, kMostTries);
}

http::OnRetry FetchBudget::on_retry() const {
  return [this](const Error& error, int attempt, Seconds gap) {
    if (!allows_gap(gap)) throw BadLink(error.details(), false);
    run_.note_retry(error, attempt, gap);
  };
}

std::shared_ptr<const SpoolFile> fetch_result(Run& run, const std::string& link, FetchBudget& budget) {
  try {
    return Fetch(run, link, budget).whole();
  } catch (const BadLink&) {
    throw;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::disk || error.kind() == ErrorKind::cancelled) throw;
    throw BadLink(error.details(), false);
  }
}

}  // namespace klingv2a::cycle
