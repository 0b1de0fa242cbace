# Static files of the pages. They are compiled into the report library: a page holds all that it needs.
WEB_STYLE = %D%/page.css
WEB_SHARED_SCRIPT = %D%/dom.js %D%/units.js %D%/tabs.js %D%/flame-tree.js %D%/flame.js
WEB_REQUEST_SCRIPT = $(WEB_SHARED_SCRIPT) %D%/profile.js %D%/stack-list.js %D%/lines.js %D%/graph.js %D%/functions.js \
	%D%/leaks.js %D%/charts.js %D%/files.js %D%/request.js
WEB_COMPARE_SCRIPT = $(WEB_SHARED_SCRIPT) %D%/comparison.js %D%/compare-lines.js %D%/compare-flame.js %D%/compare.js
WEB_HISTORY_SCRIPT = %D%/dom.js %D%/history.js
WEB_FILES = $(WEB_STYLE) $(WEB_REQUEST_SCRIPT) $(WEB_COMPARE_SCRIPT) $(WEB_HISTORY_SCRIPT)
EXTRA_DIST += %D%/embed $(WEB_FILES)

src/report/page-assets.c: $(WEB_FILES) %D%/embed
	$(AM_V_GEN)$(MKDIR_P) src/report && ( \
	    echo '#include "report/page-assets.h"'; cd $(srcdir) && \
	    $(SHELL) %D%/embed page_style $(WEB_STYLE) && \
	    $(SHELL) %D%/embed page_request_script $(WEB_REQUEST_SCRIPT) && \
	    $(SHELL) %D%/embed page_compare_script $(WEB_COMPARE_SCRIPT) && \
	    $(SHELL) %D%/embed page_history_script $(WEB_HISTORY_SCRIPT) \
	) >$@.tmp && mv $@.tmp $@
CLEANFILES += src/report/page-assets.c
