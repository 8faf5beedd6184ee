# Runs in namespaces of its own: a script in an overlay of a suite's root, where the folder $out is /out.
# shellcheck disable=SC2154 # Environment: root, out, script.
set -eu
. "${0%/*}/overlay.sh"
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs dev
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/urandom c 1 9
mount -t sysfs -o ro sysfs sys
mkdir out
mount --bind "$out" out
touch script
mount --bind "$script" script
exec chroot . env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 SYSTEMD_LOG_LEVEL=warning sh -eu /script
