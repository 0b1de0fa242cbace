/* The environment: the program does not see our two words in it, and what it starts gets them all the same. */

#ifndef PRELOAD_ENVIRONMENT_H
#define PRELOAD_ENVIRONMENT_H

#include "preload/guest.h"

#define ENVIRONMENT_PRELOAD_BYTES 4096 /* of LD_PRELOAD; where it does not fit, the program is not followed */

/* Keep our two words when there is a session, and take them out of the environment before the program's first
   constructor reads it. They are the last two, as those who start programs with our library put them; when they are
   not, they stay. Called once, by the constructor. */
GUEST_HIDDEN void environment_take(void);

/* How many places an environment made anew needs for a program that can be profiled or not (`suitable`): 0 when `words`
   can stay as they are, and when nothing is to be passed on. */
GUEST_HIDDEN size_t environment_room(char *const *words, bool suitable);

/* Make it in `out`, which has that many places; `preload` has ENVIRONMENT_PRELOAD_BYTES. Both, and `words`, must
   outlive it. Returns `out`. */
GUEST_HIDDEN char *const *environment_fill(char **out, char *preload, char *const *words, bool suitable);

/* Whether a word is the one that names the session. */
GUEST_HIDDEN bool environment_is_channel(const char *word);

/* The path of our library; "" when nothing is to be passed on. */
GUEST_HIDDEN const char *environment_library(void);

#endif
