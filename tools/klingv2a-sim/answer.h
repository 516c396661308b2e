// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One request and its answer as plain values, so that the API can be written without an HTTP library; server.cpp reads
// the one and sends the other.
#pragma once

#include <string>

#include "blob.h"

namespace klingv2a::sim {

struct Request {
  std::string method, path, query;
  std::string authorization;  // the header; empty: absent
  std::string content_type;   // the header, with its parameters
  std::string body;
};

struct Answer {
  // How it goes over the wire. Everything but `whole` leaves HTTP's rules.
  enum class Wire {
    whole,
    reset,  // RST instead of an answer
    hang,   // nothing, until the client goes
    half,   // the header, with the whole length, and half of the body; then FIN
  };
  int status = 200;
  std::string content_type = "application/json";
  Blob body = make_blob({});
  std::string location, retry_after;  // headers; empty: absent
  Wire wire = Wire::whole;
};

}  // namespace klingv2a::sim
