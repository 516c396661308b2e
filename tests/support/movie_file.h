// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An MP4 or QuickTime file as a tree of boxes, for tests that put something in and look for it afterwards. A reader of
// its own, so that it does not share mistakes with what is tested. Any thread.
#pragma once

#include <string>
#include <vector>

namespace klingv2a::test {

struct FileBox {
  std::string type;
  std::string data;  // without the header; empty for boxes that hold boxes
  std::vector<FileBox> children;

  [[nodiscard]] std::string bytes() const;
  // The n-th child of this type; null: there is none.
  [[nodiscard]] const FileBox* child(const std::string& name, std::size_t number = 0) const;
};

// "size, type, data"
[[nodiscard]] std::string box_bytes(const std::string& type, const std::string& data);

class MovieFile {
 public:
  explicit MovieFile(const std::string& path);
  // Offsets stay right as long as the movie stands behind the packets, as FFmpeg writes it.
  void save(const std::string& path) const;

  // Along the path from the top, such as {"moov", "udta"}; throws std::runtime_error when there is none.
  [[nodiscard]] FileBox& at(const std::vector<std::string>& path);
  // The first track of this kind ("vide", "soun").
  [[nodiscard]] FileBox& track(const std::string& handler);
  // A box at the end of the track's sample entry.
  void add_to_entry(const std::string& handler, const std::string& box);
  // All bytes of the track's first sample entry.
  [[nodiscard]] std::string entry(const std::string& handler);

  std::vector<FileBox> boxes;  // on top

 private:
  static std::string& table_of_entries(FileBox& track);
};

}  // namespace klingv2a::test
