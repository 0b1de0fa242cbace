# Static files of the pages. They are compiled into the report library: a page holds all that it needs.
WEB_STYLE = %D%/page.css
WEB_REQUEST_SCRIPT = %D%/dom.js %D%/units.js %D%/profile.js %D%/stack-list.js %D%/flame-tree.js %D%/flame.js %D%/lines.js \
	%D%/graph.js %D%/functions.js %D%/leaks.js %D%/charts.js %D%/files.js %D%/request.js
EXTRA_DIST += %D%/embed $(WEB_STYLE) $(WEB_REQUEST_SCRIPT)

src/report/page-assets.c: $(WEB_STYLE) $(WEB_REQUEST_SCRIPT) %D%/embed
	$(AM_V_GEN)$(MKDIR_P) src/report && ( \
	    echo '#include "report/page-assets.h"'; cd $(srcdir) && \
	    $(SHELL) %D%/embed page_style $(WEB_STYLE) && \
	    $(SHELL) %D%/embed page_request_script $(WEB_REQUEST_SCRIPT) \
	) >$@.tmp && mv $@.tmp $@
CLEANFILES += src/report/page-assets.c
