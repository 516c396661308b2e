// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Fuzz target: the movie box of an MP4 or QuickTime file: what it says is listed, its details go into another movie,
// edit lists and Opus headers are rewritten. Whatever comes out is a whole box. The first four bytes say how long the
// first of two boxes is.
#include <cstring>

#include "bin/edit_list.h"
#include "bin/movie_copy.h"
#include "bin/movie_details.h"
#include "bin/opus_in_mp4.h"
#include "fuzz_target.h"

namespace {

using namespace klingv2a;  // NOLINT(google-build-using-namespace)

void expect_whole(const std::optional<Bytes>& box) {
  if (box) fuzz::require(movie::read(*box, 0, 4) == box->size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const View all(data, size);
  // The longest box that can be made of it is a movie of its own.
  std::size_t first = 0;
  if (size >= 4) first = static_cast<std::size_t>(movie::read(all, 0, 4));
  const View moov = first <= size ? all.first(first) : all,
             input = first <= size && first < size ? all.subspan(first) : all;
  (void)list_tracks(moov);
  const StartTrim trim{
      .start_offset_ns = 40'000'000,
      .tracks = {{.trimmed_ns = 1'000'000, .length_ns = 3'000'000'000, .name = "x", .orientation = "rotate-90"},
                 {.trimmed_ns = 21'000'000, .length_ns = {}, .name = {}, .orientation = "rotate-180"}}};
  expect_whole(trim_start(moov, trim));
  expect_whole(with_metadata(moov, "name", "value"));
  for (const bool quicktime : {false, true}) {
    const auto copied =
        with_details(moov, input, {{1, TrackUse::copied, false}, {2, TrackUse::mixed, true}}, quicktime);
    if (copied) fuzz::require(movie::read(copied->moov, 0, 4) == copied->moov.size());
  }
  FileDetails file;
  try {
    list_movie_details(moov, file);
  } catch (const Malformed&) {  // read_details() says so
  }
  Bytes bytes = moov.copy();
  mend_opus_headers(bytes);
  return 0;
}
