// What a C compiler makes of the same algorithms in 128-bit lanes without fused multiply-add, which is what strict
// WebAssembly SIMD has: the limit that the kernels are held against. It prints a table and writes report/limit.json,
// which `npm run bench -- report` joins.
//
//     gcc -O3 -mavx2 -mno-fma -ffp-contract=off -o report/limit bench/limit.c -lm && report/limit
//
// Formulas and constants are those of assembly/, explained there; here it is said what differs. It is a limit of the
// instructions, not of the ideas. memory.copy alone is the C library's, which may move more than 128 bits at once.

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __FMA__
#error "a fused multiply-add rounds once where WebAssembly rounds twice: compile with -mno-fma"
#endif
#define FLAGS "-O3 -mavx2 -mno-fma -ffp-contract=off"
#define INLINE static inline __attribute__((always_inline))
#define KERNEL static __attribute__((noipa)) // compiled by itself, its arguments unknown, as in the module
#define UNROLL _Pragma("GCC unroll 16")

enum { N = 65536, TILE = 1024 };

// Four vectors side by side, worked on operation by operation: what has an exponential gains 15 to 60 % on one vector
// after the other, since a processor looks only so far ahead for what need not wait for the result before.

typedef __m128 V;
typedef __m128i W;
typedef struct { V at[4]; } v;
#define EACH(expression) ({ v made; UNROLL for (int k = 0; k < 4; k++) made.at[k] = (expression); made; })
#define WORDS(x) _mm_castps_si128(x)
#define FLOATS(x) _mm_castsi128_ps(x)

// The words of assembly/lane.ts. WebAssembly's pmax(a, b) is a < b ? b : a, which is maxps(b, a).

#define OF_TWO(name, operation) INLINE v name(v a, v b) { return EACH(operation(a.at[k], b.at[k])); }
#define SHIFT(name, operation) INLINE v name(v a, int n) { return EACH(FLOATS(operation(WORDS(a.at[k]), n))); }
OF_TWO(add, _mm_add_ps) OF_TWO(sub, _mm_sub_ps) OF_TWO(mul, _mm_mul_ps) OF_TWO(quotient, _mm_div_ps)
OF_TWO(and, _mm_and_ps) OF_TWO(or, _mm_or_ps) OF_TWO(xor, _mm_xor_ps) OF_TWO(above, _mm_cmpgt_ps)
SHIFT(left, _mm_slli_epi32) SHIFT(right, _mm_srli_epi32) SHIFT(signed_right, _mm_srai_epi32)
INLINE v without(v a, v b) { return EACH(_mm_andnot_ps(b.at[k], a.at[k])); }
INLINE v pmax(v a, v b) { return EACH(_mm_max_ps(b.at[k], a.at[k])); }
INLINE v pmin(v a, v b) { return EACH(_mm_min_ps(b.at[k], a.at[k])); }
INLINE v choose(v a, v b, v mask) { return EACH(_mm_blendv_ps(b.at[k], a.at[k], mask.at[k])); }
INLINE v iadd(v a, v b) { return EACH(FLOATS(_mm_add_epi32(WORDS(a.at[k]), WORDS(b.at[k])))); }
INLINE v converted(v a) { return EACH(_mm_cvtepi32_ps(WORDS(a.at[k]))); }
INLINE v root(v a) { return EACH(_mm_sqrt_ps(a.at[k])); }
INLINE v splat(float a) { return EACH(_mm_set1_ps(a)); }
INLINE v integer(int a) { return EACH(FLOATS(_mm_set1_epi32(a))); }
INLINE v load(const float *p) { return EACH(_mm_load_ps(p + 4 * k)); }
INLINE void store(float *p, v a) { UNROLL for (int k = 0; k < 4; k++) _mm_store_ps(p + 4 * k, a.at[k]); }
INLINE v mad(v a, v b, v c) { return add(mul(a, b), c); }
INLINE v sign(void) { return splat(-0.0f); }
INLINE v neg(v a) { return xor(a, sign()); }
INLINE v size(v a) { return without(a, sign()); }
INLINE v masked(v a, v mask, v kept) { return or(and(a, mask), EACH(_mm_cmpneq_ps(kept.at[k], kept.at[k]))); }

// assembly/math.ts

INLINE v octaves(v x) { return mad(x, splat(1.44269504f), splat(12582912.0f)); }
INLINE v reduce(v x, v octaves) {
  const v n = sub(octaves, splat(12582912.0f));
  return mad(n, splat(2.1219444e-4f), mad(n, splat(-0.693359375f), x));
}
INLINE v scaled(v scale, v octaves) { return iadd(left(octaves, 23), scale); }
/** The polynomial in t, the coefficient of the highest power first. */
INLINE v polynomial(v t, int count, const float *coefficients) {
  v p = splat(coefficients[0]);
  UNROLL for (int i = 1; i < count; i++) p = mad(p, t, splat(coefficients[i]));
  return p;
}
#define POLYNOMIAL(t, ...) ({ static const float table[] = {__VA_ARGS__}; polynomial(t, sizeof table / 4, table); })
INLINE v expm1_reduced(v r) {
  const v square = mul(r, r), low = POLYNOMIAL(r, 0.041666388511657715f, 0.1666652113199234f);
  const v p = mad(POLYNOMIAL(r, 0.0013941872166469693f, 0.00836868118494749f), square, low);
  return add(mad(mul(square, r), p, mul(square, splat(0.5f))), r);
}
INLINE v expm1_negative(v x) {
  const v t = pmax(x, splat(-18.0f)), n = octaves(t), s = scaled(splat(1.0f), n);
  return mad(s, expm1_reduced(reduce(t, n)), sub(s, splat(1.0f)));
}
INLINE v log_normal(v u) {
  const v least = integer(0x3f3504f3), cut = iadd(u, integer(-0x3f3504f3)), e = converted(signed_right(cut, 23));
  const v s = sub(iadd(and(cut, integer(0x007fffff)), least), splat(1.0f)), square = mul(s, s);
  v p = POLYNOMIAL(s, 0.08917167782783508f, -0.14350225031375885f, 0.1487722396850586f, -0.16565640270709991f,
                   0.1996537148952484f, -0.2500174641609192f, 0.33333858847618103f);
  p = sub(mad(e, splat(-2.1219444e-4f), mul(mul(p, square), s)), mul(square, splat(0.5f)));
  return mad(e, splat(0.693359375f), add(p, s));
}
INLINE v sine(v y) {
  const v z = mul(y, y);
  return mul(POLYNOMIAL(z, -0.004689315799623728f, 0.07971354573965073f, -0.6459667086601257f, 1.5707963705062866f), y);
}
INLINE v cosine(v y) {
  const v z = mul(y, y), p = POLYNOMIAL(z, 0.0008935732184909284f, -0.0208552535623312f, 0.25366851687431335f);
  return mad(mad(p, z, splat(-1.2337005138397217f)), z, splat(1.0f));
}

// assembly/rectifiers.ts, sigmoids.ts and gates.ts: x (or what was kept), the gradient g, the parameter a.

INLINE v relu(v x, v g, v a) { return pmax(x, splat(0.0f)); }
INLINE v relu_slope(v y, v g, v a) { return masked(g, above(y, splat(0.0f)), y); }
INLINE v leaky_relu(v x, v g, v a) { return pmax(x, mul(x, a)); } // 0 < a <= 1
INLINE v elu(v x, v g, v a) { return choose(x, mul(a, expm1_negative(x)), above(x, splat(0.0f))); }
INLINE v sigmoid(v x, v g, v a) {
  const v c = splat(0x1p-32f), t = pmin(pmax(neg(x), splat(-60.0f)), splat(104.0f)), n = octaves(t);
  const v s = scaled(c, n);
  return quotient(c, add(mad(s, expm1_reduced(reduce(t, n)), c), s));
}
INLINE v sigmoid_slope(v y, v g, v a) { return mul(g, mul(y, sub(splat(1.0f), y))); }
INLINE v tanh_(v x, v g, v a) {
  const v one = splat(1.0f), t = pmax(mul(size(x), splat(-2.0f)), splat(-18.5f)), n = octaves(t);
  const v s = scaled(one, n), sq = mul(s, expm1_reduced(reduce(t, n)));
  return or(quotient(sub(sub(one, s), sq), add(sq, add(s, one))), and(x, sign()));
}
INLINE v tanh_slope(v y, v g, v a) { return mul(g, mul(sub(splat(1.0f), y), add(splat(1.0f), y))); }
INLINE v silu(v x, v g, v a) {
  const v c = splat(0x1p-32f), u = pmax(x, splat(-110.0f)), t = pmax(neg(u), splat(-60.0f)), n = octaves(t);
  const v s = scaled(c, n), y = quotient(mul(u, c), add(mad(s, expm1_reduced(reduce(t, n)), c), s));
  return choose(mul(x, splat(0.5f)), y, above(splat(0x1p-64f), size(x)));
}
INLINE v softplus(v x, v g, v a) {
  const v t = pmax(neg(size(x)), splat(-104.0f)), n = octaves(t), q = expm1_reduced(reduce(t, n));
  const v s = scaled(splat(0x1p32f), n), e = mul(mad(s, q, s), splat(0x1p-32f)), e2 = mul(e, e);
  v p = POLYNOMIAL(e, -0.021273797377943993f, 0.07587647438049316f);
  p = mad(p, e2, POLYNOMIAL(e, -0.13933192193508148f, 0.19330467283725739f));
  p = mad(p, e2, POLYNOMIAL(e, -0.24908261001110077f, 0.33327218890190125f));
  p = mad(mad(p, e, splat(-0.4999985992908478f)), e, splat(1.0f));
  const v far = add(pmax(x, splat(0.0f)), mul(mul(s, mad(p, q, p)), splat(0x1p-32f))), z = mul(x, x);
  const v even = POLYNOMIAL(z, 0.00033720428473316133f, -0.005207413341850042f, 0.125f);
  return choose(mad(even, z, mad(x, splat(0.5f), splat(0.6931471824645996f))), far, above(splat(0.5f), size(x)));
}

/** A row's name, its kernel, its function, a, and what it makes of -1 and of 1 with a gradient of 2. */
#define FUNCTIONS(ROW)                                                           \
  ROW("relu forward", relu_forward, relu, 0, 0, 1)                               \
  ROW("relu backward", relu_backward, relu_slope, 0, 0, 2)                       \
  ROW("leakyRelu forward", leaky_forward, leaky_relu, 0.01f, -0.01, 1)           \
  ROW("elu forward", elu_forward, elu, 1, -0.63212056, 1)                        \
  ROW("sigmoid forward", sigmoid_forward, sigmoid, 0, 0.26894142, 0.73105858)    \
  ROW("sigmoid backward", sigmoid_backward, sigmoid_slope, 0, -4, 0)             \
  ROW("tanh forward", tanh_forward, tanh_, 0, -0.76159416, 0.76159416)           \
  ROW("tanh backward", tanh_backward, tanh_slope, 0, 0, 0)                       \
  ROW("softplus forward", softplus_forward, softplus, 0, 0.31326169, 1.31326169) \
  ROW("silu forward", silu_forward, silu, 0, -0.26894142, 0.73105858)

/** The loop of assembly/pointwise.ts. Where f does not look at g, the compiler leaves out its load. */
#define POINTWISE(name, kernel, f, parameter, below, above)                                     \
  KERNEL void kernel(const float *x, const float *g, float *out, float a) {                   \
    for (size_t i = 0; i < N; i += 16) store(out + i, f(load(x + i), load(g + i), splat(a))); \
  }
FUNCTIONS(POINTWISE)

KERNEL void copy(const float *x, const float *g, float *out, float a) { memcpy(out, x, N * sizeof *x); }

// assembly/philox.ts, eight blocks a turn. A vector has one word of two blocks, in the low halves of 64-bit lanes;
// what stands in the high halves pmuludq does not see, so that a product's low half need not be cut out.

/** The words of n values, a multiple of 32, from a block on (below 2^32, of stream 0), each made into its value. */
INLINE void philox(uint64_t key, uint64_t block, float *out, size_t n, v (*value)(v, const float *), const float *p) {
  const W m0 = _mm_set1_epi64x(0xd2511f53), m1 = _mm_set1_epi64x(0xcd9e8d57);
  W key0[10], key1[10], counter = _mm_set_epi64x(block + 1, block);
  for (uint32_t r = 0; r < 10; r++) {
    key0[r] = _mm_set1_epi64x((uint32_t)key + r * 0x9e3779b9u);
    key1[r] = _mm_set1_epi64x((uint32_t)(key >> 32) + r * 0xbb67ae85u);
  }
  for (float *end = out + n; out < end; out += 32) {
    W c0[4], c1[4], c2[4], c3[4];
    v made[2];
    UNROLL for (int i = 0; i < 4; i++) {
      c0[i] = counter;
      c1[i] = c2[i] = c3[i] = _mm_setzero_si128();
      counter = _mm_add_epi64(counter, _mm_set1_epi64x(2));
    }
    UNROLL for (int r = 0; r < 9; r++) {
      UNROLL for (int i = 0; i < 4; i++) {
        const W p0 = _mm_mul_epu32(c0[i], m0), p1 = _mm_mul_epu32(c2[i], m1);
        c0[i] = _mm_xor_si128(_mm_srli_epi64(p1, 32), _mm_xor_si128(c1[i], key0[r]));
        c2[i] = _mm_xor_si128(_mm_srli_epi64(p0, 32), _mm_xor_si128(c3[i], key1[r]));
        c1[i] = p1;
        c3[i] = p0;
      }
    }
    // The last round leaves words 1 and 0 in one lane, 3 and 2 in another: a shuffle a block puts them in order.
    UNROLL for (int i = 0; i < 4; i++) {
      const W p0 = _mm_mul_epu32(c0[i], m0), p1 = _mm_mul_epu32(c2[i], m1);
      const V low = FLOATS(_mm_xor_si128(p1, _mm_slli_epi64(_mm_xor_si128(c1[i], key0[9]), 32)));
      const V high = FLOATS(_mm_xor_si128(p0, _mm_slli_epi64(_mm_xor_si128(c3[i], key1[9]), 32)));
      made[i / 2].at[i % 2 * 2] = _mm_shuffle_ps(low, high, _MM_SHUFFLE(0, 1, 0, 1));
      made[i / 2].at[i % 2 * 2 + 1] = _mm_shuffle_ps(low, high, _MM_SHUFFLE(2, 3, 2, 3));
    }
    store(out, value(made[0], p));
    store(out + 16, value(made[1], p));
  }
}

// assembly/distribution.ts

INLINE v word(v bits, const float *p) { return bits; }
INLINE v between(v bits, const float *p) {
  return pmin(mad(mul(converted(right(bits, 8)), splat(0x1p-24f)), splat(p[1]), splat(p[0])), splat(p[2]));
}

KERNEL void words(uint64_t key, uint64_t block, float *out, size_t n) { philox(key, block, out, n, word, NULL); }

/** In [0, a), made where the bits are, without a second pass. */
KERNEL void uniform(const float *x, const float *g, float *out, float a) {
  philox(1, 0, out, N, between, (const float[]){0, a, 0x1.fffffep-1f * a});
}

/** Of deviation a: a tile of bits, then their values in place. */
KERNEL void normal(const float *x, const float *g, float *out, float a) {
  for (float *p = out; p < out + N; p += 32) {
    if ((p - out) % TILE == 0) words(1, (p - out) / 4, p, TILE);
#define PAIR(k) _mm_load_ps(p + 8 * k), _mm_load_ps(p + 8 * k + 4)
    const v first = EACH(_mm_shuffle_ps(PAIR(k), _MM_SHUFFLE(2, 0, 2, 0)));
    const v turn = EACH(_mm_shuffle_ps(PAIR(k), _MM_SHUFFLE(3, 1, 3, 1)));
    const v u = mad(converted(right(first, 1)), splat(0x1p-31f), splat(0x1p-32f));
    const v r = mul(root(mul(log_normal(u), splat(-2.0f))), splat(a));
    const v y = mul(converted(left(turn, 2)), splat(0x1p-32f)), s = sine(y), c = cosine(y), swap = left(turn, 1);
    const v even = mad(r, xor(choose(s, c, swap), and(xor(turn, swap), sign())), splat(0.0f));
    const v odd = mad(r, xor(choose(c, s, swap), and(turn, sign())), splat(0.0f));
    UNROLL for (int k = 0; k < 4; k++) {
      _mm_store_ps(p + 8 * k, _mm_unpacklo_ps(even.at[k], odd.at[k]));
      _mm_store_ps(p + 8 * k + 4, _mm_unpackhi_ps(even.at[k], odd.at[k]));
    }
  }
}

// assembly/linear.ts, for sizes that its blocks divide: y = x W', both operands row by row.

enum { ROWS = 256, INPUTS = 1024, OUTPUTS = 1024, BLOCK_DEPTH = 512, BLOCK_ROWS = 64, BLOCK_COLUMNS = 512 };

/** Lines in panels of `width`: for each depth the panel's values side by side. */
INLINE void pack(const float *line, size_t lines, size_t width, float *out) {
  for (size_t l = 0; l < lines; l += 4, line += 4 * INPUTS) {
    float *to = out + l / width * width * BLOCK_DEPTH + l % width;
    for (size_t d = 0; d < BLOCK_DEPTH; d += 4, to += 4 * width) {
      V t[4];
      UNROLL for (int i = 0; i < 4; i++) t[i] = _mm_load_ps(line + i * INPUTS + d);
      _MM_TRANSPOSE4_PS(t[0], t[1], t[2], t[3]);
      UNROLL for (int i = 0; i < 4; i++) _mm_store_ps(to + i * width, t[i]);
    }
  }
}

/** Four rows of eight results, in eight registers. */
INLINE void tile(const float *a, const float *b, float *c, int begin) {
  V sums[4][2];
  UNROLL for (int i = 0; i < 8; i++)
    sums[i / 2][i % 2] = begin ? _mm_setzero_ps() : _mm_load_ps(c + i / 2 * OUTPUTS + i % 2 * 4);
#pragma GCC unroll 4
  for (size_t d = 0; d < BLOCK_DEPTH; d++, a += 4, b += 8) {
    const V b0 = _mm_load_ps(b), b1 = _mm_load_ps(b + 4);
    UNROLL for (int r = 0; r < 4; r++) {
      const V value = _mm_set1_ps(a[r]);
      sums[r][0] = _mm_add_ps(_mm_mul_ps(value, b0), sums[r][0]);
      sums[r][1] = _mm_add_ps(_mm_mul_ps(value, b1), sums[r][1]);
    }
  }
  UNROLL for (int i = 0; i < 8; i++) _mm_store_ps(c + i / 2 * OUTPUTS + i % 2 * 4, sums[i / 2][i % 2]);
}

KERNEL void matmul(const float *x, const float *g, float *out, float a) {
  static _Alignas(64) float left_block[BLOCK_ROWS * BLOCK_DEPTH], right_block[BLOCK_COLUMNS * BLOCK_DEPTH];
  for (size_t j = 0; j < OUTPUTS; j += BLOCK_COLUMNS) {
    for (size_t d = 0; d < INPUTS; d += BLOCK_DEPTH) {
      pack(g + j * INPUTS + d, BLOCK_COLUMNS, 8, right_block);
      for (size_t i = 0; i < ROWS; i += BLOCK_ROWS) {
        pack(x + i * INPUTS + d, BLOCK_ROWS, 4, left_block);
        for (size_t column = 0; column < BLOCK_COLUMNS; column += 8)
          for (size_t row = 0; row < BLOCK_ROWS; row += 4)
            tile(left_block + row * BLOCK_DEPTH, right_block + column * BLOCK_DEPTH,
                 out + (i + row) * OUTPUTS + j + column, d == 0);
      }
    }
  }
}

/** The rows, by their names in bench/peers.ts, and the first two values that each makes. */
static const struct {
  const char *name;
  void (*run)(const float *, const float *, float *, float);
  float a;
  double first[2];
} rows[] = {
#define TABLE(name, kernel, f, a, below, above) {name, kernel, a, {below, above}},
  {"memory.copy", copy, 0, {-1, 1}},
  FUNCTIONS(TABLE)
  {"uniform", uniform, 1, {0.8902591466903687, 0.8946846723556519}},
  {"normal", normal, 1, {-0.2962779402732849, -0.38040077686309814}},
  {"matmul 256 x 1024 x 1024", matmul, 0, {0, 0}},
};
enum { COUNT = sizeof rows / sizeof *rows, ROUNDS = 9, CALLS = 1 << 16 };

static _Alignas(64) float x[ROWS * INPUTS], g[OUTPUTS * INPUTS], out[ROWS * OUTPUTS];

static void hold(double value, double known, const char *name) {
  if (fabs(value - known) <= 1e-6 * fabs(known)) return;
  fprintf(stderr, "%s: %.9g is not %.9g\n", name, value, known);
  exit(1);
}

/** Makes what is worked on, and holds the generator to its known answer and every row to its first values. */
static void check(void) {
  static const uint32_t known[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  words(0, 0, out, 32);
  for (int i = 0; i < 4; i++) hold(((uint32_t *)out)[i], known[i], "philox");
  normal(NULL, NULL, out, 1);
  for (int i = 0; i < ROWS * INPUTS; i++) x[i] = out[i % N];
  for (int i = 0; i < OUTPUTS * INPUTS; i++) g[i] = out[i % (N - 1)];
  x[0] = -1, x[1] = 1, g[0] = g[1] = 2;
  for (int i = 0; i < COUNT; i++) {
    rows[i].run(x, g, out, rows[i].a);
    for (int column = 0; column < 2; column++) {
      double known = rows[i].first[column];
      for (int k = 0; rows[i].run == matmul && k < INPUTS; k++) known += (double)x[k] * g[column * INPUTS + k];
      hold(out[column], known, rows[i].name);
    }
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec * 1e-6;
}
static int ascending(const void *a, const void *b) {
  return (*(double *)a > *(double *)b) - (*(double *)a < *(double *)b);
}
static double median(double *values, int count) {
  qsort(values, count, sizeof *values, ascending);
  return values[count / 2];
}

int main(void) {
  static double rounds[COUNT][ROUNDS], calls[CALLS];
  check();
  // A round takes each row once, so that what disturbs the machine for a while falls on one round of each.
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < COUNT; i++) {
      const double start = now();
      int count = 0;
      for (double before = start, after; (before - start < 30 || count < 5) && count < CALLS; before = after) {
        rows[i].run(x, g, out, rows[i].a);
        after = now();
        calls[count++] = after - before;
      }
      rounds[i][round] = median(calls, count);
    }
  }
  FILE *file = fopen("report/limit.json", "w");
  if (!file) return perror("report/limit.json"), 1;
  fprintf(file, "{\n  \"compiler\": \"gcc %s %s\",\n  \"milliseconds\": {", __VERSION__, FLAGS);
  for (int i = 0; i < COUNT; i++) {
    const double time = median(rounds[i], ROUNDS);
    const double millions = (rows[i].run == matmul ? 2.0 * ROWS * INPUTS * OUTPUTS : N) * 1e-3 / time;
    printf("%-26s%10.5f ms%10.0f M%s/s\n", rows[i].name, time, millions, rows[i].run == matmul ? "FLOP" : "");
    fprintf(file, "%s\n    \"%s\": %.6f", i ? "," : "", rows[i].name, time);
  }
  fprintf(file, "\n  }\n}\n");
  return fclose(file) ? perror("report/limit.json"), 1 : 0;
}
