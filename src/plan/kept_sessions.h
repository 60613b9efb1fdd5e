/// Sessions that an owner of weights keeps between its calls, so that a call neither plans nor packs.
#pragma once

#include <algorithm>
#include <exception>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "vocabulary/fork.h"

namespace rondo {

/// Sessions by key. Many threads may use it: each gets a session of its own for the length of a call. A call looks for
/// a `Key::View`, of which a Key can be made. `key.replaces(other)` says that sessions with the key `other` will not be
/// asked for again.
template <typename AnySession, typename Key>
class KeptSessions {
  struct Kept {
    Kept(Key its_key, std::unique_ptr<AnySession> its_session)
        : key(std::move(its_key)), session(std::move(its_session)) {}

    Key key;
    std::unique_ptr<AnySession> session;
  };
  using List = std::vector<std::unique_ptr<Kept>>;

 public:
  /// A session that the thread has to itself. The destructor gives it back for the next call, unless an exception
  /// passes: a session that has failed is not used again.
  class Lease {
   public:
    Lease(KeptSessions& owner, std::unique_ptr<Kept> kept) : owner_(owner), kept_(std::move(kept)) {}
    ~Lease() {
      if (std::uncaught_exceptions() == exceptions_) owner_.give_back(std::move(kept_));
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    AnySession& operator*() const { return *kept_->session; }
    AnySession* operator->() const { return kept_->session.get(); }

   private:
    KeptSessions& owner_;
    std::unique_ptr<Kept> kept_;
    const int exceptions_ = std::uncaught_exceptions();
  };

  KeptSessions() = default;
  KeptSessions(const KeptSessions&) = delete;
  KeptSessions& operator=(const KeptSessions&) = delete;

  /// An idle session with this key, or what `make()` returns: a pointer to a new session.
  template <typename Make>
  Lease take(const typename Key::View& view, const Make& make) {
    if (std::unique_ptr<Kept> found = find(view)) return Lease(*this, std::move(found));
    return Lease(*this, std::make_unique<Kept>(Key(view), make()));
  }

  /// Calls `function(session)` for each kept session, while no other thread uses this object.
  template <typename Function>
  void for_each(const Function& function) {
    const Held held(*this);
    for (const auto& one : held.idle()) function(*one->session);
  }

 private:
  /// The most keys that sessions are kept for. Of more, those that were not used longest are destroyed.
  static constexpr std::size_t kKeys = 8;

  /// Holds the list of idle sessions, for a moment. A child of fork() abandons the list that its parent may have been
  /// changing.
  class Held {
   public:
    explicit Held(KeptSessions& kept) : kept_(kept) {
      while (!kept_.busy_.take()) std::this_thread::yield();
      if (kept_.process_ == fork_generation()) return;
      kept_.process_ = fork_generation();
      (void)kept_.idle_.release();
      kept_.idle_ = std::make_unique<List>();
    }
    ~Held() { kept_.busy_.release(); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

    List& idle() const { return *kept_.idle_; }

   private:
    KeptSessions& kept_;
  };

  std::unique_ptr<Kept> find(const typename Key::View& view) {
    const Held held(*this);
    List& idle = held.idle();
    const auto found = std::find_if(idle.rbegin(), idle.rend(), [&](const auto& one) { return one->key == view; });
    if (found == idle.rend()) return nullptr;
    std::unique_ptr<Kept> kept = std::move(*found);
    idle.erase(std::next(found).base());
    return kept;
  }

  void give_back(std::unique_ptr<Kept> kept) {
    List dropped;  // destroyed when the list is free again
    const Held held(*this);
    List& idle = held.idle();
    const auto drop = [&](const auto& goes) {
      const auto first = std::stable_partition(idle.begin(), idle.end(), [&](const auto& one) { return !goes(*one); });
      std::move(first, idle.end(), std::back_inserter(dropped));
      idle.erase(first, idle.end());
    };
    if (std::ranges::any_of(idle, [&](const auto& one) { return kept->key.replaces(one->key); })) {
      drop([&](const Kept& one) { return kept->key.replaces(one.key); });
    }
    idle.push_back(std::move(kept));
    if (idle.size() > kKeys && count_keys(idle) > kKeys) {
      const Key oldest = idle.front()->key;
      drop([&](const Kept& one) { return one.key == oldest; });
    }
  }

  static std::size_t count_keys(const List& idle) {
    std::size_t count = 0;
    for (auto one = idle.begin(); one != idle.end(); ++one) {
      const bool seen = std::any_of(idle.begin(), one, [&](const auto& other) { return other->key == (*one)->key; });
      if (!seen) ++count;
    }
    return count;
  }

  ForkFlag busy_;
  std::uint64_t process_ = fork_generation();
  std::unique_ptr<List> idle_ = std::make_unique<List>();  ///< used last at the back
};

}  // namespace rondo
