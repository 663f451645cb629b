/* gaze: vision-language toolkit. The stable C API, and all that the command line uses.
 *
 *   gaze_model *model;
 *   if (gaze_model_open("samples/models/gaze-mini", NULL, &model) != GAZE_OK) puts(gaze_last_error());
 *   float vector[GAZE_DIM_MAX];
 *   gaze_embed_file(model, "cat.jpg", NULL, vector);          // unit vector of gaze_model_dim(model) floats
 *   gaze_model_close(model);
 *
 * Conventions. Every function that can fail returns gaze_err; results come back through the last
 * parameters and are untouched on failure; gaze_last_error() then holds one line for a person. Pointers
 * are *borrowed* (valid as long as their owner), *taken* (gaze frees them) or *yours* (you free them with
 * the named function). `free` and `close` accept NULL. Shapes: B batch, C channels, D dimension. */
#ifndef GAZE_H
#define GAZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GAZE_VERSION "0.1.0"
#define GAZE_DIM_MAX 4096

#if defined(__GNUC__)
#define GAZE_CHECKED __attribute__((warn_unused_result))
#else
#define GAZE_CHECKED
#endif

typedef enum gaze_err {
  GAZE_OK = 0,
  GAZE_ERR_ARGUMENT = 1,     /* the caller asked for something that makes no sense */
  GAZE_ERR_NOT_FOUND = 2,    /* file, model, label or table is not there */
  GAZE_ERR_IO = 3,           /* the operating system refused: permission, full disk, ... */
  GAZE_ERR_FORMAT = 4,       /* bytes do not follow their format, or end too early */
  GAZE_ERR_UNSUPPORTED = 5,  /* well formed, but nothing gaze implements */
  GAZE_ERR_LIMIT = 6,        /* larger than an agreed limit */
  GAZE_ERR_MISMATCH = 7,     /* two things disagree: configuration and weights, model and index */
  GAZE_ERR_MEMORY = 8,       /* out of memory */
  GAZE_ERR_BUSY = 9,         /* somebody else holds the file */
  GAZE_ERR_INTERRUPTED = 10, /* the caller's stop flag was raised */
  GAZE_ERR_DIVERGED = 11,    /* training became not finite */
  GAZE_ERR_CORRUPT = 12      /* a database whose contents contradict one another */
} gaze_err;

/* One line for a person: "what happened: what it concerned: what to do". Thread-local, never NULL. */
const char *gaze_last_error(void);
const char *gaze_err_name(gaze_err code);

/* Called for warnings ("text cut at 77 tokens"); default prints "gaze: ..." on stderr. NULL silences. */
typedef void gaze_warn_fn(const char *line);
void gaze_set_warn(gaze_warn_fn *warn);

/* ---- Pictures ------------------------------------------------------------------------------- */

typedef struct gaze_picture_options {
  double max_megapixels;   /* refuse larger pictures before allocating; 0 means 200 */
  bool allow_truncated;    /* decode what is there of a file that ends early */
  bool ignore_orientation; /* leave the picture as stored, as reference CLIP code does */
  bool drop_alpha;         /* take the colours under transparency as stored; default: onto white */
  bool fast_decode;        /* libjpeg-turbo's scaled decoding, when the picture is at least twice fast_target */
  int fast_target;         /* shorter side in pixels that must remain; 0 means the model's input */
} gaze_picture_options;

typedef struct gaze_picture {
  uint8_t *rgb; /* [height, width, 3], yours: gaze_picture_fini */
  int width, height;
} gaze_picture;

/* What a picture file says of itself besides its pixels. Absent: empty string, has_position false. */
typedef struct gaze_picture_facts {
  int width, height;          /* after orientation */
  char taken[20];             /* "YYYY-MM-DD HH:MM:SS", EXIF DateTimeOriginal, else DateTime */
  char camera[80];            /* make and model, the make not said twice */
  double latitude, longitude; /* degrees, north and east positive */
  bool has_position;
} gaze_picture_facts;

/* JPEG, PNG, WebP (HEIC, AVIF when built with libheif), told apart by content. `name` is for messages
 * only. facts may be NULL, options may be NULL (defaults). */
GAZE_CHECKED gaze_err gaze_picture_decode(const void *bytes, size_t size, const char *name,
                                          const gaze_picture_options *options, gaze_picture_facts *facts,
                                          gaze_picture *out);
GAZE_CHECKED gaze_err gaze_picture_open(const char *path, const gaze_picture_options *options,
                                        gaze_picture_facts *facts, gaze_picture *out);
void gaze_picture_fini(gaze_picture *picture);

/* ---- Models --------------------------------------------------------------------------------- */

typedef enum gaze_precision { GAZE_PRECISION_F32 = 0, GAZE_PRECISION_BF16 = 1, GAZE_PRECISION_INT8 = 2 } gaze_precision;

typedef struct gaze_model_options {
  int threads;              /* 0: all processors */
  const char *cpu;          /* most advanced level allowed: c avx2 avx512 vnni bf16 neon; NULL: what is there */
  gaze_precision precision; /* of matrix products */
  bool verbose;             /* say which kernels are used, and what the text cache spared */
  bool text_cache;          /* keep what texts give in $XDG_CACHE_HOME/gaze/texts: of labels, and of text queries */
} gaze_model_options;

typedef struct gaze_model gaze_model;

/* name: a folder, a Hugging Face id in the local hub cache, or a name in the model folder
 * ($XDG_DATA_HOME/gaze/models). NULL: $GAZE_MODEL, else the shipped gaze-mini. A folder without tokenizer opens, and
 * texts are GAZE_ERR_NOT_FOUND. */
GAZE_CHECKED gaze_err gaze_model_open(const char *name, const gaze_model_options *options, gaze_model **out);
/* A model's tokenizer alone, for gaze_tokenize and gaze_token_text; nothing else may be asked of it. name: as above, a
 * folder that holds no more than a tokenizer, or a .gguf file. */
GAZE_CHECKED gaze_err gaze_model_open_tokenizer(const char *name, gaze_model **out);
void gaze_model_close(gaze_model *model);

int gaze_model_dim(const gaze_model *model);           /* D of the joint space */
int gaze_model_context(const gaze_model *model);       /* most tokens of a text */
float gaze_model_logit_scale(const gaze_model *model); /* exp of the learned temperature */
const char *gaze_model_path(const gaze_model *model);  /* borrowed */
/* 32 hex digits over weights, configuration and preprocessing: the name of a model in caches and indexes. */
GAZE_CHECKED gaze_err gaze_model_key(gaze_model *model, char key[33]);
/* Family, sizes, dtypes, context as a JSON object; yours: free(). */
GAZE_CHECKED gaze_err gaze_model_info_json(gaze_model *model, char **json);
/* The same of a GGUF file, of any kind of model, by its metadata. */
GAZE_CHECKED gaze_err gaze_gguf_info_json(const char *path, char **json);
/* The same of a folder of a model that answers, with its tokenizer and chat template. */
GAZE_CHECKED gaze_err gaze_assistant_info_json(const char *name, char **json);
/* Whether a model's folder is of one that answers; nothing but its config.json is read. */
GAZE_CHECKED gaze_err gaze_model_answers(const char *name, bool *answers);

/* Writes a model's folder with the matrices of its linear layers in bf16 or int8; it opens in a fraction of the time.
 */
GAZE_CHECKED gaze_err gaze_model_quantise(const char *name, gaze_precision precision, const char *folder);
/* Writes a model's folder, whose weights have taken up what LoRA learned: adapter is a folder as peft has it. model:
 * NULL for the one that the adapter names. */
GAZE_CHECKED gaze_err gaze_model_merge(const char *model, const char *adapter, const char *folder);
/* Writes a folder in place of the first of n models' (n >= 1), every weight of which is the mean of theirs (model
 * soups, arXiv:2203.05482; of a model before and after its tuning, WiSE-FT, arXiv:2109.01903). shares[i] is what
 * models[i] counts, at least 0, NULL for all alike; their sum is what is divided by. GAZE_ERR_MISMATCH names the tensor
 * that the models do not have alike. */
GAZE_CHECKED gaze_err gaze_model_average(const char *const *models, const double *shares, size_t n, const char *folder);
/* What the matrices of a language model become in a GGUF file; where rows have no whole blocks, another that fits. */
typedef enum gaze_quantisation {
  GAZE_TO_F32,
  GAZE_TO_F16,
  GAZE_TO_Q8_0,
  GAZE_TO_Q4_K,  /* the output head is Q6_K */
  GAZE_TO_Q4_K_M /* values and what leads back from an MLP are in half of the layers, too, as llama.cpp has it */
} gaze_quantisation;

/* Writes a language model's folder with its tokenizer and chat template as one GGUF file, which llama.cpp reads too.
 * *projector: the file beside it that a model that sees becomes as well, mmproj-NAME-f16.gguf (f32 with F32), yours:
 * free(); NULL where it does not see. projector NULL: the language model alone. */
GAZE_CHECKED gaze_err gaze_model_write_gguf(const char *name, gaze_quantisation to, const char *path, char **projector);
/* Runs what another implementation computed of a model (a folder that samples/verify/make_reference.py wrote; NULL:
 * gaze-reference in the model's) through it: decoding, resizing, token ids, every block of both towers, embeddings,
 * similarity. *same: no stage parts. json: {"result": "PASS"|"FAIL", "first": the first stage that parts, "hint",
 * "stages": [{"stage", "status": "same"|"parts"|"shown"|"skipped", "max_abs", "relative", "cosine", "detail"}], ...};
 * yours: free(). The folder needs no tokenizer: then token ids are skipped. */
GAZE_CHECKED gaze_err gaze_model_verify(const char *name, const gaze_model_options *options, const char *reference,
                                        bool *same, char **json);

/* Unit vectors. out: [n, D], yours. */
GAZE_CHECKED gaze_err gaze_embed_pictures(gaze_model *model, const gaze_picture *pictures, size_t n, float *out);
GAZE_CHECKED gaze_err gaze_embed_texts(gaze_model *model, const char *const *texts, size_t n, float *out);
GAZE_CHECKED gaze_err gaze_embed_file(gaze_model *model, const char *path, const gaze_picture_options *options,
                                      float *out);
/* Decodes and encodes n files side by side. status[i] tells of each; messages[i] (NULL or yours: free())
 * holds the failed ones' lines; rows of failed files are zero. Fails only when nothing can be done. */
GAZE_CHECKED gaze_err gaze_embed_files(gaze_model *model, const char *const *paths, size_t n,
                                       const gaze_picture_options *options, float *out, gaze_err *status,
                                       char **messages);

/* Ids of a text, with start and end tokens unless `bare`, uncut. *ids is yours: free(). */
GAZE_CHECKED gaze_err gaze_tokenize(gaze_model *model, const char *text, bool bare, int32_t **ids, size_t *n);
/* The vocabulary's own spelling of an id (`dog</w>`); borrowed; NULL when there is no such id. */
const char *gaze_token_text(gaze_model *model, int32_t id);

/* ---- Hugging Face's hub --------------------------------------------------------------------- */

typedef struct gaze_pull_file {
  const char *path; /* borrowed, for the time of the call */
  uint64_t bytes;
  bool present; /* it is in the cache already */
} gaze_pull_file;

typedef struct gaze_pull_options {
  const char *revision;     /* branch, tag or commit; NULL: main */
  const char *const *files; /* n_files paths in the repository; none: what a model needs */
  size_t n_files;
  const volatile int *stop;                                        /* raised from a signal handler */
  void (*plan)(void *user, const gaze_pull_file *files, size_t n); /* before the first file; may be NULL */
  void (*progress)(void *user, uint64_t done, uint64_t total, const char *path); /* bytes; may be NULL */
  void *user;
  double pause; /* seconds before a second try, longer before a third; 0: 0.5 */
  double stall; /* seconds without a byte after which a connection is given up, at least 1; 0: 30 */
} gaze_pull_options;

/* Downloads ORG/REPO into the hub cache, as far as it is not there; what was begun is gone on with. options may be
 * NULL. GAZE_ERR_BUSY: another process does so. json: {"model", "commit", "folder", "files": [{"path", "bytes",
 * "downloaded"}]}; yours: free(). Not while other threads change the environment. */
GAZE_CHECKED gaze_err gaze_model_pull(const char *name, const gaze_pull_options *options, char **json);
/* What lies in the hub cache: [{"name", "path", "bytes", "complete"}]; yours: free(). */
GAZE_CHECKED gaze_err gaze_hub_list_json(char **json);

/* ---- Zero-shot classes ---------------------------------------------------------------------- */

typedef struct gaze_classifier gaze_classifier;

/* Templates by name: "imagenet" (the 80 of OpenAI's CLIP) or "simple" (7 of them), else of a file, one a line, # begins
 * a comment. *templates is yours: one free() for all. GAZE_ERR_ARGUMENT names the lists there are. */
GAZE_CHECKED gaze_err gaze_templates_get(const char *name, const char ***templates, size_t *n);

/* n labels, each `name[|synonym...]`. Templates hold `{}`; every synonym goes through every template,
 * the unit vectors are averaged and made unit again (open_clip's build_zero_shot_classifier).
 * n_templates 0: "a photo of a {}.". */
GAZE_CHECKED gaze_err gaze_classifier_new(gaze_model *model, const char *const *labels, size_t n,
                                          const char *const *templates, size_t n_templates, gaze_classifier **out);
void gaze_classifier_free(gaze_classifier *classifier);
/* From here on there is one answer more, behind the labels: none of them. In a softmax it weighs as much as all n
 * labels would if the picture fitted them as well as it fits the average of some coarse kinds of pictures; with a
 * sigmoid it is what the best label leaves of 1. */
GAZE_CHECKED gaze_err gaze_classifier_add_none(gaze_classifier *classifier, gaze_model *model);
/* vector: unit [D]; probabilities: [n], one more with none, yours: softmax of logit_scale * cosine. For SigLIP sigmoids
 * of logit_scale * cosine + bias: each label by itself, they do not sum to 1. */
void gaze_classifier_run(const gaze_classifier *classifier, const float *vector, float *probabilities);

/* ---- Index of photos (SQLite) --------------------------------------------------------------- */

/* How an index turns files into vectors without knowing a model. prepare is called from several threads at
 * once and writes item_size bytes; encode is called from one thread at a time with items side by side. */
typedef struct gaze_embedder {
  void *user;
  const char *model_key; /* borrowed */
  int dim;
  size_t item_size;
  gaze_err (*prepare)(void *user, const void *bytes, size_t size, const char *path, void *item,
                      gaze_picture_facts *facts);
  gaze_err (*encode)(void *user, const void *items, size_t n, float *vectors); /* [n, dim], unit */
  const char *model_path; /* borrowed; kept for people to read, NULL: unknown */
  int64_t variant; /* which options stand behind its vectors; kept with each, and those of another are made again */
} gaze_embedder;

/* An embedder that borrows the model. options (may be NULL) is copied. */
GAZE_CHECKED gaze_err gaze_model_embedder(gaze_model *model, const gaze_picture_options *options, gaze_embedder *out);
void gaze_model_embedder_fini(gaze_embedder *embedder);

typedef struct gaze_index gaze_index;

typedef enum gaze_index_mode { GAZE_INDEX_READ = 0, GAZE_INDEX_WRITE = 1 /* creates it when absent */ } gaze_index_mode;

/* path NULL: $XDG_DATA_HOME/gaze/photos.db. A database of another program, or of a newer gaze, is refused. */
GAZE_CHECKED gaze_err gaze_index_open(const char *path, gaze_index_mode mode, gaze_index **out);
void gaze_index_close(gaze_index *index);

typedef struct gaze_index_progress {
  size_t seen, done, total; /* files walked; files finished; files to embed in all, 0 while unknown */
  const char *path;         /* borrowed, for the time of the call */
} gaze_index_progress;

typedef struct gaze_index_options {
  const char *const *exclude; /* globs on names and relative paths, on top of the defaults */
  size_t n_exclude;
  bool forget;              /* photos of folders that are gone or empty too: their disk may only be away */
  int threads;              /* that prepare pictures; 0: all processors */
  const volatile int *stop; /* raised from a signal handler: finish what is in flight, commit, return */
  void (*progress)(void *user, const gaze_index_progress *progress);
  void (*failed)(void *user, const char *path, const char *message); /* one file could not be read */
  void *user;
} gaze_index_options;

typedef struct gaze_index_stats {
  size_t added, updated, moved, unchanged, removed, failed;
  double seconds;
} gaze_index_stats;

GAZE_CHECKED gaze_err gaze_index_update(gaze_index *index, const gaze_embedder *embedder, const char *const *folders,
                                        size_t n_folders, const gaze_index_options *options, gaze_index_stats *stats);

typedef struct gaze_search_options {
  size_t top;                 /* 0: 10 */
  float min_score;            /* cosine; -1 keeps all */
  const char *folder;         /* NULL or a folder, deep */
  const char *after, *before; /* NULL or YYYY[-MM[-DD]]: photos taken on or after, and before the end of */
  const char *camera;         /* NULL or a part of its name, any case */
} gaze_search_options;

typedef struct gaze_hit {
  const char *path; /* borrowed from the hits */
  float score;      /* cosine with the query */
} gaze_hit;

/* query: unit [dim]. *hits is yours: free() (paths live in the same block). Best first. */
GAZE_CHECKED gaze_err gaze_search(gaze_index *index, const char *model_key, const float *query, int dim,
                                  const gaze_search_options *options, gaze_hit **hits, size_t *n);

/* The query language of rclip: parts joined by " + " and " - " (at the start "-" too), each `text`, `./image` or a
 * path to one, or with a weight `2:text`. Sums the unit vectors and makes the sum unit. query_vector: [D]. */
GAZE_CHECKED gaze_err gaze_query_embed(gaze_model *model, const char *query, const gaze_picture_options *options,
                                       float *query_vector);

/* Where bytes are kept between processes, by 32 hex digits. get: *bytes is malloc'ed for the caller. What fails costs
 * time alone. */
typedef struct gaze_keep {
  gaze_err (*get)(void *user, const char *key, void **bytes, size_t *size);
  gaze_err (*put)(void *user, const char *key, const void *bytes, size_t size);
  void *user;
} gaze_keep;

/* In a SQLite file of at most `limit` bytes (0: 2 GiB); what was not used for longest goes first. path NULL:
 * $XDG_CACHE_HOME/gaze/pictures.db. What is damaged is not given, a damaged file is made anew. */
GAZE_CHECKED gaze_err gaze_keep_open(const char *path, uint64_t limit, gaze_keep *out);
void gaze_keep_close(gaze_keep *keep);

/* Counts by model, sizes, schema version as a JSON object; yours: free(). */
GAZE_CHECKED gaze_err gaze_index_info_json(gaze_index *index, char **json);
/* Integrity of the file and of what it says; GAZE_ERR_CORRUPT with the first contradiction. */
GAZE_CHECKED gaze_err gaze_index_check(gaze_index *index);
GAZE_CHECKED gaze_err gaze_index_compact(gaze_index *index);
/* Calls row once a photo and model; vector [dim] is borrowed for the time of the call. model_key NULL: all. */
typedef gaze_err gaze_export_fn(void *user, const char *path, const char *hash, const char *model_key,
                                const gaze_picture_facts *facts, const float *vector, int dim);
GAZE_CHECKED gaze_err gaze_index_export(gaze_index *index, const char *model_key, gaze_export_fn *row, void *user);

/* ---- Measuring a model ---------------------------------------------------------------------- */

/* data: WebDataset tars (paths, n). labels_file: `CLASS<TAB>LABEL[|SYNONYM...]` lines, or a label a line.
 * metrics: a JSON object in CLIP_benchmark's shape, and in its "failed" the samples that cannot be read, which the
 * figures leave out; yours: free(). GAZE_ERR_FORMAT when all are such. */
GAZE_CHECKED gaze_err gaze_eval_classification(gaze_model *model, const char *const *tars, size_t n,
                                               const char *labels_file, const char *const *templates,
                                               size_t n_templates, char **metrics);
/* The same, with what gaze_classifier_add_none would do: false_reject is the share of samples where none of the labels
 * wins, true_reject the share where it does once the right label is taken away. At least two labels. */
GAZE_CHECKED gaze_err gaze_eval_rejection(gaze_model *model, const char *const *tars, size_t n, const char *labels_file,
                                          const char *const *templates, size_t n_templates, char **metrics);
GAZE_CHECKED gaze_err gaze_eval_retrieval(gaze_model *model, const char *const *tars, size_t n, char **metrics);

/* ---- Files ---------------------------------------------------------------------------------- */

/* float32 [rows, columns], NumPy format 1.0, whole or absent. path "-": standard output. */
GAZE_CHECKED gaze_err gaze_npy_save(const char *path, const float *data, size_t rows, size_t columns);

#ifdef __cplusplus
}
#endif
#endif
