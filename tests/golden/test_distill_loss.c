/* The loss of distillation and its gradients as open_clip gives them. */
#include "clip_fixtures.h"

#include "core/base/cpu.h"
#include "fusion/contrastive.h"

#include <stdlib.h>

typedef struct fixture {
  const char *name;
  gaze_safetensors *file;
} fixture;

static const float *numbers(const fixture *f, const char *name) { return find_tensor(f->file, name)->data; }

static void check(const fixture *f, const char *name, const float *got, size_t n) {
  assert_int_equal(find_tensor(f->file, name)->shape[0], n);
  check_near(f->name, name, got, numbers(f, name), n);
}

static void check_gradient(const fixture *f, const char *name, const float *got, size_t n, size_t dim) {
  assert_int_equal(find_tensor(f->file, name)->shape[1], dim);
  check_near(f->name, name, got, numbers(f, name), n * dim);
}

static void check_case(const fixture *f, const gaze_kernels *kernels) {
  const gaze_tensor *images = find_tensor(f->file, "images");
  size_t n = images->shape[0], dim = images->shape[1];
  const gaze_compute compute = {.kernels = kernels};
  const gaze_imitated imitated = {numbers(f, "imitated_images"), numbers(f, "imitated_texts"),
                                  find_tensor(f->file, "imitated_images")->shape[1], numbers(f, "imitated_scale")[0]};
  gaze_contrastive loss = {.scale = numbers(f, "scale")[0]};
  float *dimages = calloc(n * dim, sizeof *dimages), *dtexts = calloc(n * dim, sizeof *dtexts);
  float *scratch = calloc(gaze_contrastive_scratch(n), sizeof *scratch);
  gaze_info_nce(&compute, dimages, dtexts, &loss, images->data, numbers(f, "texts"), NULL, n, dim, scratch);
  float contrastive = (float)loss.loss;
  float distilled = (float)gaze_distill_loss(&compute, dimages, dtexts, &loss, images->data, numbers(f, "texts"),
                                             &imitated, n, dim, scratch);
  check(f, "contrastive_loss", &contrastive, 1);
  check(f, "distill_loss", &distilled, 1);
  check(f, "dlog_scale", &loss.dlog_scale, 1);
  check_gradient(f, "dimages", dimages, n, dim);
  check_gradient(f, "dtexts", dtexts, n, dim);
  assert_true((float)loss.loss == contrastive);
  free(dimages);
  free(dtexts);
  free(scratch);
}

static void loss_equals_open_clip(void **state) {
  static const char *const names[] = {"../distill/soft", "../distill/hard"}, *const levels[] = {"c", "avx2", "avx512"};
  for (size_t i = 0; i < 2; i++)
    for (size_t j = 0; j < sizeof levels / sizeof *levels; j++) {
      unsigned mask;
      gaze_kernels kernels;
      assert_int_equal(gaze_cpu_mask(levels[j], &mask), GAZE_OK);
      gaze_kernels_init(&kernels, gaze_cpu_detect() & mask);
      fixture f = {names[i], open_clip_tensors(names[i])};
      check_case(&f, &kernels);
      gaze_safetensors_close(f.file);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(loss_equals_open_clip)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
