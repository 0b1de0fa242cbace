/* The files that a session's frames lie in. */

#include "collector/session.h"

#include <stdlib.h>
#include <string.h>

uint32_t session_module(struct session *session, const char *path)
{
    for (size_t i = session->module_count; i-- > 0;)
        if (strcmp(session->modules[i], path) == 0)
            return (uint32_t)i;
    char **grown = realloc(session->modules, (session->module_count + 1) * sizeof *grown);
    char *copy = grown != NULL ? strdup(path) : NULL;
    if (grown != NULL)
        session->modules = grown;
    if (copy == NULL)
        return SESSION_NO_MODULE;
    session->modules[session->module_count] = copy;
    return (uint32_t)session->module_count++;
}
