// SPDX-License-Identifier: LGPL-2.1-or-later
#include "finished_movie.h"

#include "generated_mark.h"
#include "opus_in_mp4.h"

namespace klingv2a {

using movie::append;

namespace {

void trim(FinishedMovie& movie, const MovieFinish& finish) {
  auto trimmed = trim_start(movie.bytes, finish.trim);
  if (!trimmed) {
    movie.lost.push_back("the edit lists are left out, and the file begins " +
                         std::to_string(finish.trim.start_offset_ns / 1'000'000) +
                         " ms early: the muxer's own movie is not understood");
    return;
  }
  movie.bytes = std::move(*trimmed);
  mend_opus_headers(movie.bytes);
}

void copy_details(FinishedMovie& movie, const MovieFinish& finish) {
  if (!finish.input || finish.input->movie.empty()) return;
  auto copied = with_details(movie.bytes, finish.input->movie, finish.origins, finish.quicktime);
  if (!copied) {
    movie.lost.emplace_back("what the file says beside its streams is left out: its header cannot be read");
    return;
  }
  movie.bytes = std::move(copied->moov);
  for (const auto& what : copied->lost)
    movie.lost.push_back(what + " is left out: the output has another number of samples");
}

void mark(FinishedMovie& movie, const MovieFinish& finish) {
  if (finish.mark.empty()) return;
  auto marked = with_metadata(movie.bytes, kMarkName, finish.mark);
  if (marked)
    movie.bytes = std::move(*marked);
  else
    movie.lost.emplace_back("the mark that the sound is generated is left out: the user data cannot be read");
}

}  // namespace

FinishedMovie finish_movie(View moov, const MovieFinish& finish) {
  FinishedMovie movie{{moov.begin(), moov.end()}, {}};
  trim(movie, finish);
  copy_details(movie, finish);
  mark(movie, finish);
  if (finish.input) append(movie.bytes, finish.input->beside_movie);
  return movie;
}

}  // namespace klingv2a
