// See annotate-header.h.

#include "annotate-header.h"

SYSENG_MEM_PROFILE
int elsewhere(int n)
{
    header_box box{n};
    return in_header(n + 1) + box.method(3);
}
