#include "core/base/random.h"

#include <assert.h>
#include <math.h>

static uint64_t splitmix(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void gaze_random_init(gaze_random *random, uint64_t seed, uint64_t stream) {
  uint64_t mixed = stream;
  uint64_t state = seed ^ splitmix(&mixed);
  for (int i = 0; i < 4; i++)
    random->state[i] = splitmix(&state);
}

static uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

uint64_t gaze_random_next(gaze_random *random) {
  uint64_t *s = random->state;
  uint64_t result = rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate(s[3], 45);
  return result;
}

double gaze_random_uniform(gaze_random *random) { return (double)(gaze_random_next(random) >> 11) * 0x1p-53; }

double gaze_random_between(gaze_random *random, double low, double high) {
  return low + (high - low) * gaze_random_uniform(random);
}

double gaze_random_normal(gaze_random *random) {
  double radius = sqrt(-2.0 * log(1.0 - gaze_random_uniform(random)));
  return radius * cos(6.283185307179586 * gaze_random_uniform(random));
}

size_t gaze_random_below(gaze_random *random, size_t n) {
  assert(n >= 1);
  uint64_t limit = UINT64_MAX - UINT64_MAX % n, value;
  do
    value = gaze_random_next(random);
  while (value >= limit);
  return (size_t)(value % n);
}

void gaze_random_shuffle(gaze_random *random, uint32_t *items, size_t n) {
  for (size_t i = n; i > 1; i--) {
    size_t j = gaze_random_below(random, i);
    uint32_t swapped = items[i - 1];
    items[i - 1] = items[j];
    items[j] = swapped;
  }
}
