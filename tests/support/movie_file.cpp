// SPDX-License-Identifier: LGPL-2.1-or-later
#include "movie_file.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

namespace klingv2a::test {
namespace {

const std::set<std::string> kHolders{"moov", "trak", "mdia", "minf", "stbl", "udta", "edts", "tref"};
constexpr std::size_t kHead = 8, kEntryAt = 8;

std::size_t number_at(const std::string& bytes, std::size_t at) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
  return value;
}

std::string number(std::size_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

std::vector<FileBox> parse(const std::string& bytes) {
  std::vector<FileBox> boxes;
  for (std::size_t at = 0; at + kHead <= bytes.size();) {
    const auto size = number_at(bytes, at);
    if (size < kHead || at + size > bytes.size()) throw std::runtime_error("no box at " + std::to_string(at));
    FileBox box{bytes.substr(at + 4, 4), bytes.substr(at + kHead, size - kHead), {}};
    if (kHolders.contains(box.type)) {
      box.children = parse(box.data);
      box.data.clear();
    }
    boxes.push_back(std::move(box));
    at += size;
  }
  return boxes;
}

FileBox* find(std::vector<FileBox>& boxes, const std::string& type) {
  const auto found = std::ranges::find(boxes, type, &FileBox::type);
  return found == boxes.end() ? nullptr : &*found;
}

}  // namespace

std::string box_bytes(const std::string& type, const std::string& data) {
  return number(data.size() + kHead) + type + data;
}

std::string FileBox::bytes() const {
  std::string content = data;
  for (const auto& child : children) content += child.bytes();
  return box_bytes(type, content);
}

const FileBox* FileBox::child(const std::string& name, std::size_t count) const {
  for (const auto& one : children)
    if (one.type == name && count-- == 0) return &one;
  return nullptr;
}

MovieFile::MovieFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  boxes = parse({std::istreambuf_iterator<char>(file), {}});
}

void MovieFile::save(const std::string& path) const {
  std::ofstream file(path, std::ios::binary);
  for (const auto& box : boxes) file << box.bytes();
}

FileBox& MovieFile::at(const std::vector<std::string>& path) {
  auto* in = &boxes;
  FileBox* found = nullptr;
  for (const auto& type : path) {
    found = find(*in, type);
    if (!found) throw std::runtime_error("no box " + type);
    in = &found->children;
  }
  return *found;
}

FileBox& MovieFile::track(const std::string& handler) {
  for (auto& box : at({"moov"}).children)
    if (box.type == "trak" && box.child("mdia")->child("hdlr")->data.substr(8, 4) == handler) return box;
  throw std::runtime_error("no track " + handler);
}

std::string& MovieFile::table_of_entries(FileBox& track) {
  FileBox* box = &track;
  for (const std::string type : {"mdia", "minf", "stbl", "stsd"}) box = find(box->children, type);
  return box->data;
}

std::string MovieFile::entry(const std::string& handler) {
  const auto& table = table_of_entries(track(handler));
  return table.substr(kEntryAt, number_at(table, kEntryAt));
}

void MovieFile::add_to_entry(const std::string& handler, const std::string& box) {
  auto& table = table_of_entries(track(handler));
  const auto size = number_at(table, kEntryAt);
  table.insert(kEntryAt + size, box);
  table.replace(kEntryAt, 4, number(size + box.size()));
}

}  // namespace klingv2a::test
