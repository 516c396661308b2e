// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What nearly all tests include anyway, compiled once for all of them: most of the time to compile a test went into
// these headers. Tests include what they use all the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <thread>
#include <vector>
