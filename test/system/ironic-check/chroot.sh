#!/bin/sh
# Makes the chroot of a suite whose Ironic checks drives: sid, or forky. Debian 13's Ironic has no check. For root; some
# minutes, once.
set -eu
suite=${1:-sid}
root=/var/cache/guestwire-test/ironic-$suite
[ ! -e "$root/.complete" ] || exit 0
rm -rf --one-file-system "$root"
mkdir -p "$root"
unshare --mount mmdebstrap --quiet --mode=root --variant=minbase --dpkgopt=force-unsafe-io \
	--aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Check-Date "false"' \
	--skip=check/empty --include=python3-ironic,python3-pycdlib,genisoimage "$suite" "$root"
touch "$root/.complete"
