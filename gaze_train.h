/* Training: not yet stable, the names follow open_clip's flags. */
#ifndef GAZE_TRAIN_H
#define GAZE_TRAIN_H

#include "gaze.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One line of metrics.jsonl, for a progress display. */
typedef struct gaze_train_progress {
  uint64_t step, steps; /* optimiser steps done, and in all */
  uint64_t samples; /* seen since the first step: picture-text pairs, lessons of a LLaVA, rows of a language model */
  double loss, lr, scale; /* of the last step; scale is exp of a CLIP's temperature */
  double samples_per_second, seconds_left;
  uint64_t tokens; /* of a language model, seen since the first step */
  double tokens_per_second;
} gaze_train_progress;

/* What all training runs have; lists and texts are borrowed. */
typedef struct gaze_train_run_options {
  /* Recipe. */
  uint64_t seed; /* of all that is random; the same gives the same model, bit for bit */
  double epochs; /* how often the data are gone through */
  size_t batch_size, accum_freq;
  double lr, beta1, beta2, eps, weight_decay, grad_clip_norm; /* grad_clip_norm 0: no clipping */
  const char *optimizer;    /* "adamw"; "muon": matrices inside of blocks by Muon, the rest by AdamW */
  uint64_t warmup;          /* steps */
  const char *lr_scheduler; /* "cosine", "const", "const-cooldown": in its last stretch the rate falls to 0 */
  bool grad_checkpointing;
  gaze_model_options compute; /* threads, cpu, precision */

  /* Output. */
  const char *resume;         /* NULL, "latest", or a checkpoint file */
  uint64_t save_every;        /* steps between checkpoints; 0: at the end alone; gaze_train_clip has save_frequency */
  uint64_t log_every_n_steps; /* a line of metrics.jsonl; 0: at the end alone */
  uint64_t stop_after;        /* steps in this call, 0: to the end: for runs in pieces */
  const char *model_dtype;    /* of the written model: "f32", "f16", "bf16" */

  const volatile int *stop; /* raised from a signal handler: checkpoint and return GAZE_ERR_INTERRUPTED */
  void (*progress)(void *user, const gaze_train_progress *progress);
  void (*said)(void *user, const char *line); /* what was read, measured, or written by the model; may be NULL */
  void *user;
} gaze_train_run_options;

typedef struct gaze_train_clip_options {
  gaze_train_run_options run;

  /* Data. Lists are borrowed. */
  const char *const *train_data; /* tars or CSV/TSV files */
  const double *upsampling;      /* [n_train_data] how often each sample is drawn relative to others; NULL: 1 */
  const double *groups;          /* [n_train_data] so many neighbours of a file are drawn one after another; NULL: 1 */
  size_t n_train_data;
  const char *const *val_data; /* retrieval is measured on it */
  size_t n_val_data;
  const char *dataset_type, *csv_img_key, *csv_caption_key, *csv_separator; /* NULL: see interfaces */
  const char *const *class_labels;    /* label files that turn classes into texts ... */
  const char *const *class_templates; /* ... each with its file of templates, "" for "a photo of a {}." */
  const double *class_weights;        /* [n_class_labels] NULL: 1 */
  size_t n_class_labels;

  /* Model: a folder to start from (with its optimiser state forgotten), or sizes of a new one. */
  const char *model;     /* NULL: new */
  const char *tokenizer; /* folder; NULL: the model's */
  size_t image_size, patch_size, vision_width, vision_layers, vision_heads;
  size_t text_width, text_layers, text_heads, context, dim; /* dim: of the joint space */

  /* Recipe. */
  uint64_t train_num_samples; /* of an epoch; 0: all that the data hold */
  double epochs_cooldown;     /* of const-cooldown: the last epochs */
  bool siglip, lock_image, lock_text;
  int lock_image_unlocked_groups; /* with lock_image: that many last groups still learn: projection, last block with
                                     the final norm, the blocks before it, patches with positions and first norm */
  double patch_dropout;           /* fraction of patches left out while training */
  double teacher_weight;          /* of the loss against KEY.teacher.npy; 0: teacher vectors are not read */
  const char
      *text_vectors; /* TEXTS.npy (float16 [n, D]) with TEXTS.txt beside it: a teacher's sentence vectors; NULL: none */
  double text_teacher_weight;                      /* of the loss against them */
  double scale_low, color_jitter, grayscale, flip; /* augmentation: smallest crop area, strength, probabilities; a
                                                    * picture whose text tells left from right is not flipped */
  const char *distill_model;                       /* a CLIP whose similarities are imitated too; NULL: none */
  int workers;

  /* Output: logs/name/{checkpoints,model,metrics.jsonl,report.html}. */
  const char *logs, *name;
  double save_frequency, val_frequency, zeroshot_frequency; /* epochs; 0: only at the end */
  const char *const *zeroshot_data;                         /* tar for zero-shot classification with class_labels[0] */
  size_t n_zeroshot_data;
} gaze_train_clip_options;

/* open_clip's defaults where it has them; sizes of gaze-mini. */
void gaze_train_clip_defaults(gaze_train_clip_options *options);
/* GAZE_ERR_DIVERGED: the loss became not finite; the last checkpoint is good and named in the message. */
GAZE_CHECKED gaze_err gaze_train_clip(const gaze_train_clip_options *options);

/* LoRA: instead of a language model's matrices pairs of small ones learn beside them, and an adapter is written in
 * place of a model, as peft has it. */
typedef struct gaze_lora_options {
  size_t rank;           /* 0: none */
  double alpha, dropout; /* alpha: over the rank, what a pair counts; 0: twice the rank */
  const char *targets;   /* some of "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj"; NULL or "all": all */
} gaze_lora_options;

typedef struct gaze_train_lm_options {
  gaze_train_run_options run; /* a batch is batch_size * context tokens, filled with whole pieces */

  /* Data: text files, .jsonl files with "text" in each line, tars with captions. Lists are borrowed. */
  const char *const *train_data;
  size_t n_train_data;
  const char *const *val_data; /* perplexity is measured on it */
  size_t n_val_data;
  const char *documents; /* where one ends in a text file: "paragraphs" (at blank lines), "lines", "files" */
  size_t max_bad;        /* rows that cannot be read, named in OUT/bad-rows.txt: one more ends the run */

  /* Model: a folder to start from, or a config.json with the sizes of a new one, or those here. */
  const char *model, *config;
  const char *tokenizer;                        /* folder; NULL: the model's */
  size_t layers, dim, heads, kv_heads, mlp_dim; /* kv_heads 0: as heads; mlp_dim 0: 8/3 of dim */
  bool untied;                                  /* a head of its own beside the embeddings */
  size_t context;                               /* longest piece of a document that is learned from; of a new model,
                                                 * all that it can read; 0: 256, or what the model reads if less */

  /* Recipe. */
  gaze_lora_options lora; /* of a model to start from */
  uint64_t steps;         /* 0: as many as `epochs` makes */
  uint64_t cooldown;      /* of const-cooldown: the last steps */

  /* Output: a Hugging Face folder, with checkpoints/, metrics.jsonl and report.html in it. */
  const char *out;
  uint64_t val_every;         /* steps; 0: at the end alone */
  const char *const *prompts; /* what the model goes on from whenever it is measured */
  size_t n_prompts, sample_tokens;
  float sample_temperature;
} gaze_train_lm_options;

void gaze_train_lm_defaults(gaze_train_lm_options *options);
/* GAZE_ERR_DIVERGED: the loss became not finite; the last checkpoint is good and named in the message. */
GAZE_CHECKED gaze_err gaze_train_lm(const gaze_train_lm_options *options);

typedef struct gaze_train_llava_options {
  gaze_train_run_options run; /* lr: of the decoder; 0: 2e-5, with LoRA 2e-4 */
  int stage; /* 1: the projector learns, from captions; 2: projector and decoder learn, from conversations */

  /* Data: tars with captions and qa, LLaVA's JSON. Lists are borrowed. */
  const char *const *train_data;
  size_t n_train_data;
  const char *const *image_data; /* tars in which pictures that JSON names are looked for, besides train_data */
  size_t n_image_data;
  const char *const *val_data; /* the loss of what is answered in these is measured */
  size_t n_val_data;
  const char *image_folder; /* of pictures whose paths are relative; NULL: each file's own */
  size_t max_bad;           /* pictures that cannot be read, conversations and questions that cannot be learned from,
                             * each named in OUT/bad-rows.txt: one more ends the run */

  /* Model: a folder to start from, or an image encoder and a language model, between which a new projector learns. */
  const char *model, *vision, *language;
  const char *chat_template; /* NULL: the language model's own */
  bool blind;                /* pictures are left out: what can be known without looking */
  bool lock_language;        /* of stage 2: the language model stays as it is */
  int vision_layer;          /* of a new model: behind which block of the image encoder it looks, as in
                              * vision_feature_layer; 0: -2 of a CLIP, -1 of a SigLIP */
  const char *vision_select; /* of a new model: "patch" or "cls_patch"; NULL: patches alone of a CLIP */

  /* Recipe. */
  uint64_t steps;       /* 0: as many as `epochs` makes */
  size_t context;       /* most rows of a sample; 0: what the decoder reads */
  double projector_lr;  /* 0: 1e-3 in stage 1, 2e-5 in stage 2 */
  uint64_t cooldown;    /* of const-cooldown: the last steps */
  size_t vision_blocks; /* in stage 2 so many blocks of the image encoder, the last that are run, learn, too */
  double vision_lr;     /* theirs; 0: a fifth of lr */

  gaze_lora_options lora; /* in stage 2 of a named model */

  /* Output: a Hugging Face folder, with checkpoints/, metrics.jsonl and report.html in it. */
  const char *out;
  uint64_t val_every; /* steps; 0: at the end alone */
} gaze_train_llava_options;

/* LLaVA-1.5's recipe. */
void gaze_train_llava_defaults(gaze_train_llava_options *options);
/* GAZE_ERR_DIVERGED: the loss became not finite; the last checkpoint is good and named in the message. */
GAZE_CHECKED gaze_err gaze_train_llava(const gaze_train_llava_options *options);

typedef struct gaze_train_tokenizer_options {
  const char *const *files; /* [n_files] text files, .jsonl files with "text", tars with captions, .tsv with labels */
  size_t n_files, vocab_size, min_frequency;
  const char *kind;      /* "clip", for gaze_train_clip; "lm", for gaze_train_lm; NULL: clip */
  const char *documents; /* of text files, as gaze_train_lm_options has it; NULL: lines */
  const char *folder;    /* where it is written */
} gaze_train_tokenizer_options;

/* Learns a byte-level BPE vocabulary. */
GAZE_CHECKED gaze_err gaze_train_tokenizer(const gaze_train_tokenizer_options *options);

typedef struct gaze_instructions_progress {
  uint64_t pictures, all; /* done, and in all */
  uint64_t records, bad;  /* written; left out or set aside */
} gaze_instructions_progress;

typedef struct gaze_instructions_options {
  const char *const
      *data; /* WebDataset tars, folders in which samples lie alike, CSV/TSV, LLaVA's JSON; borrowed as all is */
  size_t n_data;
  const char *out; /* LLaVA's JSON; OUT.bad.jsonl beside it names what was left out and why */
  const char
      *image_folder; /* pictures are written there under the names that OUT has; NULL: they stay where they are */
  bool conversation, detail, reasoning; /* which records are made of each picture */
  size_t turns;                         /* most turns of a conversation, by rules */
  double korean;                        /* share of the records in Korean, 0 to 1 */
  uint64_t seed;                        /* by rules the same seed gives the same bytes */
  uint64_t max_samples;                 /* pictures, the first ones; 0: all */
  uint64_t max_bad;                     /* more bad rows than this stop the run */

  /* By an OpenAI-compatible endpoint instead of by rules. Its key is in the environment: GAZE_API_KEY, OPENAI_API_KEY.
   * OUT.journal.jsonl keeps every answer, so that the same call goes on after a stop. */
  const char *endpoint, *endpoint_model; /* "https://host/v1"; NULL: by rules */
  double rate;                           /* most requests a minute; 0: any */
  size_t tries;                          /* of a request, before the run stops */
  double timeout, pause; /* seconds: for an answer; before the second try, twice as long before the next */
  double temperature;    /* below 0: the endpoint's own */
  size_t max_tokens;     /* of an answer; 0: the endpoint's own */
  bool retry_rejected;   /* ask again where an earlier answer was set aside */

  const volatile int *stop; /* raised from a signal handler: GAZE_ERR_INTERRUPTED */
  void (*progress)(void *user, const gaze_instructions_progress *progress);
  void *user;
} gaze_instructions_options;

/* All three records, 6 turns, no Korean, 100 bad rows, 6 tries, 300 seconds for an answer, 1 before
 * the second try. */
void gaze_make_instructions_defaults(gaze_instructions_options *options);
/* Writes questions and answers about pictures from their captions and boxes. *json, yours (free()): what was written.
 * GAZE_ERR_LIMIT: more bad rows than allowed. */
GAZE_CHECKED gaze_err gaze_make_instructions(const gaze_instructions_options *options, char **json);

#ifdef __cplusplus
}
#endif
#endif
