/* Our standard input. */

#ifndef HARNESS_STANDARD_INPUT_H
#define HARNESS_STANDARD_INPUT_H

#include <stdbool.h>

/* Whether nothing can be read from it now or later: it is closed, /dev/null, a file read to its end, a pipe or socket
   without a writer. A server that waits for a key press would end at once. Takes nothing from it. */
bool standard_input_is_at_end(void);

#endif
