// SPDX-License-Identifier: LGPL-2.1-or-later
//
// klingv2a inside a program: it links the pad `audio` when it appears, shows how far the task is, keeps the task's id,
// and tells from the details of an error what it cost and what may be done.
//
//   embed IN.mp4 OUT.mp4 [SOUND-EFFECT-PROMPT]
//
// The environment holds KLINGV2A_API_KEY and, for another service than CometAPI, KLINGV2A_BASE_URL.
// Everything here runs on the main thread, but for on_pad_added(), which the streaming thread calls.
#include <glib-unix.h>
#include <gst/gst.h>

typedef struct {
  GstElement* pipeline;
  GMainLoop* loop;
  int exit_code;
} App;

// The pad comes as soon as the video's caps are known, before anything is paid. A branch that is built right here is in
// place before the muxer starts.
static void on_pad_added(GstElement* klingv2a, GstPad* pad, gpointer data) {
  const App* app = data;
  GError* error = NULL;
  GstElement* branch = gst_parse_bin_from_description("audioconvert ! avenc_aac", TRUE, &error);
  if (error) {
    g_printerr("embed: %s\n", error->message);
    g_clear_error(&error);
    if (branch) gst_object_unref(gst_object_ref_sink(branch));
    return;  // klingv2a reports the missing link, and pays nothing
  }
  GstElement* mux = gst_bin_get_by_name(GST_BIN(app->pipeline), "mux");
  gst_bin_add(GST_BIN(app->pipeline), branch);
  gst_element_sync_state_with_parent(branch);
  if (!gst_element_link_pads(klingv2a, GST_PAD_NAME(pad), branch, "sink") || !gst_element_link(branch, mux))
    g_printerr("embed: the new sound cannot be muxed\n");
  gst_object_unref(mux);
}

static void show_progress(GstMessage* message) {
  gchar* text = NULL;
  int percent = 0;
  gst_message_parse_progress(message, NULL, NULL, &text);
  gst_structure_get_int(gst_message_get_structure(message), "percent", &percent);
  g_print("%3d %%  %s\n", percent, text);
  g_free(text);
}

// A program that wants to find a paid task again writes its id down here.
static void note_task(const GstStructure* task) {
  g_print("task %s: %s\n", gst_structure_get_string(task, "task-id"), gst_structure_get_string(task, "task-status"));
}

static void show_details(const GstStructure* details) {
  static const char* const fields[] = {"kind", "phase", "paid", "kling-code", "task-id", "external-task-id"};
  for (gsize i = 0; i < G_N_ELEMENTS(fields); ++i) {
    const char* value = gst_structure_get_string(details, fields[i]);
    if (value) g_printerr("  %s: %s\n", fields[i], value);
  }
  gboolean retryable = FALSE;
  if (gst_structure_get_boolean(details, "retryable", &retryable) && retryable)
    g_printerr("  the same call may succeed later\n");
}

// Errors and warnings of klingv2a have details; those of other elements have none.
static void show_trouble(GstMessage* message) {
  const gboolean is_error = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
  const GstStructure* details = NULL;
  GError* error = NULL;
  if (is_error) {
    gst_message_parse_error(message, &error, NULL);
    gst_message_parse_error_details(message, &details);
  } else {
    gst_message_parse_warning(message, &error, NULL);
    gst_message_parse_warning_details(message, &details);
  }
  g_printerr("%s: %s\n", is_error ? "error" : "warning", error->message);
  if (details) show_details(details);
  g_error_free(error);
}

static gboolean on_message(GstBus* bus, GstMessage* message, gpointer data) {
  App* app = data;
  (void)bus;
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_PROGRESS:
      show_progress(message);
      break;
    case GST_MESSAGE_ELEMENT:
      if (gst_message_has_name(message, "klingv2a-task")) note_task(gst_message_get_structure(message));
      break;
    case GST_MESSAGE_WARNING:
      show_trouble(message);
      break;
    case GST_MESSAGE_ERROR:
      show_trouble(message);
      app->exit_code = 1;
      g_main_loop_quit(app->loop);
      break;
    case GST_MESSAGE_EOS:
      app->exit_code = 0;
      g_main_loop_quit(app->loop);
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

static gboolean on_interrupt(gpointer data) {
  App* app = data;
  app->exit_code = 130;
  g_main_loop_quit(app->loop);
  return G_SOURCE_CONTINUE;
}

static GstElement* make_pipeline(char** argv) {
  GError* error = NULL;
  GstElement* pipeline = gst_parse_launch(
      "filesrc name=in ! qtdemux ! h264parse ! klingv2a name=klingv2a ! queue ! mp4mux name=mux ! filesink name=out",
      &error);
  if (error) {
    g_printerr("embed: %s\n", error->message);
    g_clear_error(&error);
    if (pipeline) gst_object_unref(gst_object_ref_sink(pipeline));
    return NULL;
  }
  const char* const names[] = {"in", "out"};
  for (int i = 0; i < 2; ++i) {
    GstElement* file = gst_bin_get_by_name(GST_BIN(pipeline), names[i]);
    g_object_set(file, "location", argv[i + 1], NULL);
    gst_object_unref(file);
  }
  return gst_object_ref_sink(pipeline);
}

static void run(App* app, const char* prompt) {
  GstElement* klingv2a = gst_bin_get_by_name(GST_BIN(app->pipeline), "klingv2a");
  if (prompt) g_object_set(klingv2a, "sound-effect-prompt", prompt, NULL);
  g_signal_connect(klingv2a, "pad-added", G_CALLBACK(on_pad_added), app);
  gst_object_unref(klingv2a);

  GstBus* bus = gst_element_get_bus(app->pipeline);
  gst_bus_add_watch(bus, on_message, app);
  const guint interrupt = g_unix_signal_add(SIGINT, on_interrupt, app);
  // A wrong setting fails at once; what is wrong comes as a message, like any other error.
  gst_element_set_state(app->pipeline, GST_STATE_PLAYING);
  g_main_loop_run(app->loop);

  // READY ends a running cycle within 100 ms. NULL would also empty the bus, with the warning that says what a task
  // that was broken off has cost: so that is read in between.
  gst_element_set_state(app->pipeline, GST_STATE_READY);
  while (g_main_context_iteration(NULL, FALSE)) {
  }
  gst_element_set_state(app->pipeline, GST_STATE_NULL);
  g_source_remove(interrupt);
  gst_bus_remove_watch(bus);
  gst_object_unref(bus);
}

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc < 3 || argc > 4) {
    g_printerr("Usage: embed IN.mp4 OUT.mp4 [SOUND-EFFECT-PROMPT]\n");
    return 2;
  }
  App app = {.pipeline = make_pipeline(argv), .loop = g_main_loop_new(NULL, FALSE), .exit_code = 1};
  if (app.pipeline) {
    run(&app, argc == 4 ? argv[3] : NULL);
    gst_object_unref(app.pipeline);
  }
  g_main_loop_unref(app.loop);
  gst_deinit();
  return app.exit_code;
}
