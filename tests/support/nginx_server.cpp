// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nginx_server.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "program.h"
#include "raw_server.h"

namespace klingv2a::test {
namespace {

namespace fs = std::filesystem;

// FOLDER and PORT are filled in.
constexpr const char* kConfiguration = R"(
daemon off;
master_process off;
pid FOLDER/pid;
error_log FOLDER/log;
events {}
http {
  log_format short '$request_method $status $request_length';
  access_log FOLDER/access short;
  client_body_temp_path FOLDER/body;
  proxy_temp_path FOLDER/proxy;
  fastcgi_temp_path FOLDER/fastcgi;
  uwsgi_temp_path FOLDER/uwsgi;
  scgi_temp_path FOLDER/scgi;
  types { video/mp4 mp4; }
  server {
    listen 127.0.0.1:PORT;
    root FOLDER/files;
    client_max_body_size 200m;
    location /open/ { dav_methods PUT DELETE; create_full_put_path on; }
    location /kept/ { dav_methods PUT; create_full_put_path on; }
    location /closed/ { deny all; }
  }
}
)";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

}  // namespace

std::string NginxServer::program() {
  const GCharPtr in_path(g_find_program_in_path("nginx"));
  const std::string program = in_path ? in_path.get() : "/usr/sbin/nginx";
  if (!fs::exists(program)) return {};
  return run_program({program, "-V"}).errors.find("http_dav_module") == std::string::npos ? "" : program;
}

NginxServer::NginxServer() : folder_("/var/tmp"), port_(free_port()) {
  configure();
  process_ = std::make_unique<ServerProcess>(
      std::vector<std::string>{program(), "-e", folder_.file("log"), "-c", folder_.file("conf")},
      folder_.file("stderr"), folder_.file("pid"));
}

void NginxServer::configure() const {
  fs::create_directory(folder_.file("files"));
  const std::string in_folder = replaced(kConfiguration, "FOLDER", folder_.path());
  std::ofstream(folder_.file("conf")) << replaced(in_folder, "PORT", std::to_string(port_));
}

std::string NginxServer::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

std::vector<std::string> NginxServer::files(const std::string& path) const {
  std::vector<std::string> found;
  std::error_code missing;
  for (const auto& entry : fs::recursive_directory_iterator(folder_.file("files") + path, missing))
    if (entry.is_regular_file()) found.push_back(entry.path());
  return found;
}

std::vector<std::string> NginxServer::requests() const {
  std::vector<std::string> lines;
  std::istringstream text(contents_of(folder_.file("access")));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

}  // namespace klingv2a::test
