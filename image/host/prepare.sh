#!/bin/sh
# Makes a fresh checkout ready for a job: npm packages as the lock file names them, and the Debian packages of the
# host that the job runs. What is there already is left alone, without a word.
#
#   sh image/host/prepare.sh packages   only those packages, to generate sources
#   sh image/host/prepare.sh build      to build images; from here on with the schemas that `npm run generate` makes
#   sh image/host/prepare.sh machines   to build images and to boot them in QEMU
#   sh image/host/prepare.sh demo       that, and Debian's kubectl to ask them with
#   sh image/host/prepare.sh tests      both, and what the tests hold our work against: Debian's etcd and etcdctl,
#                                       binutils' readelf, and the executable for arm64 made and run on this machine
#   sh image/host/prepare.sh datastore  to build images, and Debian's etcd and etcdctl
set -eu
cd "$(dirname "$0")/../.."

# Where some of the programs are that are looked for below, also when a user's PATH does not say so.
PATH=$PATH:/usr/sbin:/sbin

say() { echo "prepare: $*"; }

# The npm packages belong to this lock file exactly when npm finished with it and left this copy of it.
lock=package-lock.json
installed=node_modules/.installed-package-lock.json

npm_packages() {
	cmp -s "$lock" "$installed" && [ -x node_modules/.bin/node ] && return 0
	say "installing npm packages from $lock (once, about a minute)"
	# npm ci would want the lock to name a registry; this one holds versions and hashes only.
	npm install --no-save --no-audit --no-fund --loglevel=error
	cp "$lock" "$installed"
}

# A program that shows that a package is there, and the package.
build_tools='apt-get=apt dpkg-deb=dpkg tar=tar x86_64-linux-gnu-g++=g++ x86_64-linux-gnu-ld=binutils'
test_tools='aarch64-linux-gnu-g++=g++-aarch64-linux-gnu qemu-aarch64-static=qemu-user-static readelf=binutils file=file openssl=openssl bmaptool=bmap-tools mkfs.fat=dosfstools'
machine_tools='qemu-system-x86_64=qemu-system-x86 qemu-system-aarch64=qemu-system-arm qemu-img=qemu-utils setpriv=util-linux e2fsck=e2fsprogs mke2fs=e2fsprogs mcopy=mtools debugfs=e2fsprogs swtpm=swtpm'
firmware=/usr/share/OVMF/OVMF_CODE_4M.fd
arm_firmware=/usr/share/AAVMF/AAVMF_CODE.fd

missing_packages() {
	for pair in "$@"; do
		command -v "${pair%%=*}" >/dev/null 2>&1 || printf '%s ' "${pair#*=}"
	done
	[ "$machines" = no ] || [ -r "$firmware" ] || printf 'ovmf '
	[ "$machines" = no ] || [ -r "$arm_firmware" ] || printf 'qemu-efi-aarch64 '
	[ -r /usr/share/keyrings/debian-archive-keyring.gpg ] || printf 'debian-archive-keyring '
}

host_packages() {
	tools=$build_tools
	[ "$machines" = no ] || tools="$tools $machine_tools"
	[ "$tests" = no ] || tools="$tools $test_tools"
	# shellcheck disable=SC2086 # lists of words
	missing=$(missing_packages $tools)
	missing=${missing% }
	[ -n "$missing" ] || return 0
	install="apt-get install -y --no-install-recommends $missing"
	if [ "$(id -u)" = 0 ]; then
		as_root=
	elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
		as_root=sudo
	else
		say "Debian packages are missing on this machine. Run this as root, then repeat your command:" >&2
		echo "apt-get update && $install" >&2
		exit 1
	fi
	say "installing Debian packages: $missing"
	$as_root apt-get update -q >/dev/null
	# shellcheck disable=SC2086
	$as_root env DEBIAN_FRONTEND=noninteractive $install -q >/dev/null
}

job=${1:-}
machines=no
reference=no
tests=no
schemas=yes
case $job in
packages) schemas=no ;;
build) ;;
machines) machines=yes ;;
demo) machines=yes reference=yes ;;
datastore) reference=yes ;;
tests) machines=yes reference=yes tests=yes ;;
*)
	echo "usage: prepare.sh packages|build|machines|demo|tests|datastore" >&2
	exit 2
	;;
esac

host_packages
npm_packages
[ "$schemas" = no ] || node_modules/.bin/node image/generate/main.ts --quiet
[ "$reference" = no ] || node_modules/.bin/node image/host/reference-tools.ts >/dev/null
