/* Base64 against RFC 4648's examples and a plain decoder. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "wire/base64.h"

static void test_rfc_examples(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "+//+"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char out[16] = {0};
        size_t n = aur_base64_encode(out, pairs[i][0], strlen(pairs[i][0]));
        assert_int_equal(n, AUR_BASE64_SIZE(strlen(pairs[i][0])));
        assert_string_equal(out, pairs[i][1]);
    }
}

static int value_of(char c)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

static void test_every_pair_of_bytes_comes_back(void **state)
{
    (void)state;
    size_t len = 3 * 65536;
    unsigned char *in = malloc(len);
    char *out = malloc(AUR_BASE64_SIZE(len));
    assert_non_null(in);
    assert_non_null(out);
    for (size_t i = 0; i < 65536; i++) {
        in[3 * i] = (unsigned char)(i >> 8);
        in[3 * i + 1] = (unsigned char)i;
        in[3 * i + 2] = (unsigned char)(i * 7 + (i >> 5));
    }
    assert_int_equal(aur_base64_encode(out, in, len), AUR_BASE64_SIZE(len));
    for (size_t i = 0; i < 65536; i++) {
        unsigned bits = 0;
        for (size_t k = 0; k < 4; k++) {
            assert_true(value_of(out[4 * i + k]) >= 0);
            bits = bits << 6 | (unsigned)value_of(out[4 * i + k]);
        }
        assert_int_equal(bits, in[3 * i] << 16 | in[3 * i + 1] << 8 | in[3 * i + 2]);
    }
    free(in);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc_examples),
        cmocka_unit_test(test_every_pair_of_bytes_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
