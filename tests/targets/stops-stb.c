/* Mid-size C: images written, compressed, read back and scaled by the stb libraries, and tables of uthash. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STB_DS_IMPLEMENTATION
#define STB_SPRINTF_IMPLEMENTATION
#define STB_PERLIN_IMPLEMENTATION
#define STB_RECT_PACK_IMPLEMENTATION
#include <stb/stb_ds.h>
#include <stb/stb_image.h>
#include <stb/stb_image_resize.h>
#include <stb/stb_image_write.h>
#include <stb/stb_perlin.h>
#include <stb/stb_rect_pack.h>
#include <stb/stb_sprintf.h>
#include <uthash.h>

#include "storm.h"

static uint64_t hash(const void *bytes, size_t count)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < count; i++)
        sum = (sum ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
    return sum;
}

struct file {
    uint8_t *bytes; /* stb_ds array */
};

static void store(void *context, void *data, int size)
{
    struct file *file = context;
    memcpy(arraddnptr(file->bytes, size), data, (size_t)size);
}

static void images(int size)
{
    static const char *const names[] = {"png", "bmp", "tga", "jpg"};
    uint8_t *pixels = malloc((size_t)(size * size * 3));
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++)
            for (int c = 0; c < 3; c++)
                pixels[(y * size + x) * 3 + c] =
                    (uint8_t)(128 + 100 * stb_perlin_noise3((float)x / 9, (float)y / 9, (float)c * 3, 0, 0, 0));
    for (int kind = 0; kind < 4; kind++) {
        struct file file = {NULL};
        if (kind == 0)
            stbi_write_png_to_func(store, &file, size, size, 3, pixels, size * 3);
        else if (kind == 1)
            stbi_write_bmp_to_func(store, &file, size, size, 3, pixels);
        else if (kind == 2)
            stbi_write_tga_to_func(store, &file, size, size, 3, pixels);
        else
            stbi_write_jpg_to_func(store, &file, size, size, 3, pixels, 80);
        int w, h, n;
        uint8_t *back = stbi_load_from_memory(file.bytes, (int)arrlen(file.bytes), &w, &h, &n, 3);
        uint8_t small[20 * 20 * 3];
        stbir_resize_uint8(back, w, h, 0, small, 20, 20, 0, 3);
        printf("%s %d bytes %016llx, %dx%dx%d %016llx, small %016llx\n", names[kind], (int)arrlen(file.bytes),
               (unsigned long long)hash(file.bytes, arrlenu(file.bytes)), w, h, n,
               (unsigned long long)hash(back, (size_t)(w * h * 3)), (unsigned long long)hash(small, sizeof small));
        stbi_image_free(back);
        arrfree(file.bytes);
    }
    free(pixels);
}

struct entry {
    int key, value;
    UT_hash_handle hh;
};

static int by_value(const struct entry *a, const struct entry *b)
{
    return a->value != b->value ? (a->value > b->value) - (a->value < b->value) : a->key - b->key;
}

static void tables(int count)
{
    struct { char *key; int value; } *names = NULL;
    struct { int key; double value; } *numbers = NULL;
    struct entry *entries = NULL, *one, *next;
    sh_new_arena(names);
    for (int i = 0; i < count; i++) {
        char name[32];
        stbsp_snprintf(name, sizeof name, "name-%05d-%x", i * 7919 % 1000, i);
        shput(names, name, i);
        hmput(numbers, i * 31 % 517, i / 3.0);
        one = calloc(1, sizeof *one);
        one->key = i;
        one->value = i * 101 % 997;
        HASH_ADD_INT(entries, key, one);
    }
    HASH_SORT(entries, by_value);
    char line[256];
    int at = stbsp_snprintf(line, sizeof line, "%d %d %.3f %e", (int)shlen(names), (int)hmlen(numbers), hmget(numbers, 31), 1.5e10);
    stbsp_snprintf(line + at, (int)sizeof line - at, " %'d %+d %s", 1234567, shget(names, "name-00919-1"), "end");
    puts(line);
    uint64_t sum = 0;
    HASH_ITER(hh, entries, one, next) {
        sum = sum * 31 + (uint64_t)one->key;
        HASH_DEL(entries, one);
        free(one);
    }
    printf("%016llx\n", (unsigned long long)sum);
    shfree(names);
    hmfree(numbers);
}

static void packing(void)
{
    stbrp_context context;
    stbrp_node nodes[128];
    stbrp_rect rects[60] = {0};
    stbrp_init_target(&context, 128, 128, nodes, 128);
    for (int i = 0; i < 60; i++) {
        rects[i].id = i;
        rects[i].w = (stbrp_coord)(5 + i * 7 % 20);
        rects[i].h = (stbrp_coord)(5 + i * 11 % 17);
    }
    int all = stbrp_pack_rects(&context, rects, 60);
    uint64_t sum = 0;
    for (int i = 0; i < 60; i++)
        sum = sum * 31 + (uint64_t)(rects[i].x * 1000 + rects[i].y + rects[i].was_packed);
    printf("packed %d %016llx\n", all, (unsigned long long)sum);
}

int main(int argc, char **argv)
{
    int size = argc > 1 ? atoi(argv[1]) : 24;
    storm_begin();
    images(size);
    tables(size * 4);
    packing();
    storm_end();
    return 11;
}
