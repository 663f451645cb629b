/* make_stories WEIGHTS TOKENS FOLDER: a model's folder of llama2.c's files. */
#include "tests/golden/stories_folder.h"

int main(int argc, char **argv) { return argc == 4 && stories_make(argv[1], argv[2], argv[3]) ? 0 : 1; }
