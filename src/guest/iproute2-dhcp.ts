/** The part of the `iproute2` script for DHCP: by busybox's udhcpc and udhcpc6, or by ISC's dhclient. */
export const DHCP = `
# The client is waited for, ten seconds; then it goes on asking in the background.
dhcp() { # 4 or 6 [stateless]
	pid=$state/dhcp$1.$dev.pid
	lease=$state/dhcp$1.$dev.lease
	! is_running "$pid" || return 0
	# Without name servers in the document, the lease's are taken.
	if [ -z "$resolv_conf" ]; then
		save_resolv_conf
		: >"$state/take-name-servers"
	fi
	if command -v "udhcpc\${1#4}" >/dev/null; then
		run_udhcpc "$@"
	elif command -v dhclient >/dev/null; then
		run_dhclient "$@"
	else
		report "$dev: neither udhcpc\${1#4} nor dhclient is there, and it needs DHCPv$1"
		return
	fi
	[ -s "$lease" ] || report "$dev: no answer by DHCPv$1 yet, its client goes on asking"
}

run_dhclient() { # 4 or 6 [stateless]
	{
		[ ! -e /etc/dhcp/dhclient.conf ] || echo 'include "/etc/dhcp/dhclient.conf";'
		echo 'timeout 10;'
	} >"$state/dhclient.conf"
	set -- "-$1" \${2:+-S}
	dhclient "$@" -pf "$pid" -lf "$lease" -cf "$state/dhclient.conf" "$dev" >/dev/null 2>&1
	note dhclient "$dev" "\${1#-}"
}

run_udhcpc() { # 4 or 6 [stateless]
	program=udhcpc\${1#4}
	udhcpc_script >"$state/$program"
	chmod 755 "$state/$program"
	[ -x "$state/$program" ] || report "$dev: \${state%/*} is mounted noexec, and $program can't run its script there"
	note udhcpc "$dev" "$1" "$state/$program"
	case $* in
	4) set -- -O staticroutes ;;
	6) set -- ;;
	*) set -- -l ;;
	esac
	"$program" -i "$dev" -p "$pid" -s "$state/$program" -t 5 -T 2 -b "$@" >/dev/null 2>&1
}

# What udhcpc runs when it gets or loses a lease. Its routes rank behind the document's.
udhcpc_script() {
	cat <<'END'
#!/bin/sh
export PATH="\${PATH:-/usr/bin:/bin}:/usr/sbin:/sbin"
state=/run/guestwire
case $0 in
*6) family=6 address=\${ipv6:+$ipv6/128} ;;
*) family=4 address=\${ip:+$ip/\${mask:-32}} ;;
esac
lease=$state/dhcp$family.\${interface:?}.lease

# Classless routes take the place of the router (RFC 3442).
list() {
	echo "addr $address"
	# shellcheck disable=SC2086
	set -- \${staticroutes-\${router:+0.0.0.0/0 \${router%% *}}}
	while [ $# -gt 1 ]; do
		echo "route $1 $2"
		shift 2
	done
}

add() {
	metric=$((1024 + $(cat "/sys/class/net/$interface/ifindex")))
	while read -r what to via; do
		case $what-$via in
		addr-) [ -z "$to" ] || ip "-$family" addr add "$to" dev "$interface" ;;
		route-0.0.0.0) ip route add "$to" dev "$interface" metric "$metric" ;;
		*) ip route add "$to" via "$via" dev "$interface" onlink metric "$metric" ;;
		esac
	done <"$lease"
}

drop() {
	[ -e "$lease" ] || return 0
	while read -r what to _; do
		[ -z "$to" ] || ip "-$family" "$what" del "$to" dev "$interface"
	done <"$lease"
	rm "$lease"
}

case $1 in
deconfig) drop ;;
bound | renew)
	new=$(list)
	[ "$(cat "$lease" 2>/dev/null)" != "$new" ] || exit 0
	drop
	echo "$new" >"$lease"
	add
	# shellcheck disable=SC2086
	[ ! -e "$state/take-name-servers" ] || [ -z "\${dns-}" ] || printf 'nameserver %s\\n' $dns >/etc/resolv.conf
	;;
esac
END
}
`;
