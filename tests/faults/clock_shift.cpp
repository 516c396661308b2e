// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Preloaded into a client (LD_PRELOAD): its wall clock jumps by the number of seconds that a shared file holds, as soon
// as the test writes another one there. The monotonic clock is left alone, as it is when somebody sets the time.
//
// KLINGV2A_TEST_CLOCK_SHIFT names the file: one 64-bit number. Any thread; nothing is written here.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

using Shift = std::atomic<std::int64_t>;

const Shift* map_shift() {
  static constexpr Shift kNone = 0;
  const char* path = std::getenv("KLINGV2A_TEST_CLOCK_SHIFT");
  const int fd = path ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return &kNone;
  const void* memory = ::mmap(nullptr, sizeof(Shift), PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  return memory == MAP_FAILED ? &kNone : static_cast<const Shift*>(memory);
}

std::int64_t shift() {
  static const Shift* const seconds = map_shift();
  return seconds->load();
}

}  // namespace

// Named as the C library's own where the linker looks, so that calls of these come here.
int our_clock_gettime(clockid_t, timespec*) __asm__("clock_gettime");
int our_gettimeofday(timeval*, void*) __asm__("gettimeofday");
std::time_t our_time(std::time_t*) __asm__("time");

int our_clock_gettime(clockid_t clock, timespec* now) {
  static auto* const real = reinterpret_cast<decltype(our_clock_gettime)*>(::dlsym(RTLD_NEXT, "clock_gettime"));
  const int result = real(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += shift();
  return result;
}

int our_gettimeofday(timeval* now, void* zone) {
  static auto* const real = reinterpret_cast<decltype(our_gettimeofday)*>(::dlsym(RTLD_NEXT, "gettimeofday"));
  const int result = real(now, zone);
  if (result == 0) now->tv_sec += shift();
  return result;
}

std::time_t our_time(std::time_t* now) {
  timespec real{};
  our_clock_gettime(CLOCK_REALTIME, &real);
  if (now) *now = real.tv_sec;
  return real.tv_sec;
}
