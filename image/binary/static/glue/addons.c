/*
 * "Dynamic loading": process.dlopen() of the one addon that is linked in, under the name that bundle.ts gives it, and
 * a clear refusal of everything else. Name service and character set conversion must not load anything either.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

#include "glue.h"

/* The two functions that every addon of the Node-API has; these are better-sqlite3's. */
extern void *napi_register_module_v1(void *environment, void *exports);
extern int32_t node_api_module_get_api_version_v1(void);

static const char addon_path[] = "/better_sqlite3.node";
static char addon;
static __thread const char *last_error;

void *dlopen(const char *path, int flags) {
  (void)flags;
  if (path != NULL && strcmp(path, addon_path) == 0) return &addon;
  last_error = "this executable is static and loads no libraries or addons";
  return NULL;
}

void *dlsym(void *restrict handle, const char *restrict name) {
  if (handle == &addon && strcmp(name, "napi_register_module_v1") == 0) return (void *)napi_register_module_v1;
  if (handle == &addon && strcmp(name, "node_api_module_get_api_version_v1") == 0)
    return (void *)node_api_module_get_api_version_v1;
  last_error = "there is no such symbol: this executable is static";
  return NULL;
}

int dlclose(void *handle) {
  (void)handle;
  return 0;
}

char *dlerror(void) {
  const char *error = last_error;
  last_error = NULL;
  return (char *)error;
}

int dladdr(const void *address, Dl_info *info) {
  (void)address;
  (void)info;
  return 0;
}

/* The C library's own doors to the same room. */
void *__libc_dlopen_mode(const char *name, int mode) {
  (void)name;
  (void)mode;
  return NULL;
}

void *__libc_dlsym(void *handle, const char *name) {
  (void)handle;
  (void)name;
  return NULL;
}

void *__libc_dlvsym(void *handle, const char *name, const char *version) {
  (void)handle;
  (void)name;
  (void)version;
  return NULL;
}

int __libc_dlclose(void *handle) {
  (void)handle;
  return 0;
}
