#!/bin/sh
# Runs in a guest once its network is up: writes what came of it to the second serial port, and powers the guest off.
# /guestwire/pings has an address a line; /guestwire/names, if there, makes it ask for a name on each link with servers.
export SYSTEMD_BUS_TIMEOUT=300
PATH=/opt/iproute2:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
part() {
	echo "@@ $1"
	shift
	"$@" 2>&1
	echo
}
has() { command -v "$1" >/dev/null; }

settle() {
	i=0
	while ip -6 addr show tentative | grep -q inet6 && [ $i -lt 50 ]; do
		i=$((i + 1))
		sleep 0.1 2>/dev/null || usleep 100000
	done
}

ping_all() {
	while read -r address; do
		case $address in
		*:*) family=-6 ;;
		*) family=-4 ;;
		esac
		{ ping $family -c 1 -W 20 "$address" >/dev/null 2>&1 || ping $family -c 1 -W 20 "$address" >/dev/null 2>&1; } && echo "$address" &
	done </guestwire/pings
	wait
}

# On a busy machine the resolver may be too slow for its client.
ask() { # LINK
	resolvectl query --cache=no --interface="$1" "$1.probe.example.net" >/dev/null
}

ask_all() {
	if has resolvectl; then
		for link in $(resolvectl dns | sed -n 's/^Link [0-9]* (\(.*\)): ..*/\1/p'); do
			{ ask "$link" || ask "$link"; } && echo "$link"
		done
	elif grep -q nameserver /etc/resolv.conf; then
		nslookup resolv.probe.example.net >/dev/null && echo resolv.conf
	fi
}

report() {
	part addresses ip -j -d addr
	part routes4 ip -j route
	part routes6 ip -j -6 route
	part resolv.conf cat /etc/resolv.conf
	if has resolvectl; then
		part dns resolvectl dns
		part domain resolvectl domain
	fi
	part pings ping_all
	part asked ask_all
	if has systemctl; then
		part failed systemctl --failed --full --plain --no-legend --no-pager
		part analyze systemd-analyze time
		part log journalctl --boot --quiet --output=cat --unit=systemd-networkd --unit=NetworkManager --unit=networking
	fi
	if [ -e /run/cloud-init/status.json ]; then
		part cloud-init cat /run/cloud-init/status.json
		part cloud-init-log grep -E 'WARNING|ERROR|Traceback' /var/log/cloud-init.log
	fi
	[ ! -e /guestwire/apply.out ] || part apply cat /guestwire/apply.out
	part uptime cut -d' ' -f1 /proc/uptime
	[ ! -e /guestwire/more ] || part more sh /guestwire/more
	echo "@@ end"
}

settle
stty -F /dev/ttyS1 raw
report >/dev/ttyS1
stty -F /dev/ttyS1 sane
poweroff -f -f 2>/dev/null || poweroff -f
