noinst_LIBRARIES += %D%/libbase.a
%C%_libbase_a_SOURCES = %D%/err.h %D%/err.c %D%/array.h %D%/array.c %D%/json-read.h %D%/text.h %D%/text.c %D%/units.h %D%/units.c
