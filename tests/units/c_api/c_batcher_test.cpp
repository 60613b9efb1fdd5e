#include <atomic>
#include <mutex>
#include <thread>

#include "units/c_api/c_support.h"

namespace rondo {
namespace {

constexpr std::int64_t I = 3;
constexpr std::int64_t H = 24;

rondo_pool* pool_of(std::int64_t slots) {
  rondo_network* network = nullptr;
  EXPECT_EQ(rondo_network_load(RONDO_TEST_PYTORCH, nullptr, &network), RONDO_OK) << rondo_last_error();
  auto options = sized<rondo_pool_options>();
  options.slots = slots;
  options.max_rows = slots;
  options.max_steps = 4;
  rondo_pool* pool = nullptr;
  EXPECT_EQ(rondo_pool_create(network, &options, &pool), RONDO_OK) << rondo_last_error();
  EXPECT_EQ(rondo_network_close(network), RONDO_OK);
  return pool;
}

rondo_batcher* batcher_of(std::int64_t slots, const rondo_batcher_options* options = nullptr) {
  rondo_batcher* batcher = nullptr;
  EXPECT_EQ(rondo_batcher_create(pool_of(slots), options, &batcher), RONDO_OK) << rondo_last_error();
  return batcher;
}

// What a callback was told.
struct Told {
  std::atomic<int> answers = 0;
  std::int64_t outcome = -1;
  std::string message;
  std::vector<float> y;
  std::vector<char> state;
  rondo_batcher* batcher = nullptr;
  rondo_status closed = RONDO_OK;

  static void answer(void* user_data, const rondo_stream_answer* answer) {
    auto& told = *static_cast<Told*>(user_data);
    told.outcome = answer->outcome;
    told.message = answer->message;
    if (answer->y != nullptr) {
      const rondo_dl_tensor& y = answer->y->dl_tensor;
      EXPECT_EQ(y.ndim, 2);
      const auto* values = static_cast<const float*>(y.data);
      told.y.assign(values, values + y.shape[0] * y.shape[1]);
      rondo_dl_free(answer->y);
    }
    const auto* state = static_cast<const char*>(answer->state);
    if (state != nullptr) told.state.assign(state, state + answer->state_size);
    if (told.batcher != nullptr) told.closed = rondo_batcher_close(told.batcher);
    ++told.answers;
  }
};

rondo_stream_request request_of(const char* name, const CTensor& x, bool start) {
  auto request = sized<rondo_stream_request>();
  request.stream_name = name;
  request.x = &x.view;
  request.start = start ? 1 : 0;
  return request;
}

TEST(CBatcher, AnswersWithTheBitsOfAPool) {
  rondo_pool* pool = pool_of(2);
  auto chunk = sized<rondo_stream_chunk>();
  chunk.steps = 4;
  ASSERT_EQ(rondo_pool_open_slot(pool, &chunk.slot), RONDO_OK);
  CTensor x({4, I}, 0.5F), y({4, H}, 0);
  ASSERT_EQ(rondo_pool_run(pool, &chunk, 1, &x.view, &y.view), RONDO_OK);
  rondo_pool_close(pool);

  rondo_batcher* batcher = batcher_of(2);
  Told text, number;
  rondo_stream_request request = request_of("7", x, true);
  std::uint64_t first = 0, second = 0;
  ASSERT_EQ(rondo_batcher_submit(batcher, &request, Told::answer, &text, &first), RONDO_OK) << rondo_last_error();
  request.stream_name = nullptr;
  request.stream_number = 7;
  ASSERT_EQ(rondo_batcher_submit(batcher, &request, Told::answer, &number, &second), RONDO_OK);
  EXPECT_NE(first, second);
  ASSERT_EQ(rondo_batcher_drain(batcher), RONDO_OK);
  EXPECT_EQ(text.outcome, RONDO_ANSWER_DONE) << text.message;
  EXPECT_EQ(text.y, y.values);
  EXPECT_EQ(number.y, y.values) << "a number is another stream than a text";

  auto metrics = sized<rondo_batcher_metrics>();
  ASSERT_EQ(rondo_batcher_measure(batcher, &metrics), RONDO_OK);
  EXPECT_EQ(metrics.requests, 2);
  EXPECT_EQ(metrics.answers[RONDO_ANSWER_DONE], 2);
  EXPECT_EQ(metrics.steps, 8);
  EXPECT_EQ(metrics.open_streams, 2);
  char* page = nullptr;
  ASSERT_EQ(rondo_batcher_prometheus(batcher, "co2", &page), RONDO_OK);
  EXPECT_NE(taken(page).find("model=\"co2\""), std::string::npos);
  std::int32_t cancelled = 7;
  EXPECT_EQ(rondo_batcher_cancel(batcher, first, &cancelled), RONDO_OK);
  EXPECT_EQ(cancelled, 0);
  EXPECT_EQ(rondo_batcher_close(batcher), RONDO_OK);
}

TEST(CBatcher, ARequestThatDoesNotFitIsAnsweredWhyNot) {
  rondo_batcher* batcher = batcher_of(1);
  CTensor x({2, I}, 0.5F), wide({2, I + 1}, 0.5F);
  Told unknown, wrong, none;
  rondo_stream_request request = request_of("nobody", x, false);
  ASSERT_EQ(rondo_batcher_submit(batcher, &request, Told::answer, &unknown, nullptr), RONDO_OK);
  request = request_of("wide", wide, true);
  ASSERT_EQ(rondo_batcher_submit(batcher, &request, Told::answer, &wrong, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_batcher_drain(batcher), RONDO_OK);
  EXPECT_EQ(unknown.outcome, RONDO_ANSWER_INVALID);
  EXPECT_NE(unknown.message, "");
  EXPECT_EQ(wrong.outcome, RONDO_ANSWER_INVALID);
  EXPECT_EQ(wrong.answers, 1);

  request.x = nullptr;
  expect_failed(rondo_batcher_submit(batcher, &request, Told::answer, &none, nullptr), RONDO_INVALID_VALUE,
                "x: got null");
  request.x = &x.view;
  expect_failed(rondo_batcher_submit(batcher, &request, nullptr, &none, nullptr), RONDO_INVALID_VALUE,
                "done: got null");
  request.struct_size = 0;
  expect_failed(rondo_batcher_submit(batcher, &request, Told::answer, &none, nullptr), RONDO_INVALID_VALUE,
                "struct_size");
  EXPECT_EQ(rondo_batcher_close(batcher), RONDO_OK);
  EXPECT_EQ(none.answers, 0) << "a call that failed was answered";
  expect_failed(rondo_batcher_drain(batcher), RONDO_INVALID_HANDLE, "was closed");
}

TEST(CBatcher, TakesThePool) {
  rondo_pool* pool = pool_of(1);
  auto wrong = sized<rondo_batcher_options>();
  wrong.struct_size = 0;
  rondo_batcher* batcher = nullptr;
  expect_failed(rondo_batcher_create(pool, &wrong, &batcher), RONDO_INVALID_VALUE, "options->struct_size");
  wrong = sized<rondo_batcher_options>();
  wrong.max_waiting = -1;
  expect_failed(rondo_batcher_create(pool, &wrong, &batcher), RONDO_INVALID_VALUE, "max_waiting");
  EXPECT_EQ(batcher, nullptr);
  ASSERT_EQ(rondo_batcher_create(pool, nullptr, &batcher), RONDO_OK) << "the pool was lost: " << rondo_last_error();
  std::int64_t slot = 0;
  expect_failed(rondo_pool_open_slot(pool, &slot), RONDO_INVALID_HANDLE, "pool");
  EXPECT_EQ(rondo_batcher_close(batcher), RONDO_OK);
}

TEST(CBatcher, AStreamEndsWithoutX) {
  rondo_batcher* batcher = batcher_of(1);
  CTensor x({2, I}, 0.5F);
  Told first, last, after;
  rondo_stream_request request = request_of("caller", x, true);
  ASSERT_EQ(rondo_batcher_submit(batcher, &request, Told::answer, &first, nullptr), RONDO_OK);
  request = request_of("caller", x, false);
  request.x = nullptr;
  request.end = 1;
  ASSERT_EQ(rondo_batcher_submit(batcher, &request, Told::answer, &last, nullptr), RONDO_OK);
  request = request_of("caller", x, false);
  ASSERT_EQ(rondo_batcher_submit(batcher, &request, Told::answer, &after, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_batcher_drain(batcher), RONDO_OK);
  EXPECT_EQ(first.outcome, RONDO_ANSWER_DONE);
  EXPECT_EQ(last.outcome, RONDO_ANSWER_DONE);
  EXPECT_EQ(after.outcome, RONDO_ANSWER_INVALID) << "the stream has not ended";
  EXPECT_EQ(rondo_batcher_close(batcher), RONDO_OK);
}

TEST(CBatcher, AStateGoesOnUnderAnotherKey) {
  rondo_batcher* batcher = batcher_of(2);
  CTensor x({2, I}, 0.5F);
  Told first, state, more, imported, after, again;
  rondo_stream_request request = request_of("caller", x, true);
  ASSERT_EQ(rondo_batcher_submit(batcher, &request, Told::answer, &first, nullptr), RONDO_OK);
  Told stepped;
  request.start = 0;
  request.wants_state = 1;
  ASSERT_EQ(rondo_batcher_submit(batcher, &request, Told::answer, &stepped, nullptr), RONDO_OK);
  request.wants_state = 0;
  auto moved = sized<rondo_stream_request>();
  moved.stream_name = "caller";
  ASSERT_EQ(rondo_batcher_export_state(batcher, &moved, Told::answer, &state, nullptr), RONDO_OK) << rondo_last_error();
  ASSERT_EQ(rondo_batcher_submit(batcher, &request, Told::answer, &more, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_batcher_drain(batcher), RONDO_OK);
  ASSERT_EQ(state.outcome, RONDO_ANSWER_DONE) << state.message;
  ASSERT_FALSE(state.state.empty());
  EXPECT_TRUE(first.state.empty());
  EXPECT_EQ(stepped.state, state.state);
  EXPECT_FALSE(stepped.y.empty());

  moved.stream_name = nullptr;
  moved.stream_number = 7;
  moved.state = state.state.data();
  moved.state_size = state.state.size();
  ASSERT_EQ(rondo_batcher_import_state(batcher, &moved, Told::answer, &imported, nullptr), RONDO_OK);
  request.stream_name = nullptr;
  request.stream_number = 7;
  ASSERT_EQ(rondo_batcher_submit(batcher, &request, Told::answer, &after, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_batcher_import_state(batcher, &moved, Told::answer, &again, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_batcher_drain(batcher), RONDO_OK);
  EXPECT_EQ(imported.outcome, RONDO_ANSWER_DONE) << imported.message;
  EXPECT_EQ(after.y, more.y);
  EXPECT_EQ(again.outcome, RONDO_ANSWER_INVALID) << "the stream has a state";
  EXPECT_EQ(rondo_batcher_close(batcher), RONDO_OK);
}

TEST(CBatcher, RefusesRequestsForStatesThatHaveSteps) {
  rondo_batcher* batcher = batcher_of(1);
  CTensor x({1, I}, 0.5F);
  Told none;
  rondo_stream_request request = request_of("caller", x, false);
  expect_failed(rondo_batcher_export_state(batcher, &request, Told::answer, &none, nullptr), RONDO_INVALID_VALUE,
                "x: got a tensor");
  request.state = "bytes";
  request.state_size = 5;
  expect_failed(rondo_batcher_submit(batcher, &request, Told::answer, &none, nullptr), RONDO_INVALID_VALUE, "state");
  expect_failed(rondo_batcher_import_state(batcher, &request, Told::answer, &none, nullptr), RONDO_INVALID_VALUE,
                "x: got a tensor");
  request.x = nullptr;
  request.end = 1;
  expect_failed(rondo_batcher_import_state(batcher, &request, Told::answer, &none, nullptr), RONDO_INVALID_VALUE,
                "end: got 1");
  request.end = 0;
  request.wants_state = 1;
  expect_failed(rondo_batcher_import_state(batcher, &request, Told::answer, &none, nullptr), RONDO_INVALID_VALUE,
                "wants_state: got 1");
  request.wants_state = 0;
  request.start = 1;
  expect_failed(rondo_batcher_import_state(batcher, &request, Told::answer, &none, nullptr), RONDO_INVALID_VALUE,
                "start: got 1");
  request.start = 0;
  expect_failed(rondo_batcher_export_state(batcher, &request, Told::answer, &none, nullptr), RONDO_INVALID_VALUE,
                "state: got bytes");
  request.state = nullptr;
  expect_failed(rondo_batcher_import_state(batcher, &request, Told::answer, &none, nullptr), RONDO_INVALID_VALUE,
                "state: got null");
  EXPECT_EQ(none.answers, 0) << "a call that failed was answered";
  request.state = "bytes";
  ASSERT_EQ(rondo_batcher_import_state(batcher, &request, Told::answer, &none, nullptr), RONDO_OK);
  EXPECT_EQ(none.outcome, RONDO_ANSWER_INVALID) << "it was not answered at once";
  EXPECT_NE(none.message.find("state: got 5 bytes"), std::string::npos) << none.message;
  EXPECT_EQ(rondo_batcher_close(batcher), RONDO_OK);
}

TEST(CBatcher, ACallbackMayNotCloseIt) {
  rondo_batcher* batcher = batcher_of(1);
  Told told;
  told.batcher = batcher;
  CTensor x({1, I}, 0.5F);
  const rondo_stream_request request = request_of("a", x, true);
  ASSERT_EQ(rondo_batcher_submit(batcher, &request, Told::answer, &told, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_batcher_drain(batcher), RONDO_OK);
  EXPECT_EQ(told.closed, RONDO_RUNTIME_ERROR);
  EXPECT_EQ(rondo_batcher_close(batcher), RONDO_OK);
}

// Threads submit while another one closes: each request that was taken is answered once.
TEST(CBatcher, EveryRequestThatWasTakenIsAnsweredOnceAlsoWhenItCloses) {
  for (int round = 0; round < 20; ++round) {
    rondo_batcher* batcher = batcher_of(4);
    std::atomic<int> accepted = 0;
    Told told[2];
    CTensor x({1, I}, 0.5F);
    const auto send = [&](int k) {
      rondo_stream_request request = request_of(nullptr, x, true);
      request.stream_number = static_cast<std::uint64_t>(k);
      for (int n = 0; n < 50; ++n) {
        const rondo_status status = rondo_batcher_submit(
            batcher, &request,
            [](void* user_data, const rondo_stream_answer* answer) {
              rondo_dl_free(answer->y);
              ++static_cast<Told*>(user_data)->answers;
            },
            &told[k], nullptr);
        if (status == RONDO_OK) ++accepted;
        EXPECT_TRUE(status == RONDO_OK || status == RONDO_INVALID_HANDLE) << rondo_last_error();
      }
    };
    std::thread first(send, 0), second(send, 1);
    std::this_thread::yield();
    EXPECT_EQ(rondo_batcher_close(batcher), RONDO_OK);
    first.join();
    second.join();
    EXPECT_EQ(told[0].answers + told[1].answers, accepted);
  }
}

}  // namespace
}  // namespace rondo
