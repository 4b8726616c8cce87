# Our own macros: they gather what is missing, so that one message can name all of it.

# DW_MISSING(WHAT, APT-PACKAGE): remembers a package for DW_REPORT_MISSING.
AC_DEFUN([DW_MISSING], [dw_missing="$dw_missing
    $1: $2"
dw_packages="$dw_packages $2"])

# DW_PKG(PREFIX, MODULE, APT-PACKAGE): a library known to pkg-config.
AC_DEFUN([DW_PKG], [PKG_CHECK_MODULES([$1], [$2], [], [DW_MISSING([$2], [$3])])])

# DW_LIB(PREFIX, LIBRARY, FUNCTION, HEADER, APT-PACKAGE): one without a .pc file.
AC_DEFUN([DW_LIB], [
  dw_found=yes
  AC_CHECK_HEADER([$4], [], [dw_found=no])
  AC_CHECK_LIB([$2], [$3], [$1_LIBS="-l$2"], [dw_found=no])
  AS_IF([test $dw_found = no], [DW_MISSING([lib$2], [$5])])
  AC_SUBST([$1_LIBS])])

# DW_REPORT_MISSING: ends configure when a package is missing, and says how to get all of them.
AC_DEFUN([DW_REPORT_MISSING], [
  AS_IF([test -n "$dw_missing"], [AC_MSG_ERROR([these are missing:$dw_missing
  On Debian: apt-get install$dw_packages])])])

# DW_FLAGS(VARIABLE, FLAG...): adds each flag that the compiler and linker take without a word.
AC_DEFUN([DW_FLAGS], [
  m4_foreach_w([dw_flag], [$2], [
    AC_MSG_CHECKING([whether $CC takes dw_flag])
    dw_saved_flags="$CFLAGS"
    CFLAGS="$CFLAGS -Werror dw_flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]], [[]])],
      [AC_MSG_RESULT([yes]); $1="$$1 dw_flag"], [AC_MSG_RESULT([no])])
    CFLAGS="$dw_saved_flags"])
  AC_SUBST([$1])])

# DW_FORTIFY(VARIABLE): the highest level of _FORTIFY_SOURCE that compiler, libc and CFLAGS allow.
AC_DEFUN([DW_FORTIFY], [
  AC_MSG_CHECKING([for the level of _FORTIFY_SOURCE])
  dw_saved_flags="$CPPFLAGS"
  for dw_level in 3 2; do
    CPPFLAGS="$dw_saved_flags -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$dw_level"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]], [[]])],
      [$1="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$dw_level"; break])
  done
  CPPFLAGS="$dw_saved_flags"
  AC_MSG_RESULT([${$1:-none}])
  AC_SUBST([$1])])
