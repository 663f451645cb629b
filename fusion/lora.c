#include "fusion/lora.h"

#include "core/base/memory.h"
#include "core/base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name, *parameter;
} kinds[] = {{"q_proj", ".q_weight"},      {"k_proj", ".k_weight"},       {"v_proj", ".v_weight"},
             {"o_proj", ".out_weight"},    {"gate_proj", ".gate_weight"}, {"up_proj", ".up_weight"},
             {"down_proj", ".down_weight"}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static gaze_err find_kind(const char *name, size_t length, bool chosen[KINDS]) {
  for (size_t i = 0; i < KINDS; i++)
    if (strlen(kinds[i].name) == length && strncmp(kinds[i].name, name, length) == 0) {
      chosen[i] = true;
      return GAZE_OK;
    }
  return gaze_fail(GAZE_ERR_ARGUMENT, "no such target of LoRA: %.*s: give some of " GAZE_LORA_ALL ", or all",
                   (int)length, name);
}

static gaze_err read_targets(const char *targets, bool chosen[KINDS]) {
  memset(chosen, 0, KINDS * sizeof *chosen);
  for (const char *name = targets;; name++) {
    size_t length = strcspn(name, ",");
    GAZE_TRY(find_kind(name, length, chosen));
    name += length;
    if (!*name)
      return GAZE_OK;
  }
}

static bool is_chosen(const gaze_parameter *parameter, const bool chosen[KINDS]) {
  for (size_t i = 0; i < KINDS; i++)
    if (chosen[i] && gaze_ends_with(parameter->name, kinds[i].parameter))
      return true;
  return false;
}

static gaze_err check_options(const gaze_lora_options *o) {
  if (!(o->alpha > 0))
    return gaze_fail(GAZE_ERR_ARGUMENT, "LoRA's alpha: %g: give more than 0", o->alpha);
  if (!(o->dropout >= 0 && o->dropout < 1))
    return gaze_fail(GAZE_ERR_ARGUMENT, "LoRA's dropout: %g: give a share below 1", o->dropout);
  return GAZE_OK;
}

static gaze_err choose(gaze_lora *lora, const gaze_parameters *model) {
  bool chosen[KINDS];
  gaze_parameters *targets = &lora->targets;
  GAZE_TRY(read_targets(lora->options.targets, chosen));
  for (size_t i = 0; i < model->n; i++) {
    if (!is_chosen(&model->items[i], chosen))
      continue;
    GAZE_TRY(gaze_grow(&targets->items, &targets->capacity, targets->n + 1, sizeof *targets->items));
    targets->items[targets->n++] = model->items[i];
  }
  return targets->n ? GAZE_OK
                    : gaze_fail(GAZE_ERR_ARGUMENT, "no matrix for LoRA: %s: the model has none of these names",
                                lora->options.targets);
}

static gaze_err list_pair(gaze_lora *lora, size_t i) {
  const gaze_parameter *target = &lora->targets.items[i];
  gaze_low_rank *pair = &lora->items[i];
  size_t rank = lora->options.rank, first = lora->learned.n;
  *pair = (gaze_low_rank){
      .rank = rank, .scale = (float)(lora->options.alpha / (double)rank), .number = i, .step = &lora->step};
  GAZE_TRY(gaze_parameters_add(&lora->learned, target->name, ".A", &pair->a, &pair->da, rank, target->columns));
  GAZE_TRY(gaze_parameters_add(&lora->learned, target->name, ".B", &pair->b, &pair->db, target->rows, rank));
  lora->learned.items[first].decay = lora->learned.items[first + 1].decay = true; /* columns of rank 1, too */
  return GAZE_OK;
}

static gaze_err make_room(gaze_lora *lora) {
  size_t widest = 0, rank = lora->options.rank;
  for (size_t i = 0; i < lora->targets.n; i++)
    widest = lora->targets.items[i].columns > widest ? lora->targets.items[i].columns : widest;
  GAZE_TRY(gaze_alloc(GAZE_LOW_RANK_ROWS * rank, sizeof(float), &lora->step.hidden));
  GAZE_TRY(gaze_alloc(GAZE_LOW_RANK_ROWS * rank, sizeof(float), &lora->step.dhidden));
  return lora->step.dropout > 0 ? gaze_alloc(GAZE_LOW_RANK_ROWS * widest, sizeof(float), &lora->step.dropped) : GAZE_OK;
}

gaze_err gaze_lora_init(gaze_lora *lora, const gaze_lora_options *options, const gaze_parameters *model,
                        uint64_t seed) {
  *lora = (gaze_lora){.options = *options, .step = {.dropout = options->dropout, .seed = seed}};
  if (!options->targets || strcmp(options->targets, "all") == 0)
    lora->options.targets = GAZE_LORA_ALL;
  if (options->alpha == 0)
    lora->options.alpha = 2 * (double)options->rank;
  GAZE_TRY(check_options(&lora->options));
  GAZE_TRY(choose(lora, model));
  GAZE_TRY(gaze_alloc(lora->targets.n, sizeof *lora->items, &lora->items));
  for (size_t i = 0; i < lora->targets.n; i++)
    GAZE_TRY(list_pair(lora, i));
  return make_room(lora);
}

void gaze_lora_fini(gaze_lora *lora) {
  gaze_parameters_fini(&lora->targets);
  gaze_parameters_fini(&lora->learned);
  free(lora->items);
  free(lora->step.hidden);
  free(lora->step.dhidden);
  free(lora->step.dropped);
  *lora = (gaze_lora){0};
}

void gaze_lora_attach(gaze_lora *lora) {
  for (size_t i = 0; i < lora->targets.n; i++)
    lora->targets.items[i].weight->added = &lora->items[i];
}

void gaze_lora_randomise(const gaze_lora *lora, float *values) {
  for (size_t i = 0; i < lora->targets.n; i++) {
    const gaze_parameter *A = &lora->learned.items[2 * i], *B = A + 1;
    float *a = values + (gaze_f32(*A->weight) - values), *b = values + (gaze_f32(*B->weight) - values);
    double bound = 1 / sqrt((double)A->columns);
    gaze_random random;
    gaze_random_init(&random, lora->step.seed, i);
    for (size_t k = 0; k < gaze_parameter_count(A); k++)
      a[k] = (float)gaze_random_between(&random, -bound, bound);
    memset(b, 0, gaze_parameter_count(B) * sizeof *b);
  }
}
