// The simulated device's streams: their order, and refused uses.

#include <gtest/gtest.h>

#include <set>

#include "cuda/runtime/runtime.h"
#include "device/simt/device/stream_queue.h"
#include "rondo/vocabulary/error.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

using cuda_runtime::Graph;
using cuda_runtime::OwnedStream;

/// Two streams whose tasks append letters to a text.
struct Streams {
  OwnedStream a{cuda(0)};
  OwnedStream b{cuda(0)};
  std::string written;

  void write(const OwnedStream& stream, char letter) {
    simt::submit(stream.get(), [this, letter] { written += letter; });
  }
  std::string take() {
    simt::run_queued_work();
    return std::exchange(written, {});
  }
};

template <typename Queue>
std::set<std::string> orders(const Queue& queue) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const simt::StreamsInAnyOrder any_order(seed);
    Streams streams;
    queue(streams);
    seen.insert(streams.take());
  }
  return seen;
}

TEST(StreamQueue, RunsInAnyOrderWhatDoesNotWait) {
  const auto queue = [](Streams& streams) {
    streams.write(streams.a, '1');
    streams.write(streams.a, '2');
    streams.write(streams.b, 'x');
  };
  EXPECT_EQ(orders(queue), (std::set<std::string>{"12x", "1x2", "x12"}));
  Streams streams;
  queue(streams);
  EXPECT_EQ(streams.take(), "12x") << "in the order of queueing by default";
}

TEST(StreamQueue, WaitsAreKept) {
  EXPECT_EQ(orders([](Streams& streams) {
              streams.write(streams.a, '1');
              cuda_runtime::make_wait(streams.b.get(), streams.a.get());
              streams.write(streams.a, '2');
              streams.write(streams.b, 'x');
            }),
            (std::set<std::string>{"12x", "1x2"}));
}

TEST(StreamQueue, AGraphHasTheOrderOfItsStreams) {
  EXPECT_EQ(orders([](Streams& streams) {
              const Graph graph = Graph::record(streams.a.get(), [&] {
                streams.write(streams.a, '1');
                cuda_runtime::make_wait(streams.b.get(), streams.a.get());
                EXPECT_TRUE(cuda_runtime::is_recording(streams.b.get()));
                streams.write(streams.a, '2');
                streams.write(streams.b, 'x');
                cuda_runtime::make_wait(streams.a.get(), streams.b.get());
                streams.write(streams.a, '3');
              });
              EXPECT_FALSE(cuda_runtime::is_recording(streams.b.get()));
              graph.replay(streams.a.get());
            }),
            (std::set<std::string>{"12x3", "1x23"}));
}

TEST(StreamQueue, RefusesARecordingThatIsNotWhole) {
  Streams streams;
  expect_words<RuntimeError>(
      [&] {
        Graph::record(streams.a.get(), [&] {
          cuda_runtime::make_wait(streams.b.get(), streams.a.get());
          streams.write(streams.b, 'x');
        });
      },
      {"ending the recording", "not waited for"});
  expect_words<RuntimeError>(
      [&] { Graph::record(streams.a.get(), [&] { cuda_runtime::make_wait(streams.a.get(), streams.b.get()); }); },
      {"outside of its recording"});
  cuda_runtime::Event event(cuda(0));
  (void)Graph::record(streams.a.get(), [&] { event.record(streams.a.get()); });
  expect_words<RuntimeError>([&] { event.make_wait(streams.b.get()); }, {"is over"});
}

/// A wait for one stream does not wait for the other.
TEST(StreamQueue, SynchronisingIsForOneStream) {
  bool late = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const simt::StreamsInAnyOrder any_order(seed);
    Streams streams;
    streams.write(streams.a, '1');
    streams.write(streams.b, 'x');
    cuda_runtime::synchronize(streams.a.get());
    EXPECT_NE(streams.written.find('1'), std::string::npos);
    late = late || streams.written.find('x') == std::string::npos;
    simt::run_queued_work();
  }
  EXPECT_TRUE(late);
}

}  // namespace
}  // namespace rondo::test
