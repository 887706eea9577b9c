#!/bin/sh
# Makes the executable again from what is in this archive, with this machine's C library or another one.
# usage: relink.sh OUTPUT [DIRECTORY-OF-A-C-LIBRARY]
set -eu
if [ $# -lt 1 ] || [ $# -gt 2 ]; then
	echo "usage: relink.sh OUTPUT [DIRECTORY-OF-A-C-LIBRARY]" >&2
	exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The compiler looks into the directories of -B before its own, for the start files and for libraries.
if [ $# = 2 ]; then
	library=$(cd "$2" && pwd)
	printf '#!/bin/sh\nexec %s -B"%s" -L"%s" "$@"\n' "${CXX:-$(cat "$here/compiler")}" "$library" "$library" >"$work/cxx"
	chmod +x "$work/cxx"
	CXX=$work/cxx
	export CXX
fi
(cd "$here/objects" && sh link.sh "$work/linked.elf")
"${NODE:-$here/node}" "$here/merge.cjs" "$(cat "$here/architecture")" "$here/node" "$work/linked.elf" \
	"$here/application.blob" "$work/merged"
mv "$work/merged" "$1"
