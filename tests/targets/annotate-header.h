// Annotated functions of a header, in two sources (annotate-header-a.cc, -b.cc): the linker keeps one copy of each.

#ifndef TESTS_TARGETS_ANNOTATE_HEADER_H
#define TESTS_TARGETS_ANNOTATE_HEADER_H

#include <cstdlib>

#include "syseng_mem.h"

template <class T> SYSENG_MEM_PROFILE T in_header(T n)
{
    void *volatile block = std::malloc(static_cast<size_t>(n)); // at in_header<int>
    std::free(block);
    return n + 1;
}

struct header_box {
    int size;

    SYSENG_MEM_PROFILE
    int method(int n)
    {
        void *volatile block = std::malloc(static_cast<size_t>(n)); // at header_box::method
        std::free(block);
        return size + n;
    }
};

int elsewhere(int n);

#endif
