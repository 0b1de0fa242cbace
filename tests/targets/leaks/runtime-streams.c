/* Buffers of the standard streams, and of a stream that is closed. */
#include "leaks.h"

int main(void)
{
    printf("%f %Lf %.300g\n", 1.5, 2.5L, 1e300);
    fprintf(stderr, "error\n");
    getchar();
    FILE *file = fopen("/proc/self/status", "r"); /* KEPT */
    fgetc(file);                                  /* KEPT */
    fclose(file);
    scrub();
    return 0;
}
