// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hold_spool.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "error.h"
#include "handover.h"
#include "read_map.h"
#include "reaper.h"

namespace klingv2a {

namespace {

std::uint64_t page_size() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::shared_ptr<SpoolFile> new_file(const std::string& directory) {
  auto file = std::make_unique<SpoolFile>(directory);
  return {file.release(), [](SpoolFile* ended) { reap([owned = std::shared_ptr<SpoolFile>(ended)] {}); }};
}

// A part of the file, mapped for reading; owned by the GstMemory that is made of it.
class MappedPart {
 public:
  MappedPart(std::shared_ptr<SpoolFile> file, std::uint64_t offset, std::size_t size)
      : file_(std::move(file)),
        size_(size),
        address_(::mmap(nullptr, size, PROT_READ, MAP_SHARED, file_->fd(), static_cast<off_t>(offset))) {
    if (address_ == MAP_FAILED)
      throw make_error(ErrorKind::disk, Phase::hold,
                       std::string("cannot map a held frame from the spool file: ") + g_strerror(errno),
                       "raise max-hold-bytes, or vm.max_map_count of the system");
  }
  ~MappedPart() {
    made_.see();
    ::munmap(address_, size_);
  }
  MappedPart(const MappedPart&) = delete;
  MappedPart& operator=(const MappedPart&) = delete;

  static GstMemory* to_memory(std::unique_ptr<MappedPart> part) {
    part->made_.publish();
    void* address = part->address_;
    const gsize size = part->size_;
    return gst_memory_new_wrapped(GST_MEMORY_FLAG_READONLY, address, size, 0, size, part.release(),
                                  [](gpointer owned) { std::unique_ptr<MappedPart>(static_cast<MappedPart*>(owned)); });
  }

 private:
  std::shared_ptr<SpoolFile> file_;
  std::size_t size_;
  void* address_;
  Handover made_;  // to whoever frees the memory
};

}  // namespace

HoldSpool::HoldSpool(const std::string& directory) : file_(new_file(directory)) {}

BufferPtr HoldSpool::put(const BufferPtr& buffer) {
  const std::size_t size = gst_buffer_get_size(buffer.get());
  if (size == 0) return buffer;
  file_->write_at(end_, ReadMap(buffer.get()).bytes());
  auto part = std::make_unique<MappedPart>(file_, end_, size);
  end_ += (size + page_size() - 1) / page_size() * page_size();
  // A copy first, which keeps every meta; replacing its memory leaves them alone.
  auto kept = BufferPtr::adopt(gst_buffer_copy(buffer.get()));
  gst_buffer_replace_all_memory(kept.get(), MappedPart::to_memory(std::move(part)));
  return kept;
}

HoldSpool* open_spool(std::unique_ptr<HoldSpool>& spool, const std::string& directory) {
  if (spool) return spool.get();
  GST_INFO("more than max-hold-bytes are held: they go to a spool file");
  spool = std::make_unique<HoldSpool>(directory);
  return spool.get();
}

}  // namespace klingv2a
