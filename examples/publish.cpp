// SPDX-License-Identifier: LGPL-2.1-or-later
//
// klingv2abin inside a C++ program that has storage of its own: it answers the signal publish-clip by putting the file
// there, and shows how far the task is.
//
//   publish IN OUT STORE-URL
//
// The file is PUT to STORE-URL/UNIQUE-NAME.mp4, from where the service fetches it. The environment holds
// KLINGV2A_API_KEY and, for another service than CometAPI, KLINGV2A_BASE_URL.
// publish_clip() runs on a thread of the element, which waits for it; everything else on the main thread.
#include <glib-unix.h>
#include <gst/gst.h>
#include <libsoup/soup.h>

#include <iostream>
#include <memory>
#include <string>

namespace {

struct Unref {
  void operator()(gpointer object) const { g_object_unref(object); }
};
template <typename T>
using Object = std::unique_ptr<T, Unref>;

struct App {
  std::string store;
  GMainLoop* loop = nullptr;
  int exit_code = 1;
};

bool put(const std::string& url, const char* path, const char* content_type) {
  const Object<GFile> file(g_file_new_for_path(path));
  const Object<GFileInputStream> stream(g_file_read(file.get(), nullptr, nullptr));
  const Object<GFileInfo> info(
      g_file_query_info(file.get(), G_FILE_ATTRIBUTE_STANDARD_SIZE, G_FILE_QUERY_INFO_NONE, nullptr, nullptr));
  const Object<SoupMessage> message(soup_message_new(SOUP_METHOD_PUT, url.c_str()));
  if (!stream || !info || !message) return false;
  soup_message_set_request_body(message.get(), content_type, G_INPUT_STREAM(stream.get()),
                                g_file_info_get_size(info.get()));
  const Object<SoupSession> session(soup_session_new_with_options("timeout", 30U, nullptr));
  GBytes* answer = soup_session_send_and_read(session.get(), message.get(), nullptr, nullptr);
  if (answer) g_bytes_unref(answer);
  return answer && SOUP_STATUS_IS_SUCCESSFUL(soup_message_get_status(message.get()));
}

// Null when it cannot be published: then klingv2a posts an error, and nothing is paid.
char* publish_clip(GstElement*, const char* path, const char* content_type, gpointer data) {
  const auto& app = *static_cast<App*>(data);
  const std::unique_ptr<char, decltype(&g_free)> name(g_uuid_string_random(), g_free);
  const std::string url = app.store + "/" + name.get() + ".mp4";
  return put(url, path, content_type) ? g_strdup(url.c_str()) : nullptr;
}

void show_progress(GstMessage* message) {
  char* text = nullptr;
  int percent = 0;
  gst_message_parse_progress(message, nullptr, nullptr, &text);
  gst_structure_get_int(gst_message_get_structure(message), "percent", &percent);
  std::cout << percent << " %  " << text << std::endl;
  g_free(text);
}

// The debug text holds what it cost: kind=… paid=… task-id=…
void show_error(GstMessage* message) {
  GError* error = nullptr;
  char* debug = nullptr;
  gst_message_parse_error(message, &error, &debug);
  std::cerr << "error: " << error->message << "\n" << (debug ? debug : "") << std::endl;
  g_error_free(error);
  g_free(debug);
}

gboolean on_message(GstBus*, GstMessage* message, gpointer data) {
  auto& app = *static_cast<App*>(data);
  const auto type = GST_MESSAGE_TYPE(message);
  if (type == GST_MESSAGE_PROGRESS) show_progress(message);
  if (type == GST_MESSAGE_ERROR) show_error(message);
  if (type == GST_MESSAGE_EOS) app.exit_code = 0;
  if (type == GST_MESSAGE_EOS || type == GST_MESSAGE_ERROR) g_main_loop_quit(app.loop);
  return G_SOURCE_CONTINUE;
}

// Without EOS: that would complete the clip, and pay for what has come in so far.
gboolean on_interrupt(gpointer data) {
  auto& app = *static_cast<App*>(data);
  app.exit_code = 130;
  g_main_loop_quit(app.loop);
  return G_SOURCE_CONTINUE;
}

void set_location(GstElement* pipeline, const char* name, const char* location) {
  const Object<GstElement> file(gst_bin_get_by_name(GST_BIN(pipeline), name));
  g_object_set(file.get(), "location", location, nullptr);
}

int dub(App& app, const char* in, const char* out) {
  GError* error = nullptr;
  GstElement* made = gst_parse_launch("filesrc name=in ! klingv2abin name=dub ! filesink name=out", &error);
  if (error) {
    std::cerr << "error: " << error->message << std::endl;
    g_error_free(error);
    if (made) gst_object_unref(gst_object_ref_sink(made));
    return 1;
  }
  const Object<GstElement> pipeline(GST_ELEMENT(gst_object_ref_sink(made)));
  set_location(pipeline.get(), "in", in);
  set_location(pipeline.get(), "out", out);
  const Object<GstElement> bin(gst_bin_get_by_name(GST_BIN(pipeline.get()), "dub"));
  g_signal_connect(bin.get(), "publish-clip", G_CALLBACK(publish_clip), &app);
  const Object<GstBus> bus(gst_element_get_bus(pipeline.get()));
  gst_bus_add_watch(bus.get(), on_message, &app);
  const guint interrupt = g_unix_signal_add(SIGINT, on_interrupt, &app);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  g_main_loop_run(app.loop);
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  g_source_remove(interrupt);
  gst_bus_remove_watch(bus.get());
  return app.exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc != 4) {
    std::cerr << "Usage: publish IN OUT STORE-URL\n";
    return 2;
  }
  App app{.store = argv[3], .loop = g_main_loop_new(nullptr, FALSE)};
  const int exit_code = dub(app, argv[1], argv[2]);
  g_main_loop_unref(app.loop);
  gst_deinit();
  return exit_code;
}
