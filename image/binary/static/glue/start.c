/*
 * The main function of the executable: puts Node's program in the state in which the dynamic loader would have handed
 * it over, and calls it. The C library has started by now, as in any static program.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "glue.h"

/* Two thread-local objects of libstdc++ that Node reads by their distance from the thread pointer. */
extern __thread void *_ZSt15__once_callable;
extern __thread void (*_ZSt11__once_call)(void);

static void fill_slots(void) {
  for (const struct slot *slot = glue_slots; slot < glue_slots_end; slot++)
    *(uintptr_t *)slot->place = slot->value;
  for (const struct copied_object *object = glue_copies; object < glue_copies_end; object++)
    memcpy((void *)object->place, (const void *)object->original, object->size);
  char *thread = __builtin_thread_pointer();
  *node_once_callable_offset = (char *)&_ZSt15__once_callable - thread;
  *node_once_call_offset = (char *)&_ZSt11__once_call - thread;
}

/* From here on nobody writes what only the loader had to write; whole pages, as the loader does it. */
static void protect(void) {
  uintptr_t page = getauxval(AT_PAGESZ);
  uintptr_t start = (uintptr_t)node_read_only_start & -page;
  uintptr_t end = (uintptr_t)node_read_only_end & -page;
  if (end > start) mprotect((void *)start, end - start, PROT_READ);
}

static void finish_node(void) {
  for (void (**function)(void) = node_fini_array_end; function > node_fini_array;) (*--function)();
}

int main(int argc, char **argv, char **environment) {
  fill_slots();
  protect();
  atexit(finish_node);
  for (void (**function)(int, char **, char **) = node_init_array; function < node_init_array_end; function++)
    (*function)(argc, argv, environment);
  return node_main(argc, argv, environment);
}
