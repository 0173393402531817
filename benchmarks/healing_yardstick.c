/* A yardstick: one-year healing courses in plain C, as an engineer would write them who knows this model and SIMD.
 * All eleven states by classical Runge-Kutta on the time grid that it is given, people as the fastest index, a few of
 * them side by side in vector registers. And two measures of the machine: peak arithmetic and memory bandwidth.
 */
#include <math.h>
#include <string.h>
#define LANES 4
#define STATES 11
#define ROWS 29 /* of parameters: 23 of the slow states (ceiling and lag as reciprocals), 4 early, loss, fading */

static inline __attribute__((always_inline)) void rates(const double *restrict y, const double *restrict q,
                                                        double *restrict d, int i)
{
#define AT(k) ((k) * LANES + i)
#define Y(k) y[AT(k)]
#define Q(k) q[AT(k)]
#define D(k) d[AT(k)]
    const double debris = Y(0), inflammation = Y(1), repair = Y(2), f = Y(4), c3 = Y(5), c1 = Y(6), te = Y(7);
    const double pdgf = debris + Q(3) * inflammation + Q(4) * repair + Q(5) * f;
    const double tgf = Q(6) * debris + repair + Q(7) * f;
    const double room = 1 - (c1 + c3 - 1) * Q(11);
    const double made =
        Q(10) * f * (1 + Q(8) * tgf / (Q(9) + tgf)) * 0.5 * (room + sqrt(room * room + Q(12) * Q(12)));
    const double digest = Q(17) * inflammation;
    const double dc3 = made - (Q(13) + Q(15) + digest) * c3;
    const double dc1 = made + Q(14) * Q(13) * c3 - Q(16) * (c1 - 1) - digest * c1;
    const double ripe = Q(19) * te;
    D(0) = -Q(23) * debris;
    D(1) = Q(24) * (debris - inflammation);
    D(2) = Q(25) * inflammation - Q(26) * repair;
    D(3) = -Q(28) * Y(3);
    D(4) = Q(0) * pdgf / (Q(1) + pdgf) * (1 - f) - Q(2) * f;
    D(5) = dc3;
    D(6) = dc1;
    D(7) = Q(18) * f - ripe;
    D(8) = ripe - Q(20) * (Y(8) - 1);
    D(9) = -Q(21) * Y(9) * (dc1 + dc3);
    D(10) = (Y(9) - Y(10)) * Q(22);
}

/* people: a multiple of LANES. parameters[ROWS][people], stimulus[session][people], out[4][report][people]. */
void courses(int people, int steps, const double *step, const int *session_at, const int *report_at, int reports,
             const double *parameters, const double *stimulus, double *out)
{
    const int tiles = people / LANES;
#pragma omp parallel for schedule(static)
    for (int tile = 0; tile < tiles; tile++) {
        double y[STATES * LANES] = {0}, x[STATES * LANES], q[ROWS * LANES];
        double a[STATES * LANES], b[STATES * LANES], c[STATES * LANES], d[STATES * LANES];
        const size_t low = (size_t)tile * LANES, all = (size_t)reports * people;
        for (int k = 0; k < ROWS; k++) memcpy(q + k * LANES, parameters + (size_t)k * people + low, LANES * sizeof *q);
        for (int i = 0; i < LANES; i++) y[6 * LANES + i] = y[8 * LANES + i] = y[9 * LANES + i] = y[10 * LANES + i] = 1;
        for (int node = 0; node <= steps; node++) {
            if (session_at[node] >= 0) {
                const double *s = stimulus + (size_t)session_at[node] * people + low;
                for (int i = 0; i < LANES; i++) {
                    y[i] += s[i];
                    y[3 * LANES + i] += s[i];
                    y[8 * LANES + i] *= 1 - q[27 * LANES + i] * s[i];
                }
            }
            if (report_at[node] >= 0)
                for (int i = 0; i < LANES; i++) {
                    const size_t j = (size_t)report_at[node] * people + low + i;
                    out[j] = y[5 * LANES + i] + y[6 * LANES + i];
                    out[all + j] = y[5 * LANES + i];
                    out[2 * all + j] = y[8 * LANES + i];
                    out[3 * all + j] = y[10 * LANES + i];
                }
            if (node == steps) break;
            const double h = step[node];
#pragma omp simd
            for (int i = 0; i < LANES; i++) {
                rates(y, q, a, i);
                for (int k = 0; k < STATES; k++) x[AT(k)] = y[AT(k)] + 0.5 * h * a[AT(k)];
                rates(x, q, b, i);
                for (int k = 0; k < STATES; k++) x[AT(k)] = y[AT(k)] + 0.5 * h * b[AT(k)];
                rates(x, q, c, i);
                for (int k = 0; k < STATES; k++) x[AT(k)] = y[AT(k)] + h * c[AT(k)];
                rates(x, q, d, i);
                for (int k = 0; k < STATES; k++)
                    y[AT(k)] += h / 6 * (a[AT(k)] + 2 * (b[AT(k)] + c[AT(k)]) + d[AT(k)]);
            }
        }
    }
}

/* rounds x 64 multiply-adds on each thread's registers; returns something so that it cannot be left out. */
double peak(long rounds, int threads)
{
    double total = 0;
#pragma omp parallel for reduction(+ : total) num_threads(threads)
    for (int thread = 0; thread < threads; thread++) {
        double z[64];
        for (int i = 0; i < 64; i++) z[i] = 1 + i * 1e-3 + thread;
        for (long r = 0; r < rounds; r++)
#pragma omp simd
            for (int i = 0; i < 64; i++) z[i] = z[i] * 0.999999 + 1e-6;
        for (int i = 0; i < 64; i++) total += z[i];
    }
    return total;
}

/* a = b + s c: three numbers moved for each. */
void triad(long size, double *restrict a, const double *restrict b, const double *restrict c, double s)
{
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < size; i++) a[i] = b[i] + s * c[i];
}
