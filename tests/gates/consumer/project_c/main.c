#include <rondo_c.h>
#include <stdio.h>

int main(void) {
  rondo_recurrence lstm = {.struct_size = sizeof lstm, .T = 5, .B = 2, .I = 3, .H = 4};
  rondo_plan* plan = NULL;
  char* text = NULL;
  if (rondo_c_version() != RONDO_C_VERSION || rondo_plan_create(&lstm, NULL, &plan) != RONDO_OK ||
      rondo_plan_explain(plan, &text) != RONDO_OK) {
    fprintf(stderr, "%s\n", rondo_last_error());
    return 1;
  }
  puts(text);
  rondo_free(text);
  return rondo_plan_close(plan) == RONDO_OK ? 0 : 1;
}
