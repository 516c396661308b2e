// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See jwt.h. libjwt writes the header ({"alg":"HS256","typ":"JWT"}) by itself.
#include "kling/jwt.h"

#include <jwt.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <memory>

#include "error.h"
#include "gobject_ptr.h"

namespace klingv2a::kling {
namespace {

using JwtPtr = std::unique_ptr<jwt_t, Deleter<jwt_free>>;

struct Freed {
  // libjwt gives what malloc() gave it.
  void operator()(char* text) const noexcept { std::free(text); }  // NOLINT(cppcoreguidelines-no-malloc)
};
using TextPtr = std::unique_ptr<char, Freed>;

// Zero, as libjwt's calls return it, or an errno.
void check(int result) {
  if (result == 0) return;
  throw make_error(ErrorKind::credentials, Phase::check, std::string("no token can be signed: ") + g_strerror(result),
                   "check access-key and secret-key");
}

long whole(Seconds time) {
  return static_cast<long>(std::floor(time.count()));
}

}  // namespace

std::string sign_jwt(const std::string& access_key, const std::string& secret_key, Seconds now) {
  jwt_t* raw = nullptr;
  check(jwt_new(&raw));
  const JwtPtr token(raw);
  check(jwt_add_grant(token.get(), "iss", access_key.c_str()));
  check(jwt_add_grant_int(token.get(), "exp", whole(now + kTokenLife)));
  check(jwt_add_grant_int(token.get(), "nbf", whole(now - kTokenHeadStart)));
  const auto* key = reinterpret_cast<const unsigned char*>(secret_key.data());
  check(jwt_set_alg(token.get(), JWT_ALG_HS256, key, static_cast<int>(secret_key.size())));
  const TextPtr text(jwt_encode_str(token.get()));
  if (!text) check(errno);
  return text.get();
}

}  // namespace klingv2a::kling
