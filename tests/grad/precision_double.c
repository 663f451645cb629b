/* precision_double RUN: writes what a run gives in double. */
#include "tests/grad/grad.h"
#include "tests/grad/precision.h"

#include <stdio.h>
#include <stdlib.h>

_Static_assert(sizeof(float) == 8, "float means double here");

static void write_result(void *user, const char *name, const float *values, size_t n) {
  precision_header header = {.n = n};
  snprintf(header.name, sizeof header.name, "%s", name);
  fwrite(&header, sizeof header, 1, user);
  fwrite(values, sizeof *values, n, user);
}

int main(int argc, char **argv) {
  gaze_kernels kernels;
  grad_kernels_init(&kernels);
  precision_run(argc > 1 ? strtoul(argv[1], NULL, 10) : 0, &kernels, NULL, write_result, stdout);
  return fflush(stdout) == 0 ? 0 : 1;
}
