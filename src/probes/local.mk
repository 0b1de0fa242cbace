noinst_LIBRARIES += %D%/libprobes.a
%C%_libprobes_a_SOURCES = %D%/probes.h
