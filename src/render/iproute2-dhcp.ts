/** The part of the `iproute2` script for DHCP, with busybox's udhcpc and udhcpc6, or with ISC's dhclient. */
export const DHCP = `
# Waits ten seconds for a lease. After that the client keeps trying in the background. A guest without a client sets the
# addresses itself that the document says the server gives.
dhcp() { # 4 or 6, METRIC or -, [ADDRESS/LENGTH…]
	metric=\${2#-}
	pid=$state/dhcp$1.$dev.pid
	lease=$state/dhcp$1.$dev.lease
	! is_running "$pid" || return 0
	[ "$1" = 4 ] || settle link || return
	save_resolv_conf
	# If the document has no name servers, those of the lease are used.
	[ -n "$resolv_conf" ] || : >"$state/take-name-servers"
	if command -v "udhcpc\${1#4}" >/dev/null; then
		run_udhcpc "$1" -b
	elif command -v dhclient >/dev/null; then
		run_dhclient "-$1"
	else
		[ $# -gt 2 ] || report "$dev needs DHCPv$1, and neither udhcpc\${1#4} nor dhclient is installed"
		shift 2
		for leased in "$@"; do address "$leased"; done
		return
	fi
	grep -Eqs '^(lease|addr)' "$lease" || report "$dev: no lease by DHCPv$1 yet, its client keeps trying"
}

# Asks once, only for name servers.
stateless_dhcp() {
	metric=
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
	[ -x "$script" ] || report "$dev: \${state%/*} is mounted noexec, so udhcpc can't run its script there"
	note_once udhcpc "$dev" "$1" "$script"
	[ "$1" = 6 ] || set -- "$@" -O staticroutes
	shift
	GUESTWIRE_METRIC=$metric "\${script##*/}" -i "$dev" -p "$pid" -s "$script" -t 5 -T 2 "$@" >/dev/null 2>&1
}

run_dhclient() { # -4 or -6, OPTION…
	{
		[ ! -e /etc/dhcp/dhclient.conf ] || echo 'include "/etc/dhcp/dhclient.conf";'
		echo 'timeout 10;'
	} >"$state/dhclient.conf"
	note_once dhclient "$dev" "\${1#-}"
	# shellcheck disable=SC2086
	dhclient "$@" \${metric:+-e IF_METRIC=$metric} -pf "$pid" -lf "$lease" -cf "$state/dhclient.conf" "$dev" >/dev/null 2>&1
}

# The script that udhcpc runs when it gets or loses a lease. Its routes rank after the document's.
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

# Classless routes replace the router option (RFC 3442).
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
	metric=\${GUESTWIRE_METRIC:-$((1024 + $(cat "/sys/class/net/$interface/ifindex")))}
	while read -r what to via; do
		case $what-$via in
		addr-) [ -z "$to" ] || ip "-$family" addr add "$to" dev "$interface" ;;
		route-0.0.0.0) ip route add "$to" dev "$interface" metric "$metric" ;;
		*) ip route add "$to" via "$via" dev "$interface" onlink metric "$metric" ;;
		esac
	done <"$lease"
}

# Removing the last address of an interface removes its routes.
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
