// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See postgresql_options.h.
#include "journal/postgresql_options.h"

#include <libpq-fe.h>

#include <cmath>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/location.h"

namespace klingv2a::journal {

namespace {

using OptionsPtr = std::unique_ptr<PQconninfoOption, Deleter<PQconninfoFree>>;
using ContextPtr = std::unique_ptr<GMainContext, Deleter<g_main_context_unref>>;
using SourcePtr = std::unique_ptr<GSource, Deleter<g_source_unref>>;
using AddressesPtr = std::unique_ptr<GList, Deleter<g_resolver_free_addresses>>;

// One look-up, on a main context of its own. It ends at the latest after `patience`.
class LookUp {
 public:
  LookUp(Seconds patience, GCancellable* cancel) : cancel_(cancel) {
    g_main_context_push_thread_default(context_.get());
    const auto milliseconds = static_cast<guint>(std::ceil(std::max(patience, Seconds::zero()).count() * 1000));
    const SourcePtr timer(g_timeout_source_new(milliseconds));
    g_source_set_callback(timer.get(), &LookUp::on_time_up, stop_.get(), nullptr);
    g_source_attach(timer.get(), context_.get());
    handler_ = cancel ? g_cancellable_connect(cancel, G_CALLBACK(&LookUp::on_cancelled), stop_.get(), nullptr) : 0;
  }
  ~LookUp() {
    g_cancellable_disconnect(cancel_, handler_);
    g_main_context_pop_thread_default(context_.get());
  }
  LookUp(const LookUp&) = delete;
  LookUp& operator=(const LookUp&) = delete;

  // Null, with an error's message, when there is none.
  std::vector<std::string> addresses_of(const std::string& host, std::string& error_message) {
    const auto resolver = GObjectPtr<GResolver>::adopt(g_resolver_get_default());
    g_resolver_lookup_by_name_async(resolver.get(), host.c_str(), stop_.get(), &LookUp::on_done, this);
    while (!result_) g_main_context_iteration(context_.get(), TRUE);
    GError* error = nullptr;
    const AddressesPtr found(g_resolver_lookup_by_name_finish(resolver.get(), result_.get(), &error));
    const GErrorPtr owned_error(error);
    if (error) error_message = error->message;
    std::vector<std::string> addresses;
    for (GList* item = found.get(); item; item = item->next)
      addresses.emplace_back(GCharPtr(g_inet_address_to_string(G_INET_ADDRESS(item->data))).get());
    return addresses;
  }

 private:
  static void on_done(GObject* /*resolver*/, GAsyncResult* result, gpointer self) {
    static_cast<LookUp*>(self)->result_ = GObjectPtr<GAsyncResult>::share(result);
  }
  static gboolean on_time_up(gpointer stop) {
    g_cancellable_cancel(static_cast<GCancellable*>(stop));
    return G_SOURCE_REMOVE;
  }
  static void on_cancelled(GCancellable* /*cancel*/, gpointer stop) {
    g_cancellable_cancel(static_cast<GCancellable*>(stop));
  }

  const ContextPtr context_{g_main_context_new()};
  const GObjectPtr<GCancellable> stop_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  GCancellable* const cancel_;
  gulong handler_ = 0;
  GObjectPtr<GAsyncResult> result_;
};

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> items;
  std::size_t begin = 0;
  for (std::size_t comma = list.find(','); comma != std::string::npos; comma = list.find(',', begin)) {
    items.push_back(list.substr(begin, comma - begin));
    begin = comma + 1;
  }
  items.push_back(list.substr(begin));
  return items;
}

// A socket's directory, or an address as it is.
bool needs_no_look_up(const std::string& host) {
  return host.empty() || host.starts_with('/') || host.starts_with('@') || g_hostname_is_ip_address(host.c_str());
}

// Three lists of one length, as libpq takes them.
struct Targets {
  std::string hosts, addresses, ports;

  void add(const std::string& host, const std::string& address, const std::string& port) {
    const char* comma = std::exchange(is_empty_, false) ? "" : ",";
    hosts += comma + host;
    addresses += comma + address;
    ports += comma + port;
  }
  [[nodiscard]] bool is_empty() const { return is_empty_; }

 private:
  bool is_empty_ = true;
};

Error not_found(const std::string& where, const std::string& message) {
  ErrorDetails details = journal_error(ErrorKind::disk, where, "has a host that cannot be found (" + message + ")",
                                       "check the host's name in the connection string, and the network")
                             .details();
  details.retryable = true;
  return Error(std::move(details));
}

bool says_where(std::string_view keyword) {
  return keyword == "host" || keyword == "hostaddr" || keyword == "port";
}

// Where the server is, as far as the URI leaves that open: by a service file, the environment, and what libpq was built
// with. A service that the URI names goes before all these, and only libpq can read it.
void add_defaults(PostgresqlOptions& options) {
  if (options.contains("service")) return;
  const OptionsPtr defaults(PQconndefaults());
  for (const PQconninfoOption* option = defaults.get(); option && option->keyword; ++option)
    if (option->val && *option->val && says_where(option->keyword)) options.try_emplace(option->keyword, option->val);
}

}  // namespace

PostgresqlOptions parse_postgresql_uri(const std::string& uri, const std::string& where) {
  // libpq's own message would quote what it cannot read, and that may be half a password.
  const OptionsPtr parsed(is_readable_postgresql_uri(uri) ? PQconninfoParse(uri.c_str(), nullptr) : nullptr);
  if (!parsed) {
    throw journal_error(ErrorKind::settings, where, "has a connection string that cannot be read",
                        "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with %XX for every character of user and "
                        "password that is no letter or digit");
  }
  PostgresqlOptions options;
  for (const PQconninfoOption* option = parsed.get(); option->keyword; ++option)
    if (option->val && *option->val) options[option->keyword] = option->val;
  add_defaults(options);
  return options;
}

void look_up_hosts(PostgresqlOptions& options, const std::string& where, Seconds patience, GCancellable* cancel) {
  if (options.contains("hostaddr") || !options.contains("host")) return;
  const std::vector<std::string> hosts = split(options["host"]);
  const bool has_port = options.contains("port");
  std::vector<std::string> ports = split(has_port ? options["port"] : "");
  if (ports.size() == 1) ports.resize(hosts.size(), ports.front());
  if (ports.size() != hosts.size()) return;  // libpq says so
  Targets targets;
  std::string message;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const std::string& host = hosts.at(i);
    const auto addresses = needs_no_look_up(host) ? std::vector<std::string>{std::string()}
                                                  : LookUp(patience, cancel).addresses_of(host, message);
    for (const std::string& address : addresses) targets.add(host, address, ports.at(i));
  }
  if (g_cancellable_is_cancelled(cancel)) throw journal_error(ErrorKind::cancelled, where, "was waited for");
  if (targets.is_empty()) throw not_found(where, message);
  options["host"] = targets.hosts;
  options["hostaddr"] = targets.addresses;
  if (has_port) options["port"] = targets.ports;
}

}  // namespace klingv2a::journal
