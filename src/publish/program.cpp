// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See program.h.
#include "publish/program.h"

#include <unistd.h>

#include "publish/upload.h"

namespace klingv2a::publish {

namespace {

// What becomes of the file is the program's affair.
class ProgramsFile final : public Publication {
 public:
  explicit ProgramsFile(std::string url) : url_(std::move(url)) {}
  [[nodiscard]] const std::string& url() const noexcept override { return url_; }

 private:
  std::string url_;
};

}  // namespace

std::unique_ptr<Publication> publish_by_program(const PublishClip& publish_clip, const SpoolFile& file) {
  const std::string path = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(file.fd());
  std::string url = publish_clip(path, "video/mp4");
  if (url.empty()) {
    throw make_error(ErrorKind::settings, Phase::publish, "the program gives no URL for the clip",
                     "answer publish-clip with the URL that the service fetches the file by");
  }
  (void)parse_store_url(url, "what the program gives as the clip's URL");
  return std::make_unique<ProgramsFile>(std::move(url));
}

}  // namespace klingv2a::publish
