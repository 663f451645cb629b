/* What commands read: lists of lines, standard input, and batches of pictures. */
#ifndef GAZE_CLI_INPUTS_H
#define GAZE_CLI_INPUTS_H

#include "cli/options.h"
#include "gaze.h"

#include <stdio.h>

/* All of a stream, a byte 0 behind it. Yours: free(). */
char *stream_read(FILE *stream, size_t *size);
/* Appends the lines of a text file ("-": standard input) that are not blank; they live as long as *storage, which is
 * yours: free(). Returns an exit status, the error reported. */
int lines_read(const char *path, word_list *lines, char **storage);
/* The same without lines that begin with #, as in the files of --class-templates. */
int templates_read(const char *path, word_list *templates, char **storage);
/* Appends a list of the library's or of a file; they live as long as *storage, which is yours: free(). */
int templates_add(const char *name, word_list *templates, const char ***storage);

/* Rows of the commands that have classes. */
#define TEMPLATE_OPTION(list)                                                                   \
  {                                                                                             \
    "template", 0, OPTION_LIST, "TEXT", list,                                                   \
        "a sentence with {} for the label, may be given several times [a photo of a {}.]", 0, 0 \
  }
#define TEMPLATES_OPTION(name)                                                                                         \
  {                                                                                                                    \
    "templates", 0, OPTION_TEXT, "NAME", name, "imagenet (the 80 of OpenAI's CLIP), simple (7 of them), or a file", 0, \
        0                                                                                                              \
  }
#define TEMPLATES_FILE_OPTION(file) \
  { "templates-file", 0, OPTION_TEXT, "FILE", file, "a template a line, # begins a comment", 0, 0 }

/* Tells of one picture: vector [D], or NULL and the reason. */
typedef void picture_fn(void *user, const char *path, const float *vector, const char *message);

/* Embeds pictures ("-": standard input) some at a time and tells of them in order; the bad ones are reported.
 * *failed: how many. Returns an exit status: of a failure of the whole, STATUS_INTERRUPTED, or STATUS_DONE. */
int pictures_embed(gaze_model *model, const word_list *paths, picture_fn *tell, void *user, size_t *failed);

/* The exit status of a batch of n of which some failed. */
int batch_status(size_t n, size_t failed);

#endif
