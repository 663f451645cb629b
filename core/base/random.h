/* Random numbers: xoshiro256++ (Blackman & Vigna 2019), seeded through splitmix64. The whole state is four words,
 * so that a checkpoint holds it, and (seed, stream) names an independent sequence, so that a sample's
 * augmentation does not depend on which thread prepared it. */
#ifndef GAZE_CORE_BASE_RANDOM_H
#define GAZE_CORE_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct gaze_random {
  uint64_t state[4];
} gaze_random;

void gaze_random_init(gaze_random *random, uint64_t seed, uint64_t stream);
uint64_t gaze_random_next(gaze_random *random);
double gaze_random_uniform(gaze_random *random); /* [0, 1) */
double gaze_random_between(gaze_random *random, double low, double high);
double gaze_random_normal(gaze_random *random);          /* mean 0, deviation 1 */
size_t gaze_random_below(gaze_random *random, size_t n); /* [0, n), without bias; n >= 1 */
void gaze_random_shuffle(gaze_random *random, uint32_t *items, size_t n);

#endif
