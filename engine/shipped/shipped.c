/* Looking through the texts. There are a few dozen: a list is enough, and lengths tell most of them apart. Any thread. */
#include "shipped/shipped.h"

#include <string.h>

const struct aur_shipped *aur_shipped_same(const void *text, size_t len)
{
    for (size_t i = 0; i < aur_shipped_count; i++)
        if (aur_shipped_texts[i].len == len && memcmp(aur_shipped_texts[i].text, text, len) == 0)
            return &aur_shipped_texts[i];
    return NULL;
}

const struct aur_shipped *aur_shipped_find(const unsigned char sha256[AUR_SHA256_SIZE])
{
    for (size_t i = 0; i < aur_shipped_count; i++)
        if (memcmp(aur_shipped_texts[i].sha256, sha256, AUR_SHA256_SIZE) == 0)
            return &aur_shipped_texts[i];
    return NULL;
}
