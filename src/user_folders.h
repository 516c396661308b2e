// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The folders of the user that this process runs for, by the XDG base directories, HOME and the password database. What
// was paid for is remembered in one of them, so a home that is none is never guessed at: a journal that lands elsewhere
// is found by no later run, which would pay again. The choice is a pure function; the rest asks the environment and the
// file system. Any thread.
#pragma once

#include <string>

namespace klingv2a {

// Does it name a folder that can be somebody's own? Absolute, and not the root, however that is written.
[[nodiscard]] bool names_a_folder(const std::string& path);

// The home: `variable` (HOME) where that names a folder, else `account` (the password database's home). Empty: neither
// does.
[[nodiscard]] std::string choose_home(const std::string& variable, const std::string& account);

// The home of this process by choose_home(), whatever its state; empty: there is none.
[[nodiscard]] std::string home_folder();

// $`variable` where that names a folder, else `below_home` in the home. Throws Error{settings} that names `remedy` when
// there is no home, or it cannot hold files of ours: it is not there, no folder, not writable, or another user's.
[[nodiscard]] std::string user_folder(const char* variable, const std::string& below_home, const std::string& remedy);

}  // namespace klingv2a
