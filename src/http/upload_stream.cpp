// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A spool file as a GInputStream: the GObject glue around SpoolFile::read_at. One thread at a time, as every stream.
#include "http/upload_stream.h"

#include <cstddef>
#include <new>
#include <span>
#include <utility>

namespace klingv2a::http {
namespace {

struct UploadState {
  std::shared_ptr<const SpoolFile> file;
  std::uint64_t position = 0;
  std::optional<ErrorDetails> failure;
};

// GObject allocates the instance, so the C++ state in it is made and destroyed by hand.
struct UploadStream {
  GInputStream parent;
  alignas(UploadState) std::byte storage[sizeof(UploadState)];
  UploadState& state() { return *std::launder(reinterpret_cast<UploadState*>(storage)); }
};

struct UploadStreamClass {
  GInputStreamClass parent_class;
};

// The macro is C.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
G_DEFINE_TYPE(UploadStream, upload_stream, G_TYPE_INPUT_STREAM)
#pragma GCC diagnostic pop

UploadStream* upload_stream_cast(gpointer instance) {
  return G_TYPE_CHECK_INSTANCE_CAST(instance, upload_stream_get_type(), UploadStream);
}

void upload_stream_init(UploadStream* stream) {
  ::new (stream->storage) UploadState;
}

void upload_stream_finalize(GObject* object) {
  upload_stream_cast(object)->state().~UploadState();
  G_OBJECT_CLASS(upload_stream_parent_class)->finalize(object);
}

gssize upload_stream_read(GInputStream* stream, void* buffer, gsize count, GCancellable*, GError** error) {
  UploadState& state = upload_stream_cast(stream)->state();
  try {
    const std::size_t got = state.file->read_at(state.position, std::span(static_cast<std::byte*>(buffer), count));
    state.position += got;
    return static_cast<gssize>(got);
  } catch (const Error& failure) {
    state.failure = failure.details();
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, failure.what());
    return -1;
  }
}

void upload_stream_class_init(UploadStreamClass* klass) {
  G_OBJECT_CLASS(klass)->finalize = upload_stream_finalize;
  G_INPUT_STREAM_CLASS(klass)->read_fn = upload_stream_read;
}

}  // namespace

GObjectPtr<GInputStream> make_upload_stream(std::shared_ptr<const SpoolFile> file) {
  gpointer object = g_object_new(upload_stream_get_type(), nullptr);
  upload_stream_cast(object)->state().file = std::move(file);
  return GObjectPtr<GInputStream>::adopt(G_INPUT_STREAM(object));
}

std::optional<ErrorDetails> upload_failure(GInputStream* stream) {
  return upload_stream_cast(stream)->state().failure;
}

}  // namespace klingv2a::http
