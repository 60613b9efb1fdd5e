/* Two streams through a network of a file, stepped together by a pool, and each compared with a run of its whole sequence.

     stream NETWORK.safetensors */
#include <math.h>
#include <rondo_c.h>
#include <stdio.h>
#include <stdlib.h>

enum { T = 100, I = 3, H = 24, STREAMS = 2 };

static void check(rondo_status status) {
  if (status == RONDO_OK) return;
  fprintf(stderr, "%s: %s\n", rondo_status_name(status), rondo_last_error());
  exit(EXIT_FAILURE);
}

int main(int argc, char** argv) {
  static float x[T * STREAMS * I], together[T * STREAMS * H], alone[T * STREAMS * H];
  const int64_t x_shape[] = {T, STREAMS, I}, y_shape[] = {T, STREAMS, H};
  const int64_t x_step[] = {STREAMS, I}, y_step[] = {STREAMS, H};
  const rondo_pool_options options = {.struct_size = sizeof options, .slots = 1000, .max_rows = 64};
  const rondo_run_sizes sizes = {.struct_size = sizeof sizes, .T = T, .B = STREAMS};
  rondo_network* network = NULL;
  rondo_pool* pool = NULL;
  rondo_session* session = NULL;
  rondo_stream_chunk chunks[STREAMS];
  rondo_dl_tensor x_view, y_view;
  double largest = 0;
  if (argc != 2) return EXIT_FAILURE;
  for (int k = 0; k < T * STREAMS * I; ++k) x[k] = sinf(0.1F * (float)k);

  check(rondo_network_load(argv[1], NULL, &network));
  check(rondo_pool_create(network, &options, &pool));
  for (int k = 0; k < STREAMS; ++k) {
    chunks[k] = (rondo_stream_chunk){.struct_size = sizeof chunks[k]};
    check(rondo_pool_open_slot(pool, &chunks[k].slot));
  }
  for (int t = 0; t < T; ++t) {
    check(rondo_dl_view(x + t * STREAMS * I, 2, x_step, &x_view));
    check(rondo_dl_view(together + t * STREAMS * H, 2, y_step, &y_view));
    check(rondo_pool_run(pool, chunks, STREAMS, &x_view, &y_view));
  }
  check(rondo_pool_close(pool));

  check(rondo_network_session(network, &sizes, NULL, &session));
  check(rondo_network_close(network));
  check(rondo_dl_view(x, 3, x_shape, &x_view));
  check(rondo_dl_view(alone, 3, y_shape, &y_view));
  {
    const rondo_run run = {.struct_size = sizeof run, .x = &x_view, .y = &y_view};
    check(rondo_session_run(session, &run));
  }
  check(rondo_session_close(session));

  for (int k = 0; k < T * STREAMS * H; ++k) {
    largest = fmax(largest, fabs((double)together[k] - (double)alone[k]));
  }
  printf("Rondo %s: %d steps, the first stream's unit 0 ends at %.4f, at most %.1g off\n", rondo_version(), T,
         (double)together[(T - 1) * STREAMS * H], largest);
  return largest < 1e-5 ? EXIT_SUCCESS : EXIT_FAILURE;
}
