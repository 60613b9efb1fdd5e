#include "c_api/handles.h"

#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <utility>

#include "c_api/last_error.h"

namespace rondo::c_api {
namespace {

// Handles are no small numbers, and multiples of 16, as addresses are: runtimes such as Go's look at what stands in a
// pointer, and take small numbers for a fault.
constexpr std::uintptr_t kFirst = std::uintptr_t{1} << 20;
constexpr std::uintptr_t kStep = 16;

struct Entry {
  HandleKind kind;
  std::shared_ptr<void> object;
};

struct Table {
  std::shared_mutex mutex;
  std::unordered_map<std::uintptr_t, Entry> entries;
  std::uintptr_t next = kFirst;
};

// Never destroyed: a program may close handles after main has returned.
Table& table() {
  static auto* instance = new Table;
  return *instance;
}

const char* with_article(HandleKind kind) {
  switch (kind) {
    case HandleKind::plan: return "a plan";
    case HandleKind::session: return "a session";
    case HandleKind::network: return "a network";
    case HandleKind::model: return "a model";
    case HandleKind::model_stream: return "a stream of a model";
    case HandleKind::pool: return "a pool";
    case HandleKind::batcher: return "a batcher";
  }
  return "a handle";
}

// The entry of a handle of this kind; the caller holds the lock.
auto entry_of(Table& handles, HandleKind kind, const void* handle, const char* name) {
  if (handle == nullptr) throw InvalidHandle(name, "null", with_article(kind));
  const auto entry = handles.entries.find(reinterpret_cast<std::uintptr_t>(handle));
  if (entry == handles.entries.end())
    throw InvalidHandle(name, "a handle that was closed, or never was one", with_article(kind));
  if (entry->second.kind != kind) {
    throw InvalidHandle(name, with_article(entry->second.kind), with_article(kind));
  }
  return entry;
}

}  // namespace

void* enter_handle(HandleKind kind, std::shared_ptr<void> object) {
  Table& handles = table();
  const std::unique_lock lock(handles.mutex);
  const std::uintptr_t value = handles.next;
  handles.entries.emplace(value, Entry{kind, std::move(object)});
  handles.next += kStep;
  return reinterpret_cast<void*>(value);
}

std::shared_ptr<void> find_handle(HandleKind kind, const void* handle, const char* name) {
  Table& handles = table();
  const std::shared_lock lock(handles.mutex);
  return entry_of(handles, kind, handle, name)->second.object;
}

std::shared_ptr<void> take_handle(HandleKind kind, const void* handle, const char* name) {
  Table& handles = table();
  const std::unique_lock lock(handles.mutex);
  const auto entry = entry_of(handles, kind, handle, name);
  std::shared_ptr<void> object = std::move(entry->second.object);
  handles.entries.erase(entry);
  return object;
}

}  // namespace rondo::c_api
