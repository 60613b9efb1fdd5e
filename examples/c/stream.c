/* Streams the steps of a sequence through a network of a file, one step a call, and compares with one run of all steps.

     stream NETWORK.safetensors */
#include <math.h>
#include <rondo_c.h>
#include <stdio.h>
#include <stdlib.h>

enum { T = 100, I = 3, H = 24 };

static void check(rondo_status status) {
  if (status == RONDO_OK) return;
  fprintf(stderr, "%s: %s\n", rondo_status_name(status), rondo_last_error());
  exit(EXIT_FAILURE);
}

static rondo_dl_tensor view(float* data, const int64_t shape[3]) {
  rondo_dl_tensor tensor;
  check(rondo_dl_view(data, 3, shape, &tensor));
  return tensor;
}

int main(int argc, char** argv) {
  static float x[T * I], whole[T * H], steps[T * H], h[H], c[H];
  const int64_t state_shape[] = {1, H}, x_shape[] = {T, 1, I}, y_shape[] = {T, 1, H}, x_step[] = {1, 1, I},
                y_step[] = {1, 1, H};
  rondo_network* network = NULL;
  rondo_session *all = NULL, *one = NULL;
  rondo_run_sizes sizes = {.struct_size = sizeof sizes, .T = T, .B = 1};
  rondo_dl_tensor states[2];
  const rondo_dl_tensor* state_list[2] = {&states[0], &states[1]};
  double largest = 0;
  if (argc != 2) return EXIT_FAILURE;
  for (int k = 0; k < T * I; ++k) x[k] = sinf(0.1F * (float)k);

  check(rondo_network_load(argv[1], NULL, &network));
  check(rondo_network_session(network, &sizes, NULL, &all));
  sizes.T = 1;
  check(rondo_network_session(network, &sizes, NULL, &one));
  check(rondo_network_close(network));

  {
    const rondo_dl_tensor x_all = view(x, x_shape), y_all = view(whole, y_shape);
    const rondo_run run = {.struct_size = sizeof run, .x = &x_all, .y = &y_all};
    check(rondo_session_run(all, &run));
  }
  check(rondo_dl_view(h, 2, state_shape, &states[0]));
  check(rondo_dl_view(c, 2, state_shape, &states[1]));
  for (int t = 0; t < T; ++t) {
    const rondo_dl_tensor x_t = view(x + t * I, x_step), y_t = view(steps + t * H, y_step);
    const rondo_run run = {.struct_size = sizeof run,
                           .x = &x_t,
                           .y = &y_t,
                           .initial_states = state_list,
                           .final_states = state_list, /* the same memory: states go from step to step */
                           .initial_state_count = 2,
                           .final_state_count = 2};
    check(rondo_session_run(one, &run));
  }
  check(rondo_session_close(all));
  check(rondo_session_close(one));

  for (int k = 0; k < T * H; ++k) largest = fmax(largest, fabs((double)whole[k] - (double)steps[k]));
  printf("Rondo %s: %d steps, unit 0 ends at %.4f, at most %.1g off\n", rondo_version(), T, (double)h[0], largest);
  return largest < 1e-5 ? EXIT_SUCCESS : EXIT_FAILURE;
}
