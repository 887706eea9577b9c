/*
 * Exceptions find their handlers through tables, one set for each program in memory. Here there are two, Node and what
 * is linked to it, and no dynamic loader to ask about them.
 */
#define _GNU_SOURCE
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "glue.h"

/* Set by the linker: the linked part's own headers, text and tables. */
extern const ElfW(Ehdr) __ehdr_start;
extern char __executable_start[];
extern char etext[];
extern char __GNU_EH_FRAME_HDR[];

/* Node also looks for the application that it carries among the headers of the first object. */
int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data) {
  struct dl_phdr_info whole = {
      .dlpi_name = "",
      .dlpi_phdr = (const ElfW(Phdr) *)getauxval(AT_PHDR),
      .dlpi_phnum = getauxval(AT_PHNUM),
      .dlpi_adds = 2,
  };
  int result = callback(&whole, sizeof whole, data);
  if (result != 0) return result;
  struct dl_phdr_info linked = {
      .dlpi_name = "[linked]",
      .dlpi_phdr = (const ElfW(Phdr) *)((const char *)&__ehdr_start + __ehdr_start.e_phoff),
      .dlpi_phnum = __ehdr_start.e_phnum,
      .dlpi_adds = 2,
  };
  return callback(&linked, sizeof linked, data);
}

static int answer(struct dl_find_object *result, char *start, char *end, char *frames) {
  memset(result, 0, sizeof *result);
  result->dlfo_map_start = start;
  result->dlfo_map_end = end;
  result->dlfo_eh_frame = frames;
  return 0;
}

/* What libgcc asks first. Code that was made at run time belongs to neither. */
int _dl_find_object(void *address, struct dl_find_object *result) {
  char *place = address;
  if (place >= node_text_start && place < node_text_end)
    return answer(result, node_text_start, node_text_end, node_exception_frames);
  if (place >= __executable_start && place < etext)
    return answer(result, __executable_start, etext, __GNU_EH_FRAME_HDR);
  return -1;
}
