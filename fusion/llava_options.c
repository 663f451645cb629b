#include "fusion/llava_options.h"

#include "fusion/training.h"

enum { VISION_PART = 5 }; /* of the language model's rate, as LLaVA-NeXT's 2e-6 of 1e-5 */

void gaze_train_llava_defaults(gaze_train_llava_options *options) {
  *options = (gaze_train_llava_options){.run = gaze_training_usual(), .stage = 1, .val_every = 500};
  options->run.beta2 = 0.999;
}

static gaze_err check_sight(const gaze_train_llava_options *o) {
  if (o->vision_blocks && o->stage != 2)
    return gaze_fail(GAZE_ERR_ARGUMENT, "--vision-blocks: in stage 1 the projector learns alone: give --stage 2");
  if (o->vision_blocks && o->blind)
    return gaze_fail(GAZE_ERR_ARGUMENT, "--vision-blocks: --blind leaves nothing to look at: give one of them");
  if (o->blind && o->stage == 1)
    return gaze_fail(GAZE_ERR_ARGUMENT, "--blind: in stage 1 the projector learns alone, and there is nothing that it "
                                        "sees: give --stage 2");
  if (o->blind && o->lock_language)
    return gaze_fail(GAZE_ERR_ARGUMENT, "--lock-language: --blind leaves nothing else that learns: give one of them");
  if (o->model && (o->vision_layer || o->vision_select))
    return gaze_fail(GAZE_ERR_ARGUMENT, "--vision-layer, --vision-select: a model that is there has its own: they are "
                                        "for a new one, of --vision and --language");
  return GAZE_OK;
}

/* What learns of the language model, and how fast. */
static gaze_err check_language(const gaze_train_llava_options *o) {
  if (o->lora.rank && (o->stage == 1 || !o->model))
    return gaze_fail(GAZE_ERR_ARGUMENT, "nothing for LoRA to add to: --lora-rank: give --stage 2 and a model, -m");
  if (!o->lock_language)
    return GAZE_OK;
  if (o->stage == 1)
    return gaze_fail(GAZE_ERR_ARGUMENT,
                     "--lock-language: in stage 1 the projector learns alone as it is: give --stage 2");
  if (o->lora.rank || o->run.lr > 0)
    return gaze_fail(GAZE_ERR_ARGUMENT, "--lock-language: it does not learn: leave %s out",
                     o->lora.rank ? "--lora-rank" : "--lr");
  return GAZE_OK;
}

static gaze_err check_options(const gaze_train_llava_options *o) {
  bool parts = o->vision || o->language;
  if (!o->n_train_data)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no training data: --train-data: name tars or LLaVA's JSON");
  if (!o->out)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no folder to write to: --out: name one");
  if (o->stage != 1 && o->stage != 2)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no such stage: %d: 1 trains the projector, 2 the language model, too",
                     o->stage);
  if (o->model && parts)
    return gaze_fail(GAZE_ERR_ARGUMENT, "two models: -m, and --vision with --language: give one of them");
  if (!o->model && !(o->vision && o->language))
    return gaze_fail(GAZE_ERR_ARGUMENT, "no model: name one with -m, or --vision and --language for a new one");
  GAZE_TRY(check_language(o));
  if (!o->run.batch_size || !o->run.accum_freq)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no samples in a step: --batch-size and --accum-freq: give at least 1");
  return check_sight(o);
}

gaze_err gaze_llava_options_settle(gaze_train_llava_options *o) {
  GAZE_TRY(check_options(o));
  if (!(o->projector_lr > 0))
    o->projector_lr = o->stage == 1 ? 1e-3 : 2e-5;
  if (o->lock_language)
    o->run.lr = o->projector_lr;
  if (!(o->run.lr > 0))
    o->run.lr = o->lora.rank ? 2e-4 : 2e-5;
  if (!(o->vision_lr > 0))
    o->vision_lr = o->run.lr / VISION_PART;
  return GAZE_OK;
}
