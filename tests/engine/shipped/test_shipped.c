/* The texts are those of the source, under the names that bundles have, and are found by what they hold. */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "shipped/shipped.h"

static void test_they_are_the_sources(void **state)
{
    (void)state;
    bool piece = false, module = false;
    assert_true(aur_shipped_count > 10);
    for (size_t i = 0; i < aur_shipped_count; i++) {
        const struct aur_shipped *text = &aur_shipped_texts[i];
        unsigned char sum[AUR_SHA256_SIZE];
        char path[512];
        struct aur_buf file;
        snprintf(path, sizeof path, "%s/scripts/%s", AURALIS_SOURCE_DIR, text->name);
        aur_buf_init(&file);
        assert_int_equal(aur_buf_read_file(&file, path, 1 << 20, NULL), 0);
        assert_int_equal(text->len, file.len);
        assert_memory_equal(text->text, file.data, file.len);
        aur_sha256(sum, file.data, file.len);
        assert_memory_equal(text->sha256, sum, sizeof sum);
        assert_ptr_equal(aur_shipped_same(file.data, file.len), text);
        assert_ptr_equal(aur_shipped_find(sum), text);
        file.data[file.len / 2] ^= 1;
        assert_null(aur_shipped_same(file.data, file.len));
        sum[31] ^= 1;
        assert_null(aur_shipped_find(sum));
        aur_buf_deinit(&file);
        piece = piece || strcmp(text->name, "rain.lua") == 0;
        module = module || strcmp(text->name, "lib/theory.lua") == 0;
    }
    assert_true(piece && module);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_they_are_the_sources)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
