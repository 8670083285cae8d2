/* Base64 by a table of pairs: three bytes are two 12-bit numbers, each of them two characters. On any thread; encoder
 * workers spend most of a JSON chunk's time here, which is why it is not the usual table of 64. The table's 8 kB are
 * written out by the preprocessor, so there is nothing to initialise and nothing depends on byte order. */
#include "wire/base64.h"

#include <stdint.h>
#include <string.h>

/* clang-format off */
/* Hands each of the 64 characters to M, after A. */
#define CHARS(M, A) \
    M(A, 'A') M(A, 'B') M(A, 'C') M(A, 'D') M(A, 'E') M(A, 'F') M(A, 'G') M(A, 'H') M(A, 'I') M(A, 'J') M(A, 'K') \
    M(A, 'L') M(A, 'M') M(A, 'N') M(A, 'O') M(A, 'P') M(A, 'Q') M(A, 'R') M(A, 'S') M(A, 'T') M(A, 'U') M(A, 'V') \
    M(A, 'W') M(A, 'X') M(A, 'Y') M(A, 'Z') M(A, 'a') M(A, 'b') M(A, 'c') M(A, 'd') M(A, 'e') M(A, 'f') M(A, 'g') \
    M(A, 'h') M(A, 'i') M(A, 'j') M(A, 'k') M(A, 'l') M(A, 'm') M(A, 'n') M(A, 'o') M(A, 'p') M(A, 'q') M(A, 'r') \
    M(A, 's') M(A, 't') M(A, 'u') M(A, 'v') M(A, 'w') M(A, 'x') M(A, 'y') M(A, 'z') M(A, '0') M(A, '1') M(A, '2') \
    M(A, '3') M(A, '4') M(A, '5') M(A, '6') M(A, '7') M(A, '8') M(A, '9') M(A, '+') M(A, '/')
#define PAIR(a, b) {a, b},

static const char pairs[4096][2] = {
#define ROW(a) CHARS(PAIR, a)
    ROW('A') ROW('B') ROW('C') ROW('D') ROW('E') ROW('F') ROW('G') ROW('H') ROW('I') ROW('J') ROW('K')
    ROW('L') ROW('M') ROW('N') ROW('O') ROW('P') ROW('Q') ROW('R') ROW('S') ROW('T') ROW('U') ROW('V')
    ROW('W') ROW('X') ROW('Y') ROW('Z') ROW('a') ROW('b') ROW('c') ROW('d') ROW('e') ROW('f') ROW('g')
    ROW('h') ROW('i') ROW('j') ROW('k') ROW('l') ROW('m') ROW('n') ROW('o') ROW('p') ROW('q') ROW('r')
    ROW('s') ROW('t') ROW('u') ROW('v') ROW('w') ROW('x') ROW('y') ROW('z') ROW('0') ROW('1') ROW('2')
    ROW('3') ROW('4') ROW('5') ROW('6') ROW('7') ROW('8') ROW('9') ROW('+') ROW('/')
#undef ROW
};
/* clang-format on */

static void put(char out[4], uint32_t bits24)
{
    memcpy(out, pairs[bits24 >> 12], 2);
    memcpy(out + 2, pairs[bits24 & 4095], 2);
}

size_t aur_base64_encode(char *out, const void *data, size_t len)
{
    const uint8_t *in = data;
    char *at = out;
    for (; len >= 3; len -= 3, in += 3, at += 4)
        put(at, (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2]);
    if (len) {
        put(at, (uint32_t)in[0] << 16 | (len > 1 ? (uint32_t)in[1] << 8 : 0));
        if (len == 1)
            at[2] = '=';
        at[3] = '=';
        at += 4;
    }
    return (size_t)(at - out);
}
