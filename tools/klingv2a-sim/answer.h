// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One request and its answer as plain values, so that the API can be written without an HTTP library; server.cpp reads
// the one and sends the other.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "blob.h"

namespace klingv2a::sim {

struct Request {
  std::string method, path, query;  // the path without percent-encoding
  std::string authorization;        // the header; empty: absent
  std::string content_type;         // the header, with its parameters
  std::string body;
  std::string range, if_range;  // the headers; empty: absent
};

struct Answer {
  // How it goes over the wire. Everything but `whole` leaves HTTP's rules.
  enum class Wire {
    whole,
    reset,  // RST instead of an answer
    hang,   // nothing, until the client goes
    half,   // the head, with the whole length, and half of the body; then FIN
    cut,    // the head, with the whole length, and `cut_after` bytes of the body; then RST
  };
  int status = 200;
  std::string content_type = "application/json";
  Blob body = make_blob({});
  std::vector<std::pair<std::string, std::string>> headers;  // besides Content-Type and Content-Length
  Wire wire = Wire::whole;
  int cut_after = -1;    // -1: half of the body
  bool is_file = false;  // a result's file: may be asked for in part
};

}  // namespace klingv2a::sim
