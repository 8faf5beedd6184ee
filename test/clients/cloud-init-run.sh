# Runs as PID 1 of a mount, PID, UTS and IPC namespace, in the guest's network namespace: cloud-init's first stage in an
# overlay of a suite's root, and if asked systemd-networkd. Writes to $out.
# shellcheck disable=SC2154 # Environment: root, out, source, renderer, apply (yes or no), seed (a folder or empty).
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/root
cd /mnt/root
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs dev
for node in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0" "kmsg 1 11"; do
	# shellcheck disable=SC2086 # a name and two numbers
	set -- $node
	mknod -m 666 "dev/$1" c "$2" "$3"
done
ln -s null dev/console
ln -s /proc/self/fd dev/fd
mkdir dev/pts dev/shm
mount -t tmpfs tmpfs run
mkdir -p run/lock run/systemd/netif run/systemd/network run/dbus out
mount --bind "$out" out
echo 0123456789abcdef0123456789abcdef >etc/machine-id
: >etc/resolv.conf
if [ -n "$seed" ]; then
	case $source in
	ConfigDrive) target=var/lib/cloud/seed/config_drive ;;
	NoCloud) target=var/lib/cloud/seed/nocloud ;;
	esac
	mkdir -p "$target"
	cp -r "$seed/." "$target/"
fi
distro=debian
if [ "$renderer" = sysconfig ]; then
	# The renderer is for Red Hat's family only, and looks for its scripts.
	distro=rhel
	mkdir -p etc/sysconfig/network-scripts
	touch etc/sysconfig/network-scripts/network-functions
	rm etc/os-release
	printf 'NAME="Rocky Linux"\nID=rocky\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n' >etc/os-release
fi
cat >etc/cloud/cloud.cfg.d/99-test.cfg <<X
datasource_list: [$source, None]
system_info: { distro: $distro, network: { renderers: [$renderer], activators: [$renderer] } }
cloud_init_modules: []
cloud_config_modules: []
cloud_final_modules: []
X

in_root() { chroot . env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"; }

code=0
in_root cloud-init init --local >"$out/stdout" 2>&1 || code=$?
echo "$code" >"$out/code"
cp var/log/cloud-init.log "$out/log"
cp run/cloud-init/status.json "$out/status.json" 2>/dev/null || :
for path in etc/netplan etc/systemd/network etc/NetworkManager/system-connections etc/network/interfaces.d \
	etc/sysconfig/network-scripts etc/sysconfig/network etc/resolv.conf; do
	if [ -e "$path" ]; then
		mkdir -p "$out/files/${path%/*}"
		cp -rL "$path" "$out/files/${path%/*}/"
	fi
done
[ "$apply" = yes ] || exit 0

# The stage that cloud-init leaves to the image: netplan's generator, and the daemon.
for nic in sys/class/net/eth*; do ip addr flush dev "${nic##*/}"; done
if [ "$renderer" = netplan ]; then
	in_root netplan generate >"$out/generate" 2>&1
	[ ! -x usr/libexec/netplan/configure ] || in_root /usr/libexec/netplan/configure >>"$out/generate" 2>&1
fi
# A veth has no permanent address.
sed -i 's/^PermanentMACAddress=/MACAddress=/' run/systemd/network/*.network etc/systemd/network/*.network 2>/dev/null || :
in_root chown -R systemd-network:systemd-network /run/systemd/netif
in_root chgrp -R systemd-network /run/systemd/network
in_root /usr/lib/systemd/systemd-networkd >"$out/networkd" 2>&1 &
settled() {
	for nic in sys/class/net/eth*; do
		grep -q '^ADMIN_STATE=configured' "run/systemd/netif/links/$(cat "$nic/ifindex")" 2>/dev/null || return 1
	done
}
tries=0
until settled || [ $tries -ge 150 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
ip -j -d addr >"$out/addresses"
ip -j route >"$out/routes4"
ip -j -6 route >"$out/routes6"
mkdir "$out/links"
for link in run/systemd/netif/links/*; do cp "$link" "$out/links/"; done
