/*
 * What Node's program and the build tell the glue. Node itself is linked dynamically, at fixed addresses; the glue
 * and the static libraries are a second program beside it that does what the dynamic loader would have done.
 */
#ifndef GLUE_H
#define GLUE_H

#include <stddef.h>
#include <stdint.h>

/* A place in Node's memory that takes an address: relocations.S, one for each relocation of Node. */
struct slot {
  uintptr_t place;
  uintptr_t value;
};

/* An object of a library that Node has a copy of ("copy relocation"): relocations.S. */
struct copied_object {
  uintptr_t place;
  uintptr_t original;
  size_t size;
};

extern const struct slot glue_slots[];
extern const struct slot glue_slots_end[];
extern const struct copied_object glue_copies[];
extern const struct copied_object glue_copies_end[];

/* Addresses in Node's program: node-symbols.ld. */
extern int node_main(int argc, char **argv, char **environment);
extern void (*node_init_array[])(int argc, char **argv, char **environment);
extern void (*node_init_array_end[])(int argc, char **argv, char **environment);
extern void (*node_fini_array[])(void);
extern void (*node_fini_array_end[])(void);
extern char node_text_start[];
extern char node_text_end[];
extern char node_exception_frames[];
extern char node_read_only_start[];
extern char node_read_only_end[];
extern intptr_t node_once_callable_offset[1];
extern intptr_t node_once_call_offset[1];
extern char *node_time_zone_names[2];
extern long node_time_zone_offset[1];

#endif
