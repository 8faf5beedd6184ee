# Runs as PID 1 of a mount, PID, UTS and IPC namespace, in the guest's network namespace: cloud-init's first stage in an
# overlay of a suite's root, with netplan; then its other renderers on the same document; then systemd-networkd with
# what was written for it. Results go to $out/RENDERER.
# shellcheck disable=SC2154 # Environment: root, out, source, renderers (beside netplan), apply (of netplan, networkd),
# has_ipv6 (yes if each NIC gets an IPv6 address), leases (addresses and gateways that servers and routers give), seed (a
# folder or empty), python (render_others.py).
set -eu
. "${0%/*}/overlay.sh"
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
cat >etc/cloud/cloud.cfg.d/99-test.cfg <<X
datasource: { Ec2: { strict_id: false } }
datasource_list: [$source, None]
system_info: { network: { renderers: [netplan], activators: [netplan] } }
cloud_init_modules: []
cloud_config_modules: []
cloud_final_modules: []
X

in_root() { chroot . env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"; }

in_root cloud-init init --local >"$out/stdout" 2>&1 || echo "exit code $?" >"$out/error"
cp var/log/cloud-init.log "$out/log"
cp run/cloud-init/status.json "$out/status.json" 2>/dev/null || :
mkdir -p "$out/netplan/files/etc"
cp -r etc/netplan "$out/netplan/files/etc/"
if [ -n "$renderers" ]; then
	cp "$python" render_others.py
	# shellcheck disable=SC2086 # a list
	in_root python3 /render_others.py /out $renderers >>"$out/stdout" 2>&1 || echo "render_others.py: $?" >"$out/error"
fi

# systemd-networkd calls a link configured once DHCPv4 or a router has given it an address.
settled() {
	for nic in sys/class/net/eth*; do
		[ "$has_ipv6" = no ] || ip -6 addr show dev "${nic##*/}" scope global -tentative | grep -q inet6 || return 1
		grep -q '^ADMIN_STATE=configured' "run/systemd/netif/links/$(cat "$nic/ifindex")" 2>/dev/null || return 1
	done
}

# Whether the kernel has what servers and routers give. A client that does not ask them never gets there.
leased() {
	for text in $leases; do
		{ ip addr && ip route && ip -6 route; } | grep -qF " $text " || return 1
	done
}

# The stage that cloud-init leaves to the image: netplan's generator, and the daemon.
for renderer in $apply; do
	for nic in sys/class/net/eth*; do
		ip link set "${nic##*/}" down
		ip addr flush dev "${nic##*/}"
	done
	rm -rf run/systemd/network/* run/systemd/netif/*
	mkdir run/systemd/netif/links run/systemd/netif/leases run/systemd/netif/lldp
	cp -r "$out/$renderer/files/etc/." etc/
	if [ "$renderer" = netplan ]; then
		in_root netplan generate >"$out/netplan/generate" 2>&1
		[ ! -x usr/libexec/netplan/configure ] || in_root /usr/libexec/netplan/configure >>"$out/netplan/generate" 2>&1
	fi
	# A veth has no permanent address.
	sed -i 's/^PermanentMACAddress=/MACAddress=/' run/systemd/network/*.network etc/systemd/network/*.network 2>/dev/null || :
	in_root chown -R systemd-network:systemd-network /run/systemd/netif
	in_root chgrp -R systemd-network /run/systemd/network
	# Not by the function, which a shell of its own would run: only that one would be killed in the end.
	chroot . env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 /usr/lib/systemd/systemd-networkd \
		>"$out/$renderer/networkd" 2>&1 &
	daemon=$!
	deadline=$(($(date +%s) + 120))
	until settled || [ "$(date +%s)" -ge "$deadline" ]; do sleep 0.1; done
	deadline=$(($(date +%s) + 15))
	until leased || [ "$(date +%s)" -ge "$deadline" ]; do sleep 0.1; done
	if [ "$source" = Ec2 ]; then
		# A source of the second stage: it needs the network that the first has made up.
		in_root cloud-init init >>"$out/stdout" 2>&1 || echo "exit code $?" >"$out/error"
		cp run/cloud-init/status.json "$out/status.json"
	fi
	ip -j -d addr >"$out/$renderer/addresses"
	ip -j route >"$out/$renderer/routes4"
	ip -j -6 route >"$out/$renderer/routes6"
	mkdir "$out/$renderer/links"
	for link in run/systemd/netif/links/*; do cp "$link" "$out/$renderer/links/"; done
	kill $daemon
	wait $daemon || :
	rm -rf etc/netplan/* etc/systemd/network/*
done
