#include "text/train_tokenizer.h"

#include "core/base/memory.h"
#include "text/tokenizer_parts.h"

#include <stdlib.h>
#include <string.h>

/* A pair of neighbouring ids. */
typedef struct gaze_pair {
  int32_t left, right;
  int64_t count;
  uint32_t *words; /* where it is, or once was */
  size_t n, capacity;
} gaze_pair;

typedef struct ranking {
  int64_t count; /* at the time of ranking; the pair's own may have sunk since */
  uint32_t pair;
} ranking;

typedef struct gaze_learner {
  gaze_words *words;
  gaze_vocabulary *vocabulary;
  gaze_pair *pairs;
  uint32_t *slots; /* hash table: index + 1 of a pair, 0 empty */
  ranking *heap;
  size_t n_pairs, pairs_capacity, n_slots, n_heap, heap_capacity;
} gaze_learner;

static void learner_fini(gaze_learner *learner) {
  for (size_t i = 0; i < learner->n_pairs; i++)
    free(learner->pairs[i].words);
  free(learner->pairs);
  free(learner->slots);
  free(learner->heap);
}

static uint32_t *pair_slot(const gaze_learner *learner, int32_t left, int32_t right) {
  uint64_t key = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * 0x9E3779B97F4A7C15u;
  size_t slot = (key >> 32) & (learner->n_slots - 1);
  for (;; slot = (slot + 1) & (learner->n_slots - 1)) {
    const gaze_pair *found = learner->slots[slot] ? &learner->pairs[learner->slots[slot] - 1] : NULL;
    if (!found || (found->left == left && found->right == right))
      return &learner->slots[slot];
  }
}

static gaze_err grow_slots(gaze_learner *learner) {
  if (2 * (learner->n_pairs + 1) <= learner->n_slots)
    return GAZE_OK;
  size_t larger = learner->n_slots ? 2 * learner->n_slots : 1024;
  uint32_t *slots;
  GAZE_TRY(gaze_alloc(larger, sizeof *slots, &slots));
  free(learner->slots);
  learner->slots = slots;
  learner->n_slots = larger;
  for (size_t i = 0; i < learner->n_pairs; i++)
    *pair_slot(learner, learner->pairs[i].left, learner->pairs[i].right) = (uint32_t)i + 1;
  return GAZE_OK;
}

static gaze_err find_pair(gaze_learner *learner, int32_t left, int32_t right, gaze_pair **out) {
  GAZE_TRY(grow_slots(learner));
  uint32_t *slot = pair_slot(learner, left, right);
  if (!*slot) {
    GAZE_TRY(gaze_grow(&learner->pairs, &learner->pairs_capacity, learner->n_pairs + 1, sizeof(gaze_pair)));
    learner->pairs[learner->n_pairs++] = (gaze_pair){.left = left, .right = right};
    *slot = (uint32_t)learner->n_pairs;
  }
  *out = &learner->pairs[*slot - 1];
  return GAZE_OK;
}

/* Adds sign times the word's count to its pairs. The word is noted where a pair holds the id `fresh` (-1: everywhere):
 * elsewhere it stands already. */
static gaze_err count_pairs(gaze_learner *learner, uint32_t index, int64_t sign, int32_t fresh) {
  const gaze_word *word = &learner->words->words[index];
  const int32_t *symbols = learner->words->symbols + word->start;
  for (size_t i = 0; i + 1 < word->n; i++) {
    gaze_pair *pair;
    GAZE_TRY(find_pair(learner, symbols[i], symbols[i + 1], &pair));
    pair->count += sign * word->count;
    bool noted = pair->n && pair->words[pair->n - 1] == index;
    if (sign < 0 || noted || (fresh >= 0 && symbols[i] != fresh && symbols[i + 1] != fresh))
      continue;
    GAZE_TRY(gaze_grow(&pair->words, &pair->capacity, pair->n + 1, sizeof *pair->words));
    pair->words[pair->n++] = index;
  }
  return GAZE_OK;
}

/* The more frequent first, then the lexicographically smaller. */
static bool precedes(const gaze_learner *learner, ranking a, ranking b) {
  if (a.count != b.count)
    return a.count > b.count;
  const gaze_pair *left = &learner->pairs[a.pair], *right = &learner->pairs[b.pair];
  const gaze_vocabulary *vocabulary = learner->vocabulary;
  int order = strcmp(gaze_vocabulary_text(vocabulary, left->left), gaze_vocabulary_text(vocabulary, right->left));
  if (!order)
    order = strcmp(gaze_vocabulary_text(vocabulary, left->right), gaze_vocabulary_text(vocabulary, right->right));
  return order < 0;
}

static gaze_err heap_push(gaze_learner *learner, uint32_t pair) {
  GAZE_TRY(gaze_grow(&learner->heap, &learner->heap_capacity, learner->n_heap + 1, sizeof *learner->heap));
  ranking added = {learner->pairs[pair].count, pair}, *heap = learner->heap;
  size_t i = learner->n_heap++;
  for (; i > 0 && precedes(learner, added, heap[(i - 1) / 2]); i = (i - 1) / 2)
    heap[i] = heap[(i - 1) / 2];
  heap[i] = added;
  return GAZE_OK;
}

static ranking heap_pop(gaze_learner *learner) {
  ranking *heap = learner->heap, top = heap[0], moved = heap[--learner->n_heap];
  size_t i = 0, child;
  while ((child = 2 * i + 1) < learner->n_heap) {
    if (child + 1 < learner->n_heap && precedes(learner, heap[child + 1], heap[child]))
      child++;
    if (!precedes(learner, heap[child], moved))
      break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = moved;
  return top;
}

/* Replaces left right by `into` in one word; the counts of its pairs follow. */
static gaze_err merge_word(gaze_learner *learner, uint32_t index, int32_t left, int32_t right, int32_t into) {
  gaze_word *word = &learner->words->words[index];
  int32_t *symbols = learner->words->symbols + word->start;
  GAZE_TRY(count_pairs(learner, index, -1, -1));
  size_t kept = 0;
  for (size_t i = 0; i < word->n; i++) {
    bool both = i + 1 < word->n && symbols[i] == left && symbols[i + 1] == right;
    symbols[kept++] = both ? into : symbols[i];
    i += both;
  }
  word->n = kept;
  return count_pairs(learner, index, 1, into);
}

/* Merges a pair everywhere; pairs that come into being are ranked. */
static gaze_err merge_pair(gaze_learner *learner, uint32_t index, int32_t into) {
  size_t known = learner->n_pairs;
  gaze_pair merged = learner->pairs[index];
  learner->pairs[index].words = NULL;
  learner->pairs[index].n = learner->pairs[index].capacity = 0;
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < merged.n && err == GAZE_OK; i++)
    err = merge_word(learner, merged.words[i], merged.left, merged.right, into);
  free(merged.words);
  for (size_t i = known; i < learner->n_pairs && err == GAZE_OK; i++)
    err = heap_push(learner, (uint32_t)i);
  return err;
}

/* Enters the joined spelling as id. *fresh: false when it exists already, made of other parts, or grew too long:
 * merging it would give one id two ranks, so it is not merged. */
static gaze_err enter(gaze_vocabulary *vocabulary, const gaze_pair *pair, int32_t id, bool *fresh) {
  char *spelling;
  GAZE_TRY(gaze_format(&spelling, "%s%s", gaze_vocabulary_text(vocabulary, pair->left),
                       gaze_vocabulary_text(vocabulary, pair->right)));
  size_t size = strlen(spelling);
  *fresh = size <= GAZE_BPE_SPELLING_MAX && gaze_vocabulary_find(vocabulary, spelling, size) < 0;
  gaze_err err = *fresh ? gaze_vocabulary_add(vocabulary, spelling, size, id, "training") : GAZE_OK;
  free(spelling);
  return err;
}

static gaze_err learn(gaze_learner *learner, size_t limit, int64_t least, gaze_learned_merge *merges, size_t *n) {
  for (size_t i = 0; i < learner->words->n; i++)
    GAZE_TRY(count_pairs(learner, (uint32_t)i, 1, -1));
  for (size_t i = 0; i < learner->n_pairs; i++)
    GAZE_TRY(heap_push(learner, (uint32_t)i));
  for (size_t id = learner->vocabulary->size; id < limit && learner->n_heap;) {
    ranking best = heap_pop(learner);
    const gaze_pair *pair = &learner->pairs[best.pair];
    if (pair->count != best.count) {
      GAZE_TRY(heap_push(learner, best.pair));
      continue;
    }
    if (pair->count < least)
      break;
    bool fresh;
    GAZE_TRY(enter(learner->vocabulary, pair, (int32_t)id, &fresh));
    if (!fresh)
      continue;
    merges[(*n)++] = (gaze_learned_merge){pair->left, pair->right};
    GAZE_TRY(merge_pair(learner, best.pair, (int32_t)id++));
  }
  return GAZE_OK;
}

gaze_err gaze_words_learn(gaze_words *words, gaze_vocabulary *vocabulary, size_t limit, size_t min_frequency,
                          gaze_learned_merge *merges, size_t *n) {
  gaze_learner learner = {.words = words, .vocabulary = vocabulary};
  *n = 0;
  gaze_err err = learn(&learner, limit, min_frequency ? (int64_t)min_frequency : 1, merges, n);
  learner_fini(&learner);
  return err;
}

/* The letters in front, the special tokens behind. */
static gaze_err learn_vocabulary(const gaze_learned_kind *kind, gaze_words *words, size_t size, size_t min_frequency,
                                 gaze_vocabulary *vocabulary, gaze_learned_merge *merges, size_t *n_merges) {
  size_t specials = 0;
  while (kind->specials[specials])
    specials++;
  GAZE_TRY(gaze_bpe_add_letters(vocabulary, kind->word_ends));
  GAZE_TRY(gaze_words_learn(words, vocabulary, size - specials, min_frequency, merges, n_merges));
  for (size_t i = 0; i < specials; i++)
    GAZE_TRY(gaze_vocabulary_add(vocabulary, kind->specials[i], strlen(kind->specials[i]), (int32_t)vocabulary->size,
                                 "training"));
  return GAZE_OK;
}

gaze_err gaze_tokenizer_train_kind(const char *name, const gaze_text_part *texts, size_t n, size_t size,
                                   size_t min_frequency, const char *folder) {
  const gaze_learned_kind *kind;
  GAZE_TRY(gaze_learned_kind_find(name, &kind));
  size_t least = (kind->word_ends ? 2 : 1) * GAZE_BPE_BYTES, n_merges;
  for (size_t i = 0; kind->specials[i]; i++)
    least++;
  if (size < least || size > GAZE_VOCABULARY_MAX)
    return gaze_fail(GAZE_ERR_ARGUMENT, "a vocabulary of %zu entries: %s: ask for %zu to %d", size, folder, least,
                     GAZE_VOCABULARY_MAX);
  gaze_words words = {0};
  gaze_vocabulary vocabulary = {0};
  gaze_learned_merge *merges = NULL;
  gaze_err err;
  GAZE_TRY_DONE(gaze_alloc(size, sizeof *merges, &merges));
  GAZE_TRY_DONE(gaze_words_count(&words, kind, texts, n));
  GAZE_TRY_DONE(learn_vocabulary(kind, &words, size, min_frequency, &vocabulary, merges, &n_merges));
  GAZE_TRY_DONE(gaze_tokenizer_save(kind, &vocabulary, merges, n_merges, folder));
done:
  free(merges);
  gaze_vocabulary_fini(&vocabulary);
  gaze_words_fini(&words);
  return err;
}

gaze_err gaze_tokenizer_train(const char *const *texts, size_t n, size_t size, size_t min_frequency,
                              const char *folder) {
  gaze_text_part *parts;
  GAZE_TRY(gaze_alloc(n, sizeof *parts, &parts));
  for (size_t i = 0; i < n; i++)
    parts[i] = (gaze_text_part){.text = texts[i], .size = strlen(texts[i])};
  gaze_err err = gaze_tokenizer_train_kind("clip", parts, n, size, min_frequency, folder);
  free(parts);
  return err;
}
