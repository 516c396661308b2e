// SPDX-License-Identifier: LGPL-2.1-or-later
#include "journal/file_place.h"

#include <glib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "gobject_ptr.h"
#include "journal/connection.h"

namespace klingv2a::journal {

namespace {

// linux/magic.h has some of them, the kernel's sources the others.
constexpr std::array kNetwork{
    0x6969UL,      // NFS
    0x517BUL,      // SMB
    0xFF534D42UL,  // CIFS
    0xFE534D42UL,  // SMB2
    0x01021997UL,  // 9P
    0x00C36400UL,  // Ceph
    0x5346414FUL,  // AFS
    0x6B414653UL,  // kAFS
    0x73757245UL,  // Coda
    0x564CUL,      // NCP
    0x0BD00BD0UL,  // Lustre
    0x47504653UL,  // GPFS
    0x7461636FUL,  // OCFS2
    0x01161970UL,  // GFS2
    0x20030528UL,  // OrangeFS
    0xAAD7AAEAUL,  // PanFS
    0x19830326UL,  // FhGFS, BeeGFS
    0x786F4256UL,  // folders of a VirtualBox host
    0xBACBACBCUL,  // folders of a VMware host
};
constexpr unsigned long kFuse = 0x65735546UL;

std::string folder_of(const std::string& file) {
  return GCharPtr(g_path_get_dirname(file.c_str())).get();
}

std::optional<struct stat> status_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return status;
}

FileSystem file_system_at(const std::string& folder) {
  struct statfs status {};
  if (::statfs(folder.c_str(), &status) != 0) return FileSystem::local;  // whoever opens the file says why
  return file_system_of(static_cast<unsigned long>(status.f_type) & 0xFFFFFFFFUL);
}

// To root a container's volumes are often another user's.
bool is_of_another_user(const struct stat& status) {
  return ::geteuid() != 0 && status.st_uid != ::geteuid() && status.st_uid != 0;
}

void check_folder(const std::string& file) {
  const std::string folder = folder_of(file);
  const auto status = status_of(folder);
  if (!status) return;
  if (is_of_another_user(*status))
    throw journal_error(ErrorKind::disk, file, "lies in a folder of another user's, who could replace it",
                        "name a journal in a folder of your own");
  if ((status->st_mode & S_IWOTH) != 0 && (status->st_mode & S_ISVTX) == 0)
    throw journal_error(ErrorKind::disk, file, "lies in a folder that everybody may write to, and replace it",
                        "take that right away (chmod o-w " + folder + "), or name another journal");
}

// SQLite's own files beside it carry the same rows.
void check_file(const std::string& file, const std::string& journal) {
  const auto status = status_of(file);
  if (!status || !S_ISREG(status->st_mode)) return;
  if (status->st_uid != ::geteuid())
    throw journal_error(ErrorKind::disk, journal, "is another user's (" + file + ")",
                        "name a journal of your own; what that one says was paid for stays with its owner");
  constexpr mode_t kOthersMayWrite = S_IWGRP | S_IWOTH;
  if ((status->st_mode & kOthersMayWrite) == 0) return;
  if (::chmod(file.c_str(), status->st_mode & 07777U & ~kOthersMayWrite) != 0)
    throw journal_error(ErrorKind::disk, journal, "may be written to by other users (" + file + ")",
                        "take that right away: chmod go-w " + file);
  g_warning("other users could write to %s: they no longer can", file.c_str());
}

}  // namespace

FileSystem file_system_of(unsigned long magic) noexcept {
  if (magic == kFuse) return FileSystem::anything;
  return std::ranges::find(kNetwork, magic) == kNetwork.end() ? FileSystem::local : FileSystem::network;
}

void check_place(const std::string& file) {
  if (file_system_at(folder_of(file)) == FileSystem::network)
    throw journal_error(
        ErrorKind::settings, file, "lies on a network file system, where two machines could each pay for the same clip",
        "share a journal in PostgreSQL (journal=postgresql://…), or name a file on a disk of this machine");
  check_folder(file);
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) check_file(file + suffix, file);
}

std::string doubts_about(const std::string& file) {
  if (file_system_at(folder_of(file)) != FileSystem::anything) return {};
  return "the journal " + file +
         " lies on a FUSE file system: if that is shared by several machines, two of them could each "
         "pay for the same clip";
}

}  // namespace klingv2a::journal
