# WARN_CFLAGS: the warnings that both gcc and clang know and that the sources are kept clean of.
AC_SUBST([WARN_CFLAGS], ["-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition dnl
-Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wvla -Wundef -Wno-unused-parameter"])
