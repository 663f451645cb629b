#include "core/kernels/onednn.h"
#include "core/base/memory.h"

#include <dnnl.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define PREPARED 64 /* products remembered; a model has a dozen shapes, times a few lengths of text */
#define TYPICAL_ROWS 256

/* A descriptor is a struct in oneDNN 2 and a handle in oneDNN 3; what differs between them is all here. */
#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t layout;
typedef const_dnnl_memory_desc_t layout_view;
static layout_view view(const layout *l) { return *l; }
static void layout_fini(layout *l) { dnnl_memory_desc_destroy(*l); }

static dnnl_status_t layout_strided(layout *l, const dnnl_dims_t dims, dnnl_data_type_t type,
                                    const dnnl_dims_t strides) {
  return dnnl_memory_desc_create_with_strides(l, 2, dims, type, strides);
}

static dnnl_status_t layout_any(layout *l, const dnnl_dims_t dims, dnnl_data_type_t type) {
  return dnnl_memory_desc_create_with_tag(l, 2, dims, type, dnnl_format_tag_any);
}

static dnnl_status_t describe(dnnl_primitive_desc_t *out, dnnl_engine_t engine, layout_view A, layout_view B,
                              layout_view bias, layout_view C, dnnl_primitive_attr_t attributes) {
  return dnnl_matmul_primitive_desc_create(out, engine, A, B, bias, C, attributes);
}

static dnnl_status_t append_sum(dnnl_post_ops_t operations) {
  return dnnl_post_ops_append_sum(operations, 1, 0, dnnl_data_type_undef);
}
#else
typedef dnnl_memory_desc_t layout;
typedef const dnnl_memory_desc_t *layout_view;
static layout_view view(const layout *l) { return l; }
static void layout_fini(layout *l) { (void)l; }

static dnnl_status_t layout_strided(layout *l, const dnnl_dims_t dims, dnnl_data_type_t type,
                                    const dnnl_dims_t strides) {
  return dnnl_memory_desc_init_by_strides(l, 2, dims, type, strides);
}

static dnnl_status_t layout_any(layout *l, const dnnl_dims_t dims, dnnl_data_type_t type) {
  return dnnl_memory_desc_init_by_tag(l, 2, dims, type, dnnl_format_tag_any);
}

static dnnl_status_t describe(dnnl_primitive_desc_t *out, dnnl_engine_t engine, layout_view A, layout_view B,
                              layout_view bias, layout_view C, dnnl_primitive_attr_t attributes) {
  dnnl_matmul_desc_t operation;
  dnnl_status_t status = dnnl_matmul_desc_init(&operation, A, B, bias, C);
  return status == dnnl_success ? dnnl_primitive_desc_create(out, &operation, attributes, engine, NULL) : status;
}

static dnnl_status_t append_sum(dnnl_post_ops_t operations) { return dnnl_post_ops_append_sum(operations, 1); }
#endif

/* One shape, ready to run. primitive NULL: tried, and oneDNN has nothing fast. */
typedef struct prepared {
  gaze_product product;
  int threads; /* it was made for; 0: an empty place */
  uint64_t last_use;
  dnnl_primitive_t primitive;
  dnnl_memory_t A, B, C, bias;
} prepared;

struct gaze_onednn {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  prepared products[PREPARED];
  uint64_t uses;
};

struct gaze_onednn_packed {
  dnnl_memory_t memory;
};

gaze_err gaze_onednn_new(gaze_onednn **out) {
  gaze_onednn *onednn;
  GAZE_TRY(gaze_alloc(1, sizeof *onednn, &onednn));
  if (dnnl_engine_create(&onednn->engine, dnnl_cpu, 0) != dnnl_success ||
      dnnl_stream_create(&onednn->stream, onednn->engine, dnnl_stream_default_flags) != dnnl_success) {
    gaze_onednn_free(onednn);
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "oneDNN does not start: processor: use --precision f32");
  }
  *out = onednn;
  return GAZE_OK;
}

static void prepared_fini(prepared *p) {
  if (p->primitive)
    dnnl_primitive_destroy(p->primitive);
  dnnl_memory_t memories[] = {p->A, p->B, p->C, p->bias};
  for (int i = 0; i < 4; i++)
    if (memories[i])
      dnnl_memory_destroy(memories[i]);
  *p = (prepared){0};
}

void gaze_onednn_free(gaze_onednn *onednn) {
  if (!onednn)
    return;
  for (int i = 0; i < PREPARED; i++)
    prepared_fini(&onednn->products[i]);
  if (onednn->stream)
    dnnl_stream_destroy(onednn->stream);
  if (onednn->engine)
    dnnl_engine_destroy(onednn->engine);
  free(onednn);
}

static dnnl_data_type_t type_of(const gaze_product *p) {
  static const dnnl_data_type_t types[] = {
      [GAZE_ONEDNN_F32] = dnnl_f32, [GAZE_ONEDNN_BF16] = dnnl_bf16, [GAZE_ONEDNN_INT8] = dnnl_s8};
  return types[p->type];
}
static dnnl_data_type_t result_type(const gaze_product *p) { return p->type == GAZE_ONEDNN_INT8 ? dnnl_s32 : dnnl_f32; }

/* A logical [rows, columns] matrix that is stored as it is, or transposed, with leading dimension ld. */
static dnnl_status_t layout_of(layout *l, size_t rows, size_t columns, size_t ld, bool transpose,
                               dnnl_data_type_t type) {
  dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)columns};
  dnnl_dims_t strides = {transpose ? 1 : (dnnl_dim_t)ld, transpose ? (dnnl_dim_t)ld : 1};
  return layout_strided(l, dims, type, strides);
}

static dnnl_status_t describe_product(dnnl_primitive_desc_t *out, dnnl_engine_t engine, const gaze_product *p,
                                      layout_view A, layout_view B, layout_view bias, layout_view C) {
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_post_ops_t operations = NULL;
  dnnl_status_t status = dnnl_primitive_attr_create(&attributes);
  if (status == dnnl_success && p->accumulate) {
    status = dnnl_post_ops_create(&operations);
    if (status == dnnl_success)
      status = append_sum(operations);
    if (status == dnnl_success)
      status = dnnl_primitive_attr_set_post_ops(attributes, operations);
  }
  if (status == dnnl_success)
    status = describe(out, engine, A, B, bias, C, attributes);
  if (operations)
    dnnl_post_ops_destroy(operations);
  if (attributes)
    dnnl_primitive_attr_destroy(attributes);
  return status;
}

/* oneDNN's reference code is hundreds of times slower: the same as nothing. */
static bool is_fast(dnnl_primitive_desc_t description) {
  const char *name = "";
  dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name);
  return strncmp(name, "ref", 3) != 0;
}

/* A matrix of one row or column that does not lie densely: oneDNN 3.7 takes it for a vector without gaps. */
static bool has_gaps(const gaze_product *q) {
  bool a = q->M == 1 && q->transpose_a && q->lda > 1, b = q->N == 1 && !q->packed && !q->transpose_b && q->ldb > 1;
  return a || b || (q->N == 1 && q->ldc > 1);
}

/* Takes B's layout from `packed` where there is one. */
static bool prepare(gaze_onednn *onednn, prepared *p, const gaze_onednn_packed *packed) {
  const gaze_product *q = &p->product;
  layout A = {0}, B = {0}, C = {0}, bias = {0};
  layout_view b = view(&B);
  dnnl_primitive_desc_t description = NULL;
  bool ok = !has_gaps(q) && layout_of(&A, q->M, q->K, q->lda, q->transpose_a, type_of(q)) == dnnl_success &&
            layout_of(&C, q->M, q->N, q->ldc, false, result_type(q)) == dnnl_success &&
            layout_of(&bias, 1, q->N, q->N, false, dnnl_f32) == dnnl_success;
  if (packed)
    ok = ok && dnnl_memory_get_memory_desc(packed->memory, &b) == dnnl_success;
  else {
    ok = ok && layout_of(&B, q->K, q->N, q->ldb, q->transpose_b, type_of(q)) == dnnl_success;
    b = view(&B);
  }
  ok = ok &&
       describe_product(&description, onednn->engine, q, view(&A), b, q->bias ? view(&bias) : NULL, view(&C)) ==
           dnnl_success &&
       is_fast(description) && dnnl_primitive_create(&p->primitive, description) == dnnl_success &&
       dnnl_memory_create(&p->A, view(&A), onednn->engine, DNNL_MEMORY_NONE) == dnnl_success &&
       dnnl_memory_create(&p->B, b, onednn->engine, DNNL_MEMORY_NONE) == dnnl_success &&
       dnnl_memory_create(&p->C, view(&C), onednn->engine, DNNL_MEMORY_NONE) == dnnl_success &&
       dnnl_memory_create(&p->bias, view(&bias), onednn->engine, DNNL_MEMORY_NONE) == dnnl_success;
  if (description)
    dnnl_primitive_desc_destroy(description);
  layout_fini(&A);
  layout_fini(&B);
  layout_fini(&C);
  layout_fini(&bias);
  return ok;
}

static bool same_product(const gaze_product *a, const gaze_product *b) {
  return a->M == b->M && a->N == b->N && a->K == b->K && a->lda == b->lda && a->ldc == b->ldc &&
         a->transpose_a == b->transpose_a && a->accumulate == b->accumulate && a->packed == b->packed &&
         a->type == b->type && !a->bias == !b->bias &&
         (a->packed || (a->ldb == b->ldb && a->transpose_b == b->transpose_b));
}

/* The prepared product, made now if need be, in the place of the one that was not used for longest. */
static prepared *find(gaze_onednn *onednn, const gaze_product *product, const gaze_onednn_packed *packed) {
  prepared *oldest = onednn->products;
  int threads = omp_get_max_threads();
  for (prepared *p = onednn->products; p < onednn->products + PREPARED; p++) {
    if (p->threads == threads && same_product(&p->product, product))
      return p;
    if (p->last_use < oldest->last_use)
      oldest = p;
  }
  prepared_fini(oldest);
  oldest->product = *product;
  if (!prepare(onednn, oldest, packed)) {
    prepared_fini(oldest);
    oldest->product = *product;
  }
  oldest->threads = threads;
  return oldest;
}

static void point_to(dnnl_memory_t memory, const void *data) {
  dnnl_memory_set_data_handle(memory, (void *)(uintptr_t)data); /* oneDNN knows no const; A and B are only read */
}

bool gaze_onednn_matmul(gaze_onednn *onednn, const gaze_product *product, const void *A, const void *B, void *C) {
  const gaze_onednn_packed *packed = product->packed ? B : NULL;
  prepared *p = find(onednn, product, packed);
  p->last_use = ++onednn->uses;
  if (!p->primitive)
    return false;
  point_to(p->A, A);
  point_to(p->C, C);
  if (!packed)
    point_to(p->B, B);
  if (product->bias)
    point_to(p->bias, product->bias);
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, p->A},
                                 {DNNL_ARG_WEIGHTS, packed ? packed->memory : p->B},
                                 {DNNL_ARG_DST, p->C},
                                 {DNNL_ARG_BIAS, p->bias}};
  return dnnl_primitive_execute(p->primitive, onednn->stream, product->bias ? 4 : 3, arguments) == dnnl_success &&
         dnnl_stream_wait(onednn->stream) == dnnl_success;
}

/* The layout of B that oneDNN would choose, into a memory of its own; NULL when it cannot. */
static dnnl_memory_t chosen_memory(gaze_onednn *onednn, const gaze_product *q) {
  layout A = {0}, B = {0}, C = {0};
  dnnl_dims_t dims = {(dnnl_dim_t)q->K, (dnnl_dim_t)q->N};
  dnnl_primitive_desc_t description = NULL;
  dnnl_memory_t memory = NULL;
  if (layout_of(&A, TYPICAL_ROWS, q->K, q->K, false, type_of(q)) == dnnl_success &&
      layout_any(&B, dims, type_of(q)) == dnnl_success &&
      layout_of(&C, TYPICAL_ROWS, q->N, q->N, false, result_type(q)) == dnnl_success &&
      describe_product(&description, onednn->engine, q, view(&A), view(&B), NULL, view(&C)) == dnnl_success &&
      is_fast(description) &&
      dnnl_memory_create(&memory, dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0), onednn->engine,
                         DNNL_MEMORY_ALLOCATE) != dnnl_success)
    memory = NULL;
  if (description)
    dnnl_primitive_desc_destroy(description);
  layout_fini(&A);
  layout_fini(&B);
  layout_fini(&C);
  return memory;
}

/* Copies one memory into the other's layout. */
static bool reorder(gaze_onednn *onednn, dnnl_memory_t from, dnnl_memory_t to) {
  layout_view source, target;
  dnnl_primitive_desc_t description = NULL;
  dnnl_primitive_t primitive = NULL;
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
  bool ok = dnnl_memory_get_memory_desc(from, &source) == dnnl_success &&
            dnnl_memory_get_memory_desc(to, &target) == dnnl_success &&
            dnnl_reorder_primitive_desc_create(&description, source, onednn->engine, target, onednn->engine, NULL) ==
                dnnl_success &&
            dnnl_primitive_create(&primitive, description) == dnnl_success &&
            dnnl_primitive_execute(primitive, onednn->stream, 2, arguments) == dnnl_success &&
            dnnl_stream_wait(onednn->stream) == dnnl_success;
  if (primitive)
    dnnl_primitive_destroy(primitive);
  if (description)
    dnnl_primitive_desc_destroy(description);
  return ok;
}

gaze_onednn_packed *gaze_onednn_pack(gaze_onednn *onednn, const gaze_product *product, const void *B) {
  layout plain = {0};
  dnnl_memory_t source = NULL, memory = chosen_memory(onednn, product);
  gaze_onednn_packed *packed = memory ? malloc(sizeof *packed) : NULL;
  bool ok =
      packed &&
      layout_of(&plain, product->K, product->N, product->ldb, product->transpose_b, type_of(product)) == dnnl_success &&
      dnnl_memory_create(&source, view(&plain), onednn->engine, (void *)(uintptr_t)B) == dnnl_success &&
      reorder(onednn, source, memory);
  if (source)
    dnnl_memory_destroy(source);
  layout_fini(&plain);
  if (!ok) {
    if (memory)
      dnnl_memory_destroy(memory);
    free(packed);
    return NULL;
  }
  packed->memory = memory;
  return packed;
}

void gaze_onednn_packed_free(gaze_onednn_packed *packed) {
  if (!packed)
    return;
  dnnl_memory_destroy(packed->memory);
  free(packed);
}
