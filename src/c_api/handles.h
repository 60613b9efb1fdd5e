/// Handles: numbers that stand for objects. The library never reads memory through a handle, so that any value of one
/// is either an object's or an error.
#pragma once

#include <cstdint>
#include <memory>

namespace rondo::c_api {

/// What a handle stands for.
enum class HandleKind : std::uint8_t { plan, session, network, model, model_stream, pool, batcher };

/// Says the kind of a handle's type, and the class of its object: a specialisation for each.
template <typename Handle>
struct HandleTraits;

/// Enters an object. No later handle has the same value.
void* enter_handle(HandleKind kind, std::shared_ptr<void> object);
/// The object of a handle. Throws `InvalidHandle` naming `name`.
std::shared_ptr<void> find_handle(HandleKind kind, const void* handle, const char* name);
/// Takes the handle out, and returns its object. Throws as find_handle.
std::shared_ptr<void> take_handle(HandleKind kind, const void* handle, const char* name);

/// The object of a handle. It lives at least as long as what this returns, whoever closes the handle meanwhile.
template <typename Handle>
std::shared_ptr<typename HandleTraits<Handle>::Object> object_of(const Handle* handle, const char* name) {
  return std::static_pointer_cast<typename HandleTraits<Handle>::Object>(
      find_handle(HandleTraits<Handle>::kKind, handle, name));
}

/// A new handle of an object.
template <typename Handle>
Handle* handle_of(std::shared_ptr<typename HandleTraits<Handle>::Object> object) {
  return static_cast<Handle*>(enter_handle(HandleTraits<Handle>::kKind, std::move(object)));
}

/// Closes a handle; null is none.
template <typename Handle>
void close_handle(const Handle* handle, const char* name) {
  if (handle != nullptr) take_handle(HandleTraits<Handle>::kKind, handle, name).reset();
}

}  // namespace rondo::c_api
