// See annotate-header.h.

#include "annotate-header.h"

int main(int argc, char **)
{
    header_box box{argc};
    return in_header(argc) + box.method(2) + elsewhere(argc);
}
