/* What a gaze_matmul holds; for the files that make its products. */
#ifndef GAZE_CORE_KERNELS_MATMUL_PARTS_H
#define GAZE_CORE_KERNELS_MATMUL_PARTS_H

#include "core/kernels/matmul.h"
#if defined(GAZE_ONEDNN)
#include "core/kernels/onednn.h"
#endif

#define GAZE_MATMUL_TILE (512u * 256u) /* numbers of a tile */

/* Memory that grows on demand and is kept. */
typedef struct gaze_room {
  void *at;
  size_t size; /* bytes */
} gaze_room;

/* What a product in int8 needs besides its result, for A [M, K] and a weight of N rows. */
typedef struct gaze_int8_rooms {
  gaze_room values;   /* int8 [M, K]: A, 0 where it stands out; K a multiple of 4 where the table has product_i8 */
  gaze_room scales;   /* [M] */
  gaze_room limits;   /* [M]: a row's numbers above it stand out */
  gaze_room marks;    /* uint8 [threads, K]: 1 where some row's number stands out */
  gaze_room which;    /* [K]: these columns */
  gaze_room rows;     /* [threads, K] */
  gaze_room sums;     /* int32 [M, N], where it has not */
  gaze_room outlying; /* [M, n]: what stands out of n columns */
} gaze_int8_rooms;

/* The same with a weight in blocks (quantised.h). */
typedef struct gaze_stored_rooms {
  gaze_room values; /* int8 [parts, 32] */
  gaze_room scales; /* [parts]; their sums and totals behind them */
} gaze_stored_rooms;

struct gaze_matmul {
  const gaze_kernels *kernels;
  gaze_precision precision;
  bool panels; /* weights of products in bf16 lie in panels: the processor has no tiles, for which oneDNN is better */
  float *tile_a, *tile_b;         /* bf16 without its arithmetic: tiles */
  gaze_room rounded_a, rounded_b; /* f32 operands rounded to bf16, when oneDNN takes them */
  gaze_int8_rooms int8;
  gaze_stored_rooms stored;
  gaze_room strip; /* f32 [256, K]: rows of a weight */
#if defined(GAZE_ONEDNN)
  bool wanted;         /* oneDNN has something faster than the table's gemm */
  gaze_onednn *onednn; /* NULL until the first product that wants it */
#endif
};

/* A weight W[N, K] in oneDNN's layout, or as int8. */
struct gaze_packed {
  gaze_int8 int8; /* values NULL: it is not */
  bool borrowed;  /* int8 is somebody else's */
  size_t N, K;
  int8_t *panels;   /* of int8, as product_i8 wants them; NULL where the table has none */
  int32_t *offsets; /* theirs, [N up to whole panels] */
  uint16_t *halves; /* panels in bf16, [N / 64, K / 2, 64, 2]; NULL: it is not so */
#if defined(GAZE_ONEDNN)
  gaze_onednn_packed *weights; /* NULL in int8 */
#endif
};

#if defined(GAZE_ONEDNN)
bool gaze_matmul_start_onednn(gaze_matmul *matmul); /* false: it has nothing fast here */
#endif

bool gaze_room_reserve(gaze_room *room, size_t count, size_t size); /* false: short of memory */
/* A stored [rows, columns] operand in f32 becomes bf16, in *room. False: short of memory. */
bool gaze_operand_round(const gaze_kernels *kernels, gaze_operand *operand, size_t rows, size_t columns,
                        gaze_room *room);

/* Products with weights as they lie in a file, whatever their dtype, or with few rows of A; at most
 * GAZE_MATMUL_OUTPUTS. False, and nothing is done: others do it better, or one by one. */
bool gaze_matmul_stored(gaze_matmul *matmul, size_t M, size_t K, gaze_operand A, const gaze_matmul_output *outputs,
                        size_t count);

/* C[M, N] (+)= A[M, K] B in int8, with B's bias and activation. False: short of memory, and C untouched. */
bool gaze_matmul_int8(gaze_matmul *matmul, size_t M, const float *A, size_t lda, gaze_operand B, bool accumulate,
                      float *C, size_t ldc);
GAZE_CHECKED gaze_err gaze_packed_new_int8(gaze_matmul *matmul, size_t N, size_t K, const float *W, size_t ld,
                                           gaze_packed **out);
/* The same in bf16, for K that are even; W in f32 or bf16, transposed. */
bool gaze_matmul_bf16(gaze_matmul *matmul, size_t M, gaze_operand A, gaze_operand B, bool accumulate, float *C,
                      size_t ldc);
GAZE_CHECKED gaze_err gaze_packed_new_bf16(gaze_matmul *matmul, size_t N, size_t K, gaze_operand W, gaze_packed **out);
void gaze_int8_rooms_fini(gaze_int8_rooms *rooms);

#endif
