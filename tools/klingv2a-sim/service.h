// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The simulated service: Kling's video-to-audio API on loopback, in both envelopes, as a strict judge. It refuses what
// the real one would refuse, counts every paid task, makes sound that follows the picture, and misbehaves on request.
// klingv2a-sim (main.cpp) is this class with a command line; the tests run it inside their own process.
//
// With a ledger file it may be killed at any moment: the next one that is started with the file knows every task, goes
// on with the unfinished ones, and answers for the results of the others.
//
// Threads: Service owns one server thread (a GMainContext of its own with the SoupServer), one that sends callbacks,
// and one worker thread per accepted task (fetch, analyse, synthesise). The ledger, the faults, the sound and the task
// time have a mutex each, and no thread holds two of them; every public method may be called from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace klingv2a::sim {

enum class Provider { cometapi, kling };     // which envelope errors and tasks come in
enum class Naming { old_names, new_names };  // url_wav / wav_url

// How the sounds of two tasks differ. The numbers are kept also for the same video, take by take.
struct TakesDiffer {
  bool on = false;           // false: all have the noise of sound_maker.h
  double level_db = 4;       // two takes differ by at most so much; 0 to 24
  double tilt_db = 2;        // of the spectrum, an octave; likewise, 0 to 6
  double correlation = 0.3;  // of two takes where they are over the same moving pictures; 0 to 1
};

// How the sound differs from what was asked, and what is left out.
struct SoundOptions {
  int rate = 48000;     // 8000 to 48000, one that MP3 has
  int channels = 2;     // 1 or 2
  double longer_s = 0;  // negative: shorter than the clip
  bool audios = true;   // false: only videos[]
  bool wav = true, mp3 = true;
  bool clicks = true;  // false: none, whatever flashes
  TakesDiffer takes{};
};

// One misbehaviour. It applies to the next `times` requests of its kind (-1: all), in the order the faults were added.
// A request that is refused anyway (key, method, fields) uses up no fault.
struct Fault {
  // query: of one task, or of the list. api: submit or query, whichever comes first. fetch: the service's own GET of
  // video_url, whose task then fails (hang: stays `submitted`); of the misbehaviours it knows status, reset, hang,
  // corrupt and truncate. callback: one that the service sends; it knows the misbehaviours of the last lines only.
  enum class On { submit, query, result, fetch, api, callback };
  enum class Do {
    status,          // answer with `http_status` and `body` (raw) instead; on submit no task is made unless `paid`
    error_code,      // answer with the API's error `code` in this service's dialect (HTTP status from the error table)
    reset,           // read the request, then RST; on submit the task is made when `paid`
    hang,            // read the request, then no answer until the client goes; likewise
    half_answer,     // send a Content-Length and half of the body, then close
    corrupt,         // result, fetch: the right length, garbage bytes
    truncate,        // result, fetch: a complete answer that ends in the middle
    html,            // an HTML page with status 200
    redirect,        // 302 to `location` (default: another path of this service)
    fail_task,       // submit: accept, then end the task as failed with `message`
    never_finish,    // submit: accept, stay `processing`
    missing_result,  // query of a task that has succeeded: `succeed` with an empty task_result
    odd_status,    // query of a task that exists: task_status "thinking"; once it has succeeded, `message` if there is
                   // one
    odd_result,    // query of a task that has succeeded: its result in the shape `code`: text, bare_links, empty_first,
                   // elsewhere; or spaces: in its links
    packed,        // the answer in the Content-Encoding `code` (spoil.h); on submit the task is made when `paid`
    spoiled,       // the answer's text spoiled in the way of `code` (spoil.h); likewise
    cut,           // send the answer's first `bytes` bytes, then RST; on submit the task is made when `paid`
    expire,        // result: the link is dead from now on; a query gives a fresh one
    ignore_range,  // result asked for by Range: the whole of it, with status 200
    changed,       // result asked for by Range: the same sound in another file, with another ETag and length
    lose,          // callback: it is never sent
    forge,         // callback: signed with another secret
    stale,         // callback: signed an hour ago
    repeat,        // callback: sent twice, with the same id
    oversize,      // callback: with a megabyte of a body
    late,          // callback: `seconds` after its time
    early,         // callback: answered before anything goes on; that of `submitted` before the submit is answered
  };
  On on = On::submit;
  Do what = Do::status;
  int times = 1;
  int http_status = 500;
  std::string code;  // error_code
  std::string body;
  std::string message;  // fail_task: task_status_msg; may be empty
  std::string location;
  std::string retry_after;  // header, as is
  bool paid = false;
  int seconds = 5;  // late
  int bytes = -1;   // cut: how much of the (partial) body is sent; -1: half of it
};

// Who signs JWTs with `secret_key` and names itself by `access_key` in `iss`.
struct KeyPair {
  std::string access_key, secret_key;
};

struct Options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: the kernel chooses
  bool ranges = true;      // false: a result is always sent whole
  Provider dialect = Provider::cometapi;
  Naming naming = Naming::old_names;
  bool check_resolution = true;                 // CometAPI's "720p or 1080p"
  std::optional<bool> external_lookup;          // a task is found by its external id. Unset: in Kling's dialect
  std::optional<bool> refuse_duplicates;        // an external id is taken only once. Unset: in Kling's dialect
  std::vector<std::string> keys = {"sim-key"};  // accepted bearer keys
  std::vector<KeyPair> key_pairs;               // accepted as HS256 JWTs, beside the keys. All are one account's
  std::chrono::milliseconds task_time{2000};    // from accepted to `succeed`, in addition to the real work
  std::chrono::milliseconds list_lag{0};        // younger tasks are neither in the list nor found by their external id
  std::chrono::milliseconds link_life{0};       // of a result's link, from the query that gave it. 0: for ever
  int link_fetches = 0;                         // requests by one link, to any of the task's files. 0: no limit
  int concurrency = 0;        // tasks in flight at once; a further submit is refused by 1303. 0: no limit
  std::vector<Fault> faults;  // there from the first request on, as if by add_fault()
  SoundOptions sound;
  std::string callback_secret;  // "whsec_…": callbacks are signed with it. Empty: they are not, as behind a gateway
  // JSON lines: read at the start, then appended; the results lie in LEDGER_FILE.results/. Empty: memory only.
  std::string ledger_file;
};

struct SeenRequest {
  std::string method, path;  // no query
  int status = 0;            // 0: none was sent (reset, hang)
  bool has_authorization = false;
};

struct PaidTask {
  std::string task_id, external_task_id, status, status_message;
  std::string body;          // the submit's JSON
  std::string video_sha256;  // of the fetched file; empty by video_id
  double duration_s = 0;     // of the fetched video
  int width = 0, height = 0, frames = 0;
  std::vector<std::int64_t> clicks;  // sample indexes (at SoundOptions::rate) of the clicks it put into the sound
  std::int64_t samples = 0;
};

// A callback that was sent, and answered.
struct SentCallback {
  std::string task_id, status;  // of the task
  int answer = 0;               // HTTP status; 0: none came
};

class Service {
 public:
  // Starts listening before it returns. Throws std::invalid_argument when one of the faults cannot happen or the
  // callback secret is none,
  // std::runtime_error when the address cannot be bound, or when the ledger
  // file cannot be read, is not one, or belongs to a service that still runs.
  explicit Service(const Options& options);
  ~Service();  // stops at once, also with requests and tasks under way; the port is closed
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // http://127.0.0.1:PORT/kling (cometapi) or http://127.0.0.1:PORT (kling)
  [[nodiscard]] std::string base_url() const;
  void add_fault(Fault fault);  // throws std::invalid_argument when it cannot happen on its kind of request
  void clear_faults();
  void set_sound(const SoundOptions& sound);           // for tasks accepted from now on
  void set_task_time(std::chrono::milliseconds time);  // for tasks under way, too

  [[nodiscard]] std::vector<PaidTask> paid_tasks() const;
  [[nodiscard]] int most_in_flight() const;  // the highest number of tasks that were in flight at once
  [[nodiscard]] std::vector<SeenRequest> requests() const;
  [[nodiscard]] std::vector<SentCallback> callbacks() const;
  [[nodiscard]] int count(const std::string& method, const std::string& path_prefix) const;
  // Waits for the event, not for the time: true as soon as `condition` holds (looked at after each change of state),
  // false at the deadline.
  bool wait_until(const std::function<bool(const Service&)>& condition, std::chrono::milliseconds deadline) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace klingv2a::sim
