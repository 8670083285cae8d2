/* Real functions in double precision that give the same bits on every machine: polynomials and exact arithmetic only,
 * never libm (glibc's differ between CPUs with and without FMA). Scripts' math.* and everything between a note and its
 * sample (pitch to Hz, pan, dB) go through these. Errors against the true value are stated per function in real.c and
 * are below 2 units in the last place unless said otherwise. Pure; any thread, render workers too. */
#ifndef AUR_BASE_REAL_H
#define AUR_BASE_REAL_H

double aur_exp(double x);
double aur_exp2(double x);
double aur_ln(double x); /* natural; aur_log is a log line */
double aur_log2(double x);
double aur_log10(double x);
double aur_pow(double x, double y); /* C99 semantics for signs, zeros, infinities and NaN */
double aur_sin(double x);           /* |x| up to 2^30 reduced exactly enough; beyond: reduced modulo 2 pi by fmod */
double aur_cos(double x);
double aur_tan(double x);
double aur_asin(double x);
double aur_acos(double x);
double aur_atan(double x);
double aur_atan2(double y, double x);
double aur_sinh(double x);
double aur_cosh(double x);
double aur_tanh(double x);

#endif
