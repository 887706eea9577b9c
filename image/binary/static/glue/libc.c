/*
 * Functions of the C library that Node calls and that a static program has otherwise or not at all.
 */
#define _GNU_SOURCE
#include <sys/stat.h>
#include <time.h>

#include "glue.h"

/*
 * Node calls this instead of tzset(). It has copies of tzname and timezone of its own; making both sides use one place
 * is not possible, because parts of the C library reach theirs without a symbol (by section anchors, on arm64).
 */
void glue_tzset(void) {
  tzset();
  node_time_zone_names[0] = __tzname[0];
  node_time_zone_names[1] = __tzname[1];
  node_time_zone_offset[0] = __timezone;
}

/* The names that programs linked against an older C library know stat() and its kin by; only libc.so still has them. */
int __xstat(int version, const char *path, struct stat *status) {
  (void)version;
  return stat(path, status);
}

int __lxstat(int version, const char *path, struct stat *status) {
  (void)version;
  return lstat(path, status);
}

int __fxstat(int version, int file, struct stat *status) {
  (void)version;
  return fstat(file, status);
}

int __xstat64(int version, const char *path, struct stat64 *status) {
  (void)version;
  return stat64(path, status);
}

int __lxstat64(int version, const char *path, struct stat64 *status) {
  (void)version;
  return lstat64(path, status);
}

int __fxstat64(int version, int file, struct stat64 *status) {
  (void)version;
  return fstat64(file, status);
}
