// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A resolver for tests: while it lives, the names it was given lead to the addresses it was given, and no other name
// leads anywhere. Names are added before other threads resolve; no lock.
#pragma once

#include <gio/gio.h>

#include <cstddef>
#include <map>
#include <new>
#include <string>

#include "gobject_ptr.h"

namespace klingv2a::test {

using FakeNames = std::multimap<std::string, std::string>;

// GObject allocates the instance; the names belong to the FakeResolver.
struct FakeGResolver {
  GResolver parent;
  const FakeNames* names;

  static GList* lookup(GResolver* resolver, const char* name, GCancellable*, GError** error) {
    const FakeNames& names = *reinterpret_cast<FakeGResolver*>(resolver)->names;
    GList* addresses = nullptr;
    const auto [begin, end] = names.equal_range(name);
    for (auto entry = begin; entry != end; ++entry) {
      addresses = g_list_append(addresses, g_inet_address_new_from_string(entry->second.c_str()));
    }
    if (!addresses) g_set_error(error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "no address for %s", name);
    return addresses;
  }
  static GList* lookup_with_flags(GResolver* resolver, const char* name, GResolverNameLookupFlags, GCancellable* cancel,
                                  GError** error) {
    return lookup(resolver, name, cancel, error);
  }
  static void init_class(gpointer klass, gpointer) {
    G_RESOLVER_CLASS(klass)->lookup_by_name = lookup;
    G_RESOLVER_CLASS(klass)->lookup_by_name_with_flags = lookup_with_flags;
  }
  static GType type() {
    static const GType type =
        g_type_register_static_simple(G_TYPE_RESOLVER, "KlingFakeResolver", sizeof(GResolverClass), init_class,
                                      sizeof(FakeGResolver), nullptr, GTypeFlags{});
    return type;
  }
};

class FakeResolver {
 public:
  FakeResolver() {
    auto* fake = static_cast<FakeGResolver*>(g_object_new(FakeGResolver::type(), nullptr));
    fake->names = &names_;
    const auto resolver = GObjectPtr<GResolver>::adopt(&fake->parent);
    g_resolver_set_default(resolver.get());
  }
  ~FakeResolver() { g_resolver_set_default(before_.get()); }
  FakeResolver(const FakeResolver&) = delete;
  FakeResolver& operator=(const FakeResolver&) = delete;

  void add(const std::string& name, const std::string& address) { names_.emplace(name, address); }

 private:
  FakeNames names_;
  GObjectPtr<GResolver> before_ = GObjectPtr<GResolver>::adopt(g_resolver_get_default());
};

}  // namespace klingv2a::test
