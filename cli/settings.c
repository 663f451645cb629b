#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>

settings given;

const option_row common_options[] = {
    {"model", 'm', OPTION_TEXT, "MODEL", &given.model,
     "a folder, a Hugging Face id in the local cache, or a name in the model folder [$GAZE_MODEL, else what ships with "
     "gaze]",
     0, 0},
    {"threads", 0, OPTION_INT, "N", &given.threads, "processors to use [all]", 1, 4096},
    {"cpu", 0, OPTION_CHOICE, "c|avx2|avx512|vnni|bf16|neon", &given.cpu, "use no more of the processor than this", 0,
     0},
    {"precision", 0, OPTION_CHOICE, "f32|bf16|int8", &given.precision, "of matrix products [f32]", 0, 0},
    {"json", 0, OPTION_SWITCH, NULL, &given.json, "results as JSON", 0, 0},
    {"quiet", 'q', OPTION_SWITCH, NULL, &given.quiet, "no progress, no warnings", 0, 0},
    {"verbose", 'v', OPTION_SWITCH, NULL, &given.verbose, "say more on standard error", 0, 0},
    {"help", 'h', OPTION_SWITCH, NULL, &given.help, "this text", 0, 0},
    {"version", 0, OPTION_SWITCH, NULL, &given.version, "the version", 0, 0},
    {0},
};

const option_row picture_options[] = {
    {"max-megapixels", 0, OPTION_DOUBLE, "N", &given.pictures.max_megapixels, "refuse larger pictures [200]", 0.001,
     1e6},
    {"allow-truncated", 0, OPTION_SWITCH, NULL, &given.pictures.allow_truncated,
     "take what is there of a file that ends early", 0, 0},
    {"no-orientation", 0, OPTION_SWITCH, NULL, &given.pictures.ignore_orientation,
     "do not turn pictures as their EXIF says", 0, 0},
    {"fast-decode", 0, OPTION_SWITCH, NULL, &given.pictures.fast_decode, "decode large JPEG pictures at a lower scale",
     0, 0},
    {0},
};

gaze_precision settings_precision(void) {
  if (given.precision && strcmp(given.precision, "bf16") == 0)
    return GAZE_PRECISION_BF16;
  return given.precision && strcmp(given.precision, "int8") == 0 ? GAZE_PRECISION_INT8 : GAZE_PRECISION_F32;
}

/* $GAZE_NO_CACHE set to anything but nothing and 0. */
static bool cache_is_off(void) {
  const char *off = getenv("GAZE_NO_CACHE");
  return given.no_cache || (off && off[0] && strcmp(off, "0") != 0);
}

gaze_err settings_open_named_model(const char *name, gaze_model **out) {
  gaze_model_options options = {.threads = given.threads,
                                .cpu = given.cpu,
                                .precision = settings_precision(),
                                .verbose = given.verbose,
                                .text_cache = !cache_is_off()};
  return gaze_model_open(name, &options, out);
}

gaze_err settings_open_model(gaze_model **out) { return settings_open_named_model(given.model, out); }
