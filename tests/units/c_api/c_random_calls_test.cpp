// Calls in random order with handles that are live, closed, of another kind or none, with structs of any size, and with
// tensors of any shape: each call runs or says why not. Memory that a call may read is valid, for no library can check
// that.
#include <array>
#include <cstring>
#include <random>
#include <tuple>
#include <type_traits>

#include "units/c_api/c_support.h"

namespace rondo {
namespace {

// As large as any struct_size that is read, and zeros behind the struct.
template <typename Struct>
union Padded {
  Padded() : bytes{} {}
  Struct value;
  std::array<std::byte, 4096> bytes;
};

class RandomCalls {
 public:
  explicit RandomCalls(std::uint64_t seed) : random_(seed), memory_(1 << 16, 0.25F) {}

  void call() {
    switch (below(26)) {
      case 0:
      case 1: return create_plan();
      case 2:
      case 3: return create_session();
      case 4: return load_network();
      case 5: return create_network_session();
      case 6: return create_pool();
      case 7:
      case 8:
      case 9: return run_session();
      case 10:
      case 11:
      case 12: return run_pool();
      case 13: return checked(rondo_session_finish(handle<rondo_session>(), maybe(sized_anyhow<rondo_run_status>())));
      case 14: return checked(rondo_session_reload_weights(handle<rondo_session>()));
      case 15: return text([&](char** text) { return rondo_plan_explain(handle<rondo_plan>(), text); });
      case 16: return checked(rondo_plan_describe(handle<rondo_plan>(), maybe(sized_anyhow<rondo_plan_info>())));
      case 17:
        return checked(rondo_network_describe(handle<rondo_network>(), maybe(sized_anyhow<rondo_network_info>())));
      case 18: return checked(rondo_pool_describe(handle<rondo_pool>(), maybe(sized_anyhow<rondo_pool_info>())));
      case 19: return checked(rondo_pool_open_slot(handle<rondo_pool>(), maybe(&number_)));
      case 20: return checked(rondo_pool_close_slot(handle<rondo_pool>(), small()));
      case 21: return export_and_import();
      case 22: return checked(rondo_pool_save_rest_state(handle<rondo_pool>(), small()));
      case 23: return checked(rondo_network_state_features(handle<rondo_network>(), small(), maybe(&number_)));
      case 24: return checked(rondo_pool_evict_idle(handle<rondo_pool>(), small(), maybe(&number_)));
      default: return close_something();
    }
  }

  void close_all() {
    for (void* any : handles_) close(any);
  }

  std::int64_t successes() const { return successes_; }
  std::int64_t failures() const { return failures_; }

 private:
  std::uint64_t below(std::uint64_t count) { return random_() % count; }
  bool rarely() { return below(8) == 0; }
  std::int64_t small() {
    if (rarely()) return std::array<std::int64_t, 4>{-1, INT64_MIN, INT64_MAX, 1 << 20}[below(4)];
    return static_cast<std::int64_t>(below(5));
  }
  std::int32_t small_int() {
    return rarely() ? static_cast<std::int32_t>(random_()) : static_cast<std::int32_t>(below(3));
  }
  std::int32_t flag() { return below(5) == 0 ? 1 : 0; }
  template <typename Pointer>
  Pointer* maybe(Pointer* pointer) {
    return rarely() ? nullptr : pointer;
  }

  void checked(rondo_status status) {
    ASSERT_GE(status, RONDO_OK);
    ASSERT_LT(status, RONDO_INTERNAL_ERROR) << rondo_last_error();
    ++(status == RONDO_OK ? successes_ : failures_);
    if (status != RONDO_OK) {
      ASSERT_STRNE(rondo_last_error(), "");
    }
  }
  template <typename Call>
  void text(const Call& call) {
    char* given = nullptr;
    checked(call(maybe(&given)));
    rondo_free(given);
  }
  template <typename Handle, typename Call>
  void created(const Call& call) {
    Handle* made = nullptr;
    const rondo_status status = call(maybe(&made));
    checked(status);
    ASSERT_EQ(made != nullptr, status == RONDO_OK);
    if (made == nullptr) return;
    handles_.push_back(made);
    std::get<Handle*>(latest_) = made;
  }

  // A handle of any kind that is open or was closed, null, or no handle at all.
  template <typename Handle>
  Handle* handle() {
    const std::uint64_t kind = below(20);
    if (kind == 0 || handles_.empty()) return nullptr;
    if (kind == 1) return reinterpret_cast<Handle*>(random_());
    if (kind == 2) return reinterpret_cast<Handle*>(memory_.data());
    if constexpr (!std::is_void_v<Handle>) {
      if (kind < 14) return std::get<Handle*>(latest_);
    }
    const std::size_t recent = std::min<std::size_t>(handles_.size(), 12);
    return static_cast<Handle*>(handles_[handles_.size() - 1 - below(recent)]);
  }
  template <typename Struct>
  Struct* sized_anyhow() {
    static Padded<Struct> padded;
    padded = Padded<Struct>();
    constexpr std::size_t kSize = sizeof(Struct);
    const std::size_t odd[] = {0, 4, 8, 16, kSize - 8, kSize + 4, kSize + 8, 4096, 4097, random_()};
    padded.value.struct_size = rarely() ? odd[below(std::size(odd))] : kSize;
    return &padded.value;
  }

  // A tensor in the middle of the memory, of which it may reach half in either direction.
  const rondo_dl_tensor* tensor(std::initializer_list<std::int64_t> fitting) {
    if (rarely()) return nullptr;
    Tensors& made = tensors_[next_tensor_++ % tensors_.size()];
    made.shape.fill(1);
    std::copy(fitting.begin(), fitting.end(), made.shape.begin());
    made.view = {.data = memory_.data() + memory_.size() / 2,
                 .device = {1, 0},
                 .ndim = static_cast<std::int32_t>(fitting.size()),
                 .dtype = {2, 32, 1},
                 .shape = made.shape.data(),
                 .strides = nullptr,
                 .byte_offset = 0};
    if (!rarely()) return &made.view;
    switch (below(8)) {
      case 0: made.view.ndim = static_cast<std::int32_t>(below(12)) - 1; break;
      case 1:
        made.view.dtype = {static_cast<std::uint8_t>(below(8)), static_cast<std::uint8_t>(8 << below(4)), 1};
        break;
      case 2: made.view.data = nullptr; break;
      case 3: made.view.shape = nullptr; break;
      case 4: made.shape[below(3)] = std::array<std::int64_t, 4>{-1, 0, 2, INT64_MIN}[below(4)]; break;
      case 5: made.view.byte_offset = below(9); break;
      case 6: made.view.device.device_type = static_cast<std::int32_t>(below(5)); break;
      default:
        for (std::int64_t& stride : made.strides) stride = static_cast<std::int64_t>(below(9)) - 4;
        made.view.strides = made.strides.data();
    }
    return &made.view;
  }
  rondo_dl_managed* managed(std::initializer_list<std::int64_t> fitting) {
    rondo_dl_managed* copy = nullptr;
    if (const rondo_dl_tensor* source = tensor(fitting)) rondo_dl_copy(source, &copy);
    return copy;
  }

  void create_plan() {
    rondo_recurrence* recurrence = sized_anyhow<rondo_recurrence>();
    const std::size_t size = recurrence->struct_size;
    *recurrence = small_lstm();
    recurrence->struct_size = size;
    if (rarely()) recurrence->T = small();
    if (rarely()) recurrence->B = small();
    if (rarely()) recurrence->H = small();
    recurrence->cell = rarely() ? small_int() : 0;
    recurrence->dtype = rarely() ? small_int() : 0;
    recurrence->read_order = rarely() ? small_int() : 0;
    recurrence->device_type = rarely() ? small_int() : 0;
    recurrence->has_mask = rarely() ? 1 : 0;
    recurrence->use_peepholes = rarely() ? 1 : 0;
    recurrence->projection_units = rarely() ? small() : 0;
    recurrence->cell_clip = rarely() ? -1.0 : 0;
    recurrence->activation = rarely() ? "no_such" : nullptr;
    rondo_plan_options* options = sized_anyhow<rondo_plan_options>();
    options->executor = rarely() ? "no_such" : "reference";
    options->threads = rarely() ? small_int() : 0;
    created<rondo_plan>([&](rondo_plan** plan) { return rondo_plan_create(maybe(recurrence), maybe(options), plan); });
  }
  void create_session() {
    rondo_weights* weights = sized_anyhow<rondo_weights>();
    weights->kernel = managed({3, 16});
    weights->recurrent_kernel = managed({4, 16});
    weights->bias = rarely() ? weights->kernel : managed({16});
    const std::size_t size = weights->struct_size;
    const bool is_read = size >= 16 && size <= 4096 && size % 8 == 0;
    const rondo_weights before = *weights;
    created<rondo_session>(
        [&](rondo_session** session) { return rondo_session_create(handle<rondo_plan>(), weights, session); });
    if (!is_read || size < 16) rondo_dl_free(before.kernel);
    if (!is_read || size < 24) rondo_dl_free(before.recurrent_kernel);
    if ((!is_read || size < 32) && before.bias != before.kernel) rondo_dl_free(before.bias);
  }
  void load_network() {
    if (below(4) != 0) return close_something();  // reading a file takes long
    rondo_load_options* options = sized_anyhow<rondo_load_options>();
    const char* parts[] = {"no_such"};
    options->parts = parts;
    options->part_count = rarely() ? 1 : 0;
    const char* path = rarely() ? "/no/such/file" : RONDO_TEST_PYTORCH;
    created<rondo_network>(
        [&](rondo_network** network) { return rondo_network_load(maybe(path), maybe(options), network); });
  }
  void create_network_session() {
    rondo_run_sizes* sizes = sized_anyhow<rondo_run_sizes>();
    sizes->T = 5;
    sizes->B = rarely() ? small() : 2;
    created<rondo_session>([&](rondo_session** session) {
      return rondo_network_session(handle<rondo_network>(), maybe(sizes), nullptr, session);
    });
  }
  void create_pool() {
    rondo_pool_options* options = sized_anyhow<rondo_pool_options>();
    options->slots = rarely() ? small() : 4;
    options->max_rows = rarely() ? small() : 2;
    options->max_steps = rarely() ? static_cast<std::int64_t>(below(9)) - 1 : 3;
    options->evict_least_recently_used = flag();
    if (options->slots > 1000 || options->max_rows > 1000) options->slots = 0;  // would take memory, as it should
    created<rondo_pool>([&](rondo_pool** pool) { return rondo_pool_create(handle<rondo_network>(), options, pool); });
  }
  void run_session() {
    rondo_run* run = sized_anyhow<rondo_run>();
    const std::int64_t H = below(2) == 0 ? 4 : 24;
    const rondo_dl_tensor* states[] = {tensor({2, H}), tensor({2, H})};
    run->x = tensor({5, 2, 3});
    run->y = tensor({5, 2, H});
    run->mask = below(10) == 0 ? tensor({5, 2}) : nullptr;
    if (flag() != 0) {
      run->initial_states = run->final_states = maybe(states);
      run->initial_state_count = run->final_state_count = rarely() ? random_() : 2;
    }
    checked(rondo_session_run(handle<rondo_session>(), maybe(run)));
  }
  void run_pool() {
    rondo_stream_chunk list[2];
    std::int64_t rows = 0;
    const std::size_t count = 1 + below(2);
    for (rondo_stream_chunk& chunk : list) {
      chunk = *sized_anyhow<rondo_stream_chunk>();
      if (chunk.struct_size > sizeof chunk && chunk.struct_size <= 4096) chunk.struct_size = sizeof chunk;
      chunk.slot = small();
      chunk.steps = rarely() ? small() : 1 + static_cast<std::int64_t>(below(3));
      chunk.start = flag();
      chunk.end = flag();
    }
    for (std::size_t k = 0; k < count; ++k) rows += list[k].steps < 9 && list[k].steps > 0 ? list[k].steps : 1;
    const std::size_t told = rarely() ? random_() : count;
    checked(rondo_pool_run(handle<rondo_pool>(), maybe(&list[0]), told > 2 && told < 5 ? count : told,
                           tensor({rows, 3}), tensor({rows, 24})));
  }
  void export_and_import() {
    void* bytes = nullptr;
    std::size_t size = 0;
    checked(rondo_pool_export_state(handle<rondo_pool>(), small(), &bytes, &size));
    if (bytes == nullptr) return;
    if (rarely()) static_cast<unsigned char*>(bytes)[below(size)] ^= 4;
    if (rarely()) size = below(size);
    checked(rondo_pool_import_state(handle<rondo_pool>(), small(), maybe(bytes), size));
    rondo_free(bytes);
  }
  void close(void* any) {
    if (rondo_plan_close(static_cast<rondo_plan*>(any)) == RONDO_OK) return;
    if (rondo_session_close(static_cast<rondo_session*>(any)) == RONDO_OK) return;
    if (rondo_network_close(static_cast<rondo_network*>(any)) == RONDO_OK) return;
    rondo_pool_close(static_cast<rondo_pool*>(any));
  }
  void close_something() {
    if (handles_.size() > 12) {  // what is out of reach of handle()
      close(handles_.front());
      handles_.erase(handles_.begin());
    }
    if (below(4) == 0) close(handle<void>());
  }

  struct Tensors {
    std::array<std::int64_t, 12> shape;
    std::array<std::int64_t, 12> strides;
    rondo_dl_tensor view;
  };

  std::mt19937_64 random_;
  std::vector<float> memory_;
  std::array<Tensors, 16> tensors_ = {};
  std::size_t next_tensor_ = 0;
  std::vector<void*> handles_;
  std::tuple<rondo_plan*, rondo_session*, rondo_network*, rondo_pool*> latest_ = {};  // open, or closed by now
  std::int64_t number_ = 0;
  std::int64_t successes_ = 0;
  std::int64_t failures_ = 0;
};

TEST(CRandomCalls, EachRunsOrSaysWhyNot) {
  RandomCalls calls(20261202);
  for (int k = 0; k < 100'000 && !testing::Test::HasFatalFailure(); ++k) calls.call();
  calls.close_all();
  RecordProperty("successes", std::to_string(calls.successes()));
  EXPECT_GT(calls.successes(), 10'000);
  EXPECT_GT(calls.failures(), 10'000);

  // The library is as it was.
  rondo_session* session = small_session();
  CTensor x({5, 2, 3}, 0.5F), y({5, 2, 4}, 0);
  auto run = sized<rondo_run>();
  run.x = &x.view;
  run.y = &y.view;
  ASSERT_EQ(rondo_session_run(session, &run), RONDO_OK);
  EXPECT_NE(y.values[0], 0);
  rondo_session_close(session);
}

}  // namespace
}  // namespace rondo
