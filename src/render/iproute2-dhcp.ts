/** The part of the `iproute2` script for DHCP: by busybox's udhcpc and udhcpc6, or by ISC's dhclient. */
export const DHCP = `
# The client is waited for, ten seconds; then it goes on asking in the background.
dhcp() { # 4 or 6
	pid=$state/dhcp$1.$dev.pid
	lease=$state/dhcp$1.$dev.lease
	! is_running "$pid" || return 0
	[ "$1" = 4 ] || settle link || return
	save_resolv_conf
	# Without name servers in the document, the lease's are taken.
	[ -n "$resolv_conf" ] || : >"$state/take-name-servers"
	if command -v "udhcpc\${1#4}" >/dev/null; then
		run_udhcpc "$1" -b
	elif command -v dhclient >/dev/null; then
		run_dhclient "-$1"
	else
		report "$dev: neither udhcpc\${1#4} nor dhclient is there, and it needs DHCPv$1"
		return
	fi
	grep -Eqs '^(lease|addr)' "$lease" || report "$dev: no answer by DHCPv$1 yet, its client goes on asking"
}

# Asks once, for name servers alone.
stateless_dhcp() {
	! grep -qs '^nameserver' /etc/resolv.conf || return 0
	pid=$state/stateless.$dev.pid
	lease=$state/stateless.$dev.lease
	settle link || return
	save_resolv_conf
	: >"$state/take-name-servers"
	if command -v udhcpc6 >/dev/null; then
		run_udhcpc 6 -l -q -n
	elif command -v dhclient >/dev/null; then
		run_dhclient -6 -S -1
	fi
	grep -qs '^nameserver' /etc/resolv.conf || report "$dev: no name servers by stateless DHCPv6"
}

run_udhcpc() { # 4 or 6, OPTION…
	script=$state/udhcpc\${1#4}
	udhcpc_script >"$script"
	chmod 755 "$script"
	[ -x "$script" ] || report "$dev: \${state%/*} is mounted noexec, and udhcpc can't run its script there"
	note_once udhcpc "$dev" "$1" "$script"
	[ "$1" = 6 ] || set -- "$@" -O staticroutes
	shift
	"\${script##*/}" -i "$dev" -p "$pid" -s "$script" -t 5 -T 2 "$@" >/dev/null 2>&1
}

run_dhclient() { # -4 or -6, OPTION…
	{
		[ ! -e /etc/dhcp/dhclient.conf ] || echo 'include "/etc/dhcp/dhclient.conf";'
		echo 'timeout 10;'
	} >"$state/dhclient.conf"
	note_once dhclient "$dev" "\${1#-}"
	dhclient "$@" -pf "$pid" -lf "$lease" -cf "$state/dhclient.conf" "$dev" >/dev/null 2>&1
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

# The last address of an interface takes its routes along.
drop() {
	[ -e "$lease" ] || return 0
	while read -r what to _; do
		[ -z "$to" ] || ip "-$family" "$what" del "$to" dev "$interface" 2>/dev/null
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
