# SYSENG_MEM_LIBDWARF: find libdwarf, the 2021 API (Debian 12: headers below libdwarf/, no .pc file) or the 0.x API.
AC_DEFUN([SYSENG_MEM_LIBDWARF], [
  PKG_CHECK_MODULES([LIBDWARF], [libdwarf], [have_libdwarf=yes], [have_libdwarf=no])
  AS_IF([test "x$have_libdwarf" = xno], [LIBDWARF_CFLAGS=; LIBDWARF_LIBS="-ldwarf"])
  AC_SUBST([LIBDWARF_CFLAGS])
  AC_SUBST([LIBDWARF_LIBS])
  save_CPPFLAGS=$CPPFLAGS
  CPPFLAGS="$CPPFLAGS $LIBDWARF_CFLAGS"
  AC_CHECK_HEADERS([libdwarf/libdwarf.h libdwarf-0/libdwarf.h libdwarf.h])
  AC_CACHE_CHECK([which API libdwarf has], [syseng_mem_cv_libdwarf_api],
    [AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#if HAVE_LIBDWARF_LIBDWARF_H
#include <libdwarf/libdwarf.h>
#elif HAVE_LIBDWARF_0_LIBDWARF_H
#include <libdwarf-0/libdwarf.h>
#else
#include <libdwarf.h>
#endif
]], [[Dwarf_Debug d; Dwarf_Error e; char p[1];
return dwarf_init_path("x", p, 1, DW_GROUPNUMBER_ANY, 0, 0, &d, &e);]])],
      [syseng_mem_cv_libdwarf_api=0.x],
      [AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#if HAVE_LIBDWARF_LIBDWARF_H
#include <libdwarf/libdwarf.h>
#else
#include <libdwarf.h>
#endif
]], [[Dwarf_Debug d; Dwarf_Error e; char p[1];
return dwarf_init_path("x", p, 1, DW_DLC_READ, DW_GROUPNUMBER_ANY, 0, 0, &d, 0, 0, 0, &e);]])],
        [syseng_mem_cv_libdwarf_api=2021],
        [syseng_mem_cv_libdwarf_api=none])])])
  CPPFLAGS=$save_CPPFLAGS
  libdwarf_api=$syseng_mem_cv_libdwarf_api
  AS_CASE([$libdwarf_api],
    [2021], [AC_DEFINE([LIBDWARF_API_2021], [1], [libdwarf has the API of 2021 (Debian 12)])],
    [none], [missing="$missing libdwarf-dev"])
  AM_CONDITIONAL([LIBDWARF_API_2021], [test "x$libdwarf_api" = x2021])
])
