/**
 * What Node is known to import in ways that need thought. A name that is not here stops the build: somebody has to
 * look at what it is before it goes into one of these tables.
 */

/** How an object comes to be the same for Node and for the libraries. */
export type Copying =
  /** Both use Node's place for it: the linker is told that the symbol lies there. */
  | { readonly way: 'alias'; readonly alsoKnownAs: readonly string[] }
  /** Its content does not change after the libraries have started: Node gets a copy, as from the loader. */
  | { readonly way: 'copy' };

const copy = { way: 'copy' } as const;

/** Copies that glue_tzset keeps up to date. */
export const changingCopies = ['__tzname', '__timezone'] as const;

/**
 * Data that Node has copies of (copy relocations), by symbol. tzname and timezone change, and are copied again by
 * glue_tzset: they cannot be aliases, since parts of the C library reach theirs without a symbol on arm64.
 */
export const knownCopies: ReadonlyMap<string, Copying> = new Map<string, Copying>([
  ['__environ', { way: 'alias', alsoKnownAs: ['environ', '_environ'] }],
  ['_ZSt4cout', { way: 'alias', alsoKnownAs: [] }],
  ['_ZSt4cerr', { way: 'alias', alsoKnownAs: [] }],
  ...[
    ...['stdin', 'stdout', 'stderr', '__libc_stack_end', 'in6addr_any', ...changingCopies],
    ...['_ZSt7nothrow', '_ZNSt5ctypeIcE2idE'],
    // Tables of virtual functions and of bases.
    ...['__class_type_info', '__vmi_class_type_info', '__si_class_type_info'].map(
      (name) => `_ZTVN10__cxxabiv1${name.length}${name}E`,
    ),
    ...['stringbuf', 'ostringstream', 'stringstream', 'istringstream'].map(
      (name) => `_ZTVNSt7__cxx11${name.length + 6}basic_${name}IcSt11char_traitsIcESaIcEEE`,
    ),
    ...['ostringstream', 'stringstream', 'istringstream'].map(
      (name) => `_ZTTNSt7__cxx11${name.length + 6}basic_${name}IcSt11char_traitsIcESaIcEEE`,
    ),
    ...['ofstream', 'ifstream', 'streambuf', 'ios', 'filebuf'].map(
      (name) => `_ZTVSt${name.length + 6}basic_${name}IcSt11char_traitsIcEE`,
    ),
    ...['ofstream', 'ifstream'].map((name) => `_ZTTSt${name.length + 6}basic_${name}IcSt11char_traitsIcEE`),
  ].map((name) => [name, copy] as const),
]);

/** Thread-local objects of libstdc++ that Node reaches through slots; start.c fills them. */
export const knownThreadObjects = ['_ZSt11__once_call', '_ZSt15__once_callable'] as const;

/**
 * Imports that a program can do without. `link`: the C library has it, and it must get in, or Node would behave as on
 * an old system. `absent`: nothing that is linked here has it, on any system.
 */
export const knownWeakImports: ReadonlyMap<string, 'link' | 'absent'> = new Map([
  ...['getentropy', '__pthread_key_create', '__cxa_pure_virtual', 'pkey_alloc', 'pkey_free', 'pkey_get'].map(
    (name) => [name, 'link'] as const,
  ),
  ...['pkey_mprotect', 'pkey_set'].map((name) => [name, 'link'] as const),
  ...['_ITM_registerTMCloneTable', '_ITM_deregisterTMCloneTable', '__gmon_start__'].map(
    (name) => [name, 'absent'] as const,
  ),
  // Hooks of zstd for tracing, and thread-local objects that need no start of their own.
  ...['compress_begin', 'compress_end', 'decompress_begin', 'decompress_end'].map(
    (name) => [`ZSTD_trace_${name}`, 'absent'] as const,
  ),
  ...[
    '_ZTHN2v88internal12trap_handler21g_thread_in_wasm_codeE',
    '_ZTHN2v88internal18g_current_isolate_E',
    '_ZTHN2v88internal21g_current_local_heap_E',
  ].map((name) => [name, 'absent'] as const),
]);

/** Imports that the glue answers instead of the library. */
export const replacedImports: ReadonlyMap<string, string> = new Map([['tzset', 'glue_tzset']]);
