/* The session that every format is shown with: several requests, functions and files, blank rows, tabs, a source that
   is missing, figures without RSS, losses and notes. */

#ifndef TESTS_UNIT_REPORT_SESSION_H
#define TESTS_UNIT_REPORT_SESSION_H

#include "collector/session.h"

/* The session's files are relative to tests/golden. Static: nothing is to be freed. */
struct session *report_session(void);

#endif
