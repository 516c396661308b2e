// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A secret that was given to the element shows up nowhere: not in GStreamer's or GLib's log at the highest level, not
// in a message, not in a DOT dump, and in no byte of the journal or of what is kept.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline_run.h"
#include "raw_server.h"
#include "test_clip.h"

namespace klingv2a::test {
namespace {

// In no word of any log by chance.
constexpr const char* kKey = "SECRETKEY-q7Zt93";
constexpr const char* kSignature = "SECRETSIG-m4Xp81";
constexpr const char* kHeader = "SECRETHDR-w2Rk56";
constexpr const char* kCallback = "SECRETCBK-h5Nd20";
constexpr const char* kPassword = "SECRETPWD-j9Vb33";
// How each of them begins, and how each JWT does: '{"' in base64.
constexpr std::string_view kMarks[] = {"SECRET", "eyJ"};

bool has_secret(std::string_view text) {
  return std::ranges::any_of(kMarks,
                             [text](std::string_view mark) { return text.find(mark) != std::string_view::npos; });
}

std::string contents_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// GStreamer's macros of these names compare a function pointer with a void pointer, which clang takes for a mistake.
#undef gst_debug_add_log_function
#undef gst_debug_remove_log_function

// Where GStreamer logs to by itself; null: stderr. The tracers' reports at gst_deinit() must get there again.
FILE* default_log() {
  const char* set = g_getenv("GST_DEBUG_FILE");
  if (!set) return nullptr;
  std::string path = set;
  if (const auto at = path.find("%p"); at != std::string::npos) path.replace(at, 2, std::to_string(getpid()));
  return std::fopen(path.c_str(), "ae");
}

// All that is logged while it lives: ours at the highest level, GStreamer's but for its tracing of single references.
// Other threads may be within a log call when the function is taken out, so this lives as long as the suite.
class LogCapture {
 public:
  LogCapture() {
    gst_debug_remove_log_function(gst_debug_log_default);
    gst_debug_add_log_function(on_gst_log, this, nullptr);
    gst_debug_set_threshold_from_string("*:LOG,klingv2a*:MEMDUMP", TRUE);
    previous_ = g_log_set_default_handler(on_g_log, this);
  }
  ~LogCapture() {
    const char* levels = g_getenv("GST_DEBUG");
    gst_debug_set_threshold_from_string(levels ? levels : "", TRUE);
    gst_debug_remove_log_function_by_data(this);
    gst_debug_add_log_function(gst_debug_log_default, default_log(), nullptr);
    g_log_set_default_handler(previous_, nullptr);
  }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  void clear() {
    const std::lock_guard lock(mutex_);
    lines_ = 0;
    leaks_.clear();
  }
  [[nodiscard]] std::size_t lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  // The lines with a secret in them.
  [[nodiscard]] std::vector<std::string> leaks() const {
    const std::lock_guard lock(mutex_);
    return leaks_;
  }

 private:
  void note(const char* source, const std::string& text) {
    const std::lock_guard lock(mutex_);
    ++lines_;
    if (has_secret(text)) leaks_.push_back(std::string(source) + ": " + text);
  }
  static void on_gst_log(GstDebugCategory* category, GstDebugLevel, const gchar*, const gchar* function, gint, GObject*,
                         GstDebugMessage* message, gpointer self) {
    static_cast<LogCapture*>(self)->note(gst_debug_category_get_name(category),
                                         std::string(function) + ": " + gst_debug_message_get(message));
  }
  static void on_g_log(const gchar* domain, GLogLevelFlags, const gchar* message, gpointer self) {
    static_cast<LogCapture*>(self)->note(domain ? domain : "glib", message);
  }

  GLogFunc previous_ = nullptr;
  mutable std::mutex mutex_;
  std::size_t lines_ = 0;           // guarded by mutex_
  std::vector<std::string> leaks_;  // guarded by mutex_
};

class SecretsTest : public ::testing::Test {
 protected:
  static constexpr const char* kFromFile = "filesrc name=in ! qtdemux ! h264parse ! ";
  static constexpr const char* kToSinks =
      " name=k ! fakesink async=false sync=false  k.audio ! fakesink async=false sync=false";

  static void SetUpTestSuite() { log_ = std::make_unique<LogCapture>(); }
  static void TearDownTestSuite() { log_.reset(); }

  // Set as a program sets them: a gst-launch line shows what is written in it.
  void make(const char* element) {
    run_ = std::make_unique<PipelineRun>(std::string(kFromFile) + element + kToSinks);
    run_->set("in", "location", test_clip({.seconds = 3}));
    klingv2a_ = run_->element("k");
    set("api-key", kKey);
    set("base-url", service_.base_url());
    set("callback-url", std::string("https://127.0.0.1:1/") + kCallback);
  }
  void set(const char* property, const std::string& value) const {
    g_object_set(klingv2a_.get(), property, value.c_str(), nullptr);
  }
  void set_headers() const {
    const std::unique_ptr<GstStructure, Deleter<gst_structure_free>> headers(
        gst_structure_new("headers", "x-token", G_TYPE_STRING, kHeader, nullptr));
    g_object_set(klingv2a_.get(), "publish-headers", headers.get(), nullptr);
  }
  // Runs to the end and collects everything that can be seen of it.
  End run() {
    log_->clear();
    run_->start();
    run_->wait_for_message([this](GstMessage* message) {
      look_at(message);
      return false;
    });
    const End end = run_->wait_for_end();
    look_at_dot();
    run_->stop();
    return end;
  }
  void look_at(GstMessage* message) {
    const GstStructure* structure = gst_message_get_structure(message);
    const GCharPtr text(structure ? gst_structure_to_string(structure) : nullptr);
    if (text) seen_ += std::string(text.get()) + "\n";
  }
  void look_at_dot() {
    const GCharPtr dot(gst_debug_bin_to_dot_data(GST_BIN(run_->pipeline()), GST_DEBUG_GRAPH_SHOW_VERBOSE));
    EXPECT_NE(std::string(dot.get()).find("GstKlingV2A"), std::string::npos);
    seen_ += dot.get();
  }
  void expect_nothing_leaked() const {
    EXPECT_GT(log_->lines(), 1000U) << "the log was captured";
    for (const auto& leak : log_->leaks()) ADD_FAILURE() << leak;
    EXPECT_FALSE(has_secret(seen_)) << seen_;
    for (const auto* list : {&run_->errors(), &run_->warnings()})
      for (const auto& error : *list) EXPECT_FALSE(has_secret(error.text + error.debug)) << error.text;
    for (const char* variable : {"XDG_STATE_HOME", "XDG_CACHE_HOME"}) expect_no_secret_below(g_getenv(variable));
  }
  static void expect_no_secret_below(const std::filesystem::path& folder) {
    if (!std::filesystem::exists(folder)) return;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      EXPECT_FALSE(has_secret(entry.path().string())) << entry.path();
      if (!entry.is_regular_file()) continue;
      // Sound may look like the beginning of a JWT by chance.
      const bool is_journal = entry.path().filename().string().starts_with("journal");
      const auto bytes = contents_of(entry.path());
      EXPECT_FALSE(is_journal ? has_secret(bytes) : bytes.find("SECRET") != std::string::npos) << entry.path();
    }
  }
  // There is a row, so that there is something to look for secrets in.
  static void expect_row() {
    std::string bytes;
    for (const auto& entry : std::filesystem::directory_iterator(std::string(g_getenv("XDG_STATE_HOME")) + "/klingv2a"))
      bytes += contents_of(entry.path());
    EXPECT_NE(bytes.find("external_task_id"), std::string::npos);
    EXPECT_NE(bytes.find("klingv2a-"), std::string::npos);
  }
  static sim::Options with_key() {
    auto options = quick_service();
    options.keys = {kKey};
    options.key_pairs = {{"access", kKey}};
    return options;
  }

  sim::Service service_{with_key()};
  RawServer store_;
  std::unique_ptr<PipelineRun> run_;
  GObjectPtr<GstElement> klingv2a_;
  std::string seen_;
  static inline std::unique_ptr<LogCapture> log_;
};

TEST_F(SecretsTest, OfASuccessfulTaskBySignedUrl) {
  store_.set_default(reply(200, test_clip_bytes({.seconds = 3}), "Content-Type: video/mp4\r\n"));
  make("klingv2a");
  set("video-url", store_.url(std::string("/clip.mp4?X-Signature=") + kSignature));
  EXPECT_EQ(run(), End::eos) << run_->first_error();
  ASSERT_EQ(service_.paid_tasks().size(), 1U);
  EXPECT_NE(service_.paid_tasks().front().body.find(kSignature), std::string::npos) << "the service does get it";
  EXPECT_NE(service_.paid_tasks().front().body.find(kCallback), std::string::npos) << "the service does get it";
  expect_row();
  expect_nothing_leaked();
}

TEST_F(SecretsTest, OfASignedRequest) {
  make("klingv2a");
  g_object_set(klingv2a_.get(), "api-key", nullptr, nullptr);
  set("access-key", "access");
  set("secret-key", kKey);
  EXPECT_EQ(run(), End::eos) << run_->first_error();
  expect_row();
  expect_nothing_leaked();
}

TEST_F(SecretsTest, OfATokenThatIsRefused) {
  service_.add_fault({.on = sim::Fault::On::api, .what = sim::Fault::Do::error_code, .times = -1, .code = "1004"});
  make("klingv2a");
  g_object_set(klingv2a_.get(), "api-key", nullptr, nullptr);
  set("access-key", "access");
  set("secret-key", kKey);
  set("video-id", "sim-3s");
  EXPECT_EQ(run(), End::error);
  expect_row();
  expect_nothing_leaked();
}

TEST_F(SecretsTest, OfAJournalThatIsNotThere) {
  make("klingv2a");
  set("journal", std::string("postgresql://user:") + kPassword + "@127.0.0.1:" + std::to_string(closed_port()) +
                     "/journal?sslpassword=" + kPassword);
  EXPECT_EQ(run(), End::error);
  EXPECT_EQ(posts(service_), 0);
  expect_nothing_leaked();
}

TEST_F(SecretsTest, OfAKeptSound) {
  for (int i = 0; i < 2; ++i) {
    make("klingv2a");
    EXPECT_EQ(run(), End::eos) << run_->first_error();
    EXPECT_EQ(run_->stat_text("k", "origin"), i == 0 ? "submitted" : "kept");
    expect_nothing_leaked();
  }
}

TEST_F(SecretsTest, OfASuccessfulTaskServedFromHere) {
  make("klingv2a");
  EXPECT_EQ(run(), End::eos) << run_->first_error();
  expect_nothing_leaked();
}

// The service's callbacks are not signed, which is logged.
TEST_F(SecretsTest, OfAListenerForCallbacks) {
  const std::string address = "127.0.0.1:" + std::to_string(free_port());
  make("klingv2a");
  set("callback-listen", address);
  set("callback-url", "http://" + address + "/" + kCallback);
  set("callback-secret", "whsec_SECRETWHKx7QmZ12");
  EXPECT_EQ(run(), End::eos) << run_->first_error();
  EXPECT_NE(service_.paid_tasks().front().body.find(std::string(kCallback) + "/"), std::string::npos);
  EXPECT_GE(run_->stat("k", "callbacks-dropped"), 1);
  expect_row();
  expect_nothing_leaked();
}

TEST_F(SecretsTest, OfAFailedUpload) {
  store_.set_default(reply(403, "denied"));
  make("klingv2a");
  set("publish", store_.url(std::string("/{name}.mp4?sig=") + kSignature));
  set_headers();
  EXPECT_EQ(run(), End::error);
  ASSERT_FALSE(store_.requests().empty());
  EXPECT_EQ(store_.requests().front().header("x-token"), kHeader) << "the store does get it";
  expect_nothing_leaked();
}

TEST_F(SecretsTest, OfARefusedKey) {
  make("klingv2a");
  set("api-key", "SECRETKEY-wrong");
  set("video-id", "sim-3s");
  EXPECT_EQ(run(), End::error);
  expect_nothing_leaked();
}

TEST_F(SecretsTest, ThatTheServiceRepeatsInItsError) {
  service_.add_fault({.on = sim::Fault::On::submit,
                      .what = sim::Fault::Do::status,
                      .http_status = 400,
                      .body = std::string(R"({"code":1201,"message":"cannot fetch )") +
                              store_.url("/clip.mp4?X-Signature=") + kSignature + " for key " + kKey + R"("})"});
  make("klingv2a");
  set("video-url", store_.url(std::string("/clip.mp4?X-Signature=") + kSignature));
  EXPECT_EQ(run(), End::error);
  expect_nothing_leaked();
}

TEST_F(SecretsTest, OfAServiceThatIsGone) {
  make("klingv2a");
  set("base-url", "http://127.0.0.1:" + std::to_string(closed_port()) + "/kling");
  set("video-url", store_.url(std::string("/clip.mp4?X-Signature=") + kSignature));
  EXPECT_EQ(run(), End::error);
  expect_nothing_leaked();
}

}  // namespace
}  // namespace klingv2a::test
