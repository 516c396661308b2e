// SPDX-License-Identifier: LGPL-2.1-or-later
//
// std::mutex with clang's thread-safety annotations: which member a mutex guards, and which function needs it locked,
// stands in the declaration, and `scripts/check lint` has clang check it. Other compilers see a plain std::mutex.
//
//   Mutex mutex_;
//   int count_ GUARDED_BY(mutex_) = 0;
//   void grow() REQUIRES(mutex_);    // the caller has locked it
//   int count() EXCLUDES(mutex_);    // locks it itself
//
// Waits are loops, `while (!ready_) changed_.wait(mutex_);`, since the analysis does not look into a predicate's
// lambda.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define KLINGV2A_THREAD_SAFETY(annotation) __attribute__((annotation))
#else
#define KLINGV2A_THREAD_SAFETY(annotation)
#endif

#define CAPABILITY(name) KLINGV2A_THREAD_SAFETY(capability(name))
#define SCOPED_CAPABILITY KLINGV2A_THREAD_SAFETY(scoped_lockable)
#define GUARDED_BY(mutex) KLINGV2A_THREAD_SAFETY(guarded_by(mutex))
#define REQUIRES(...) KLINGV2A_THREAD_SAFETY(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) KLINGV2A_THREAD_SAFETY(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) KLINGV2A_THREAD_SAFETY(acquire_capability(__VA_ARGS__))
#define RELEASE(...) KLINGV2A_THREAD_SAFETY(release_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS KLINGV2A_THREAD_SAFETY(no_thread_safety_analysis)

namespace klingv2a {

class CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class Condition;
  std::mutex mutex_;
};

// Locks for as long as it lives, but between unlock() and lock().
class SCOPED_CAPABILITY MutexLocker {
 public:
  explicit MutexLocker(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLocker() RELEASE() {
    if (locked_) mutex_.unlock();
  }
  MutexLocker(const MutexLocker&) = delete;
  MutexLocker& operator=(const MutexLocker&) = delete;

  void unlock() RELEASE() {
    mutex_.unlock();
    locked_ = false;
  }
  void lock() ACQUIRE() {
    mutex_.lock();
    locked_ = true;
  }

 private:
  Mutex& mutex_;
  bool locked_ = true;
};

// Within what locks: unlocks for as long as it lives. Clang 14 has no words for that, so it does not see it.
class MutexUnlocker {
 public:
  explicit MutexUnlocker(Mutex& mutex) NO_THREAD_SAFETY_ANALYSIS : mutex_(mutex) { mutex_.unlock(); }
  ~MutexUnlocker() NO_THREAD_SAFETY_ANALYSIS { mutex_.lock(); }
  MutexUnlocker(const MutexUnlocker&) = delete;
  MutexUnlocker& operator=(const MutexUnlocker&) = delete;

 private:
  Mutex& mutex_;
};

// Waits unlock the mutex meanwhile, and may return without a notification.
class Condition {
 public:
  void notify_one() noexcept { condition_.notify_one(); }
  void notify_all() noexcept { condition_.notify_all(); }
  void wait(Mutex& mutex) REQUIRES(mutex) {
    Adopted lock(mutex.mutex_);
    condition_.wait(lock.get());
  }
  template <typename Clock, typename Length>
  std::cv_status wait_until(Mutex& mutex, const std::chrono::time_point<Clock, Length>& deadline) REQUIRES(mutex) {
    Adopted lock(mutex.mutex_);
    return condition_.wait_until(lock.get(), deadline);
  }
  template <typename Number, typename Unit>
  std::cv_status wait_for(Mutex& mutex, const std::chrono::duration<Number, Unit>& length) REQUIRES(mutex) {
    Adopted lock(mutex.mutex_);
    return condition_.wait_for(lock.get(), length);
  }

 private:
  // Stays locked when it goes.
  class Adopted {
   public:
    explicit Adopted(std::mutex& mutex) : lock_(mutex, std::adopt_lock) {}
    ~Adopted() { lock_.release(); }
    Adopted(const Adopted&) = delete;
    Adopted& operator=(const Adopted&) = delete;
    std::unique_lock<std::mutex>& get() { return lock_; }

   private:
    std::unique_lock<std::mutex> lock_;
  };
  std::condition_variable condition_;
};

}  // namespace klingv2a
