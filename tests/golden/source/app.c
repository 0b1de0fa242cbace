/* A server's handlers, as the golden sessions show them. */

#include <stdlib.h>
#include <syseng_mem.h>

static char *kept;

SYSENG_MEM_PROFILE
int memory(struct request *q)
{
	struct range xr = { 0, 1 << 16 };	/* } not this one */
	int *r = range(xr.hi);

#if LOG
	if (q->log) {
		puts("}");
#else
	{
#endif
		kept = malloc(16);
	}
	if (q->empty)
		return 0;
	free(r);
	return xr.hi;
}

SYSENG_MEM_PROFILE int hello(void) { return reply("Hello, Wörld"); }

static inline int
user(struct request *q)
{
    for (int i = 0; i < 3; i++)
        add(q, i);
    return 404;
}
