/**
 * The functions of the `iproute2` script. They use only what both iproute2 and busybox (1.23 and later) support, and run
 * in dash, busybox's ash and every other POSIX shell.
 */

/** Settings, and the functions for every interface. */
export const SETUP = `#!/bin/sh
# Brings up the network of an OpenStack network_data.json, with iproute2 or busybox. Run it as root.
#   apply.sh          sets it up; a second run changes nothing
#   apply.sh --undo   reverts it
# Exit code: 0 success, 1 something is missing or failed (standard error says what), 2 wrong usage.
set -u
export LC_ALL=C PATH="\${PATH:-/usr/bin:/bin}:/usr/sbin:/sbin"
nics=/sys/class/net
state=/run/guestwire
status=0
ipv6_nics=

report() {
	printf 'guestwire: %s\\n' "$*" >&2
	status=1
}

# Runs a command. Reports its error output if it fails.
try() {
	complaint=$("$@" 2>&1) && return
	report "$*: $complaint"
	return 1
}

# Records how to revert a change. --undo reads these records from the last to the first.
note() {
	printf '%s\\n' "$*" >>"$state/notes"
}

note_once() {
	grep -qsxF "$*" "$state/notes" || note "$@"
}

# dash's built-in read gets only one byte of a file in /proc/sys.
first_word() { # FILE
	words=$(cat "$1" 2>/dev/null) && printf '%s' "\${words%% *}"
}

write() { # FILE TEXT
	{ printf '%s\\n' "$2" >"$1"; } 2>/dev/null && return
	report "$1: can't write $2"
	return 1
}

is_up() { # NIC
	flags=$(first_word "$nics/$1/flags") && [ $((flags & 1)) = 1 ]
}

# Whether it sits on other interfaces, like a VLAN, bridge or bond. It may share a MAC address with one of them.
is_stacked() { # /sys/class/net/NIC
	[ ! -d "$1/bonding" ] && [ ! -d "$1/bridge" ] || return 0
	set -- "$1"/lower_*
	[ -L "$1" ]
}

# Sets $dev to the NIC with this MAC address. A bond member shows the bond's address, and its own in perm_hwaddr.
find_nic() { # MAC-ADDRESS
	for nic in "$nics"/*; do
		[ -e "$nic/address" ] || continue
		! is_stacked "$nic" || continue
		dev=\${nic##*/}
		[ "$(first_word "$nic/bonding_slave/perm_hwaddr" || first_word "$nic/address")" != "$1" ] || return 0
	done
	return 1
}

# Drivers may still be loading, and udev may still be renaming. Waits up to ten seconds for all NICs together.
wait_for() { # MAC-ADDRESS…
	! command -v udevadm >/dev/null || udevadm settle --timeout=10
	left=10
	for address in "$@"; do
		until find_nic "$address"; do
			[ "$left" -gt 0 ] || return 0
			left=$((left - 1))
			sleep 1
		done
	done
}

# Selects the interface $dev, which the functions below set up.
physical() { # MAC-ADDRESS
	find_nic "$1" && return
	report "no NIC has the MAC address $1"
	return 1
}

named() { # NIC
	dev=$1
	[ ! -e "$nics/$dev" ] || return 0
	report "no NIC has the name $1"
	return 1
}
mtu() { # BYTES
	old=$(first_word "$nics/$dev/mtu")
	[ "$old" != "$1" ] || return 0
	try ip link set dev "$dev" mtu "$1" && note mtu "$dev" "$old"
}

up() {
	is_up "$dev" && return
	try ip link set dev "$dev" up && note down "$dev"
}

ipv6() { # auto: addresses by router advertisements; static; none: no addresses
	settings=/proc/sys/net/ipv6/conf/$dev
	if [ "$1" = none ]; then
		[ -d "$settings" ] || return 0
	else
		ipv6_setting disable_ipv6 0
		ipv6_nics="$ipv6_nics $dev"
	fi
	if [ "$1" = auto ]; then
		ipv6_setting autoconf 1
		# A value of 1 would stop accepting them once the guest forwards packets.
		router_advertisements 2
	else
		router_advertisements 0
	fi
}

ipv6_setting() { # NAME VALUE
	old=$(first_word "$settings/$1")
	[ "$old" != "$2" ] || return 0
	write "$settings/$1" "$2" && note file "$settings/$1" "$old"
}

# An interface that is up has already missed the routers' answers: its IPv6 is restarted.
router_advertisements() { # 0, 1 or 2
	settings=/proc/sys/net/ipv6/conf/$dev
	old=$(first_word "$settings/accept_ra")
	[ "$old" != "$1" ] || return 0
	write "$settings/accept_ra" "$1" || return
	note router_advertisements "$dev" "$old"
	[ "$old" = 0 ] || [ "$1" = 0 ] || return 0
	[ "$(first_word "$settings/disable_ipv6")" = 0 ] && is_up "$dev" || return 0
	write "$settings/disable_ipv6" 1
	write "$settings/disable_ipv6" 0
}

# The metric of the default route from router advertisements. Linux has it since 5.11.
router_metric() { # METRIC
	[ ! -e "$settings/ra_defrtr_metric" ] || ipv6_setting ra_defrtr_metric "$1"
}
family_of() { # ADDRESS
	case $1 in *:*) family=-6 ;; *) family=-4 ;; esac
}

has_address() { # ADDRESS/LENGTH
	family_of "$1"
	case "$(ip "$family" -o addr show dev "$dev")" in *" $1 "*) ;; *) return 1 ;; esac
}

address() { # ADDRESS/LENGTH
	! has_address "$1" || return 0
	case $family in
	-4) try ip -4 addr add "$1" broadcast + dev "$dev" ;;
	-6) try ip -6 addr add "$1" dev "$dev" ;;
	esac && note address "$dev" "$1"
}

has_route() { # NETWORK/LENGTH GATEWAY, or - for none
	family_of "$1"
	found=$(ip "$family" route show exact "$1" dev "$dev")
	if [ "$2" = - ]; then
		printf '%s\\n' "$found" | grep -v ' via ' | grep -q .
	else
		case $found in *" via $2 "*) ;; *) return 1 ;; esac
	fi
}

change_route() { # add or del, NETWORK/LENGTH, GATEWAY or - for none, [onlink] [metric NUMBER]
	change=$1 to=$2 via=$3
	shift 3
	set -- dev "$dev" "$@"
	[ "$via" = - ] || set -- via "$via" "$@"
	try ip "$family" route "$change" "$to" "$@"
}

route() { # NETWORK/LENGTH GATEWAY [onlink] [metric NUMBER]
	has_route "$1" "$2" || { change_route add "$@" && note route "$dev" "$1" "$2"; }
}

# Waits up to ten seconds until an IPv6 address is usable: advertised, and checked for duplicates.
settle() { # global or link
	left=10
	while :; do
		case "$(ip -6 -o addr show dev "$dev" scope "$1")" in
		*tentative* | '') ;;
		*) return ;;
		esac
		[ "$left" -gt 0 ] || break
		left=$((left - 1))
		sleep 1
	done
	report "$dev: no usable IPv6 address of scope $1 yet"
	return 1
}

set_resolv_conf() {
	[ "$(cat /etc/resolv.conf 2>/dev/null)" != "$resolv_conf" ] || return 0
	save_resolv_conf
	write /etc/resolv.conf "$resolv_conf"
}

save_resolv_conf() {
	! grep -qs '^resolv_conf ' "$state/notes" || return 0
	if [ -e /etc/resolv.conf ]; then
		cat /etc/resolv.conf >"$state/resolv.conf"
		note resolv_conf "$state/resolv.conf"
	else
		mkdir -p /etc
		note resolv_conf none
	fi
}
`;

/** `--undo`: handles the records of every version of the script. */
export const UNDO = `
undo() {
	[ -e "$state/notes" ] || return 0
	sed '1!G;h;$!d' "$state/notes" >"$state/undo"
	while read -r what dev value more; do
		revert </dev/null
	done <"$state/undo"
	rm -rf "$state"
}

# $dev is an interface or the path of a file.
revert() {
	case $what in
	file) [ ! -e "$dev" ] || write "$dev" "$value" ;;
	resolv_conf) if [ "$dev" = none ]; then rm -f /etc/resolv.conf; else cat "$dev" >/etc/resolv.conf; fi ;;
	*) [ ! -e "$nics/$dev" ] || revert_on_nic ;;
	esac
}

revert_on_nic() {
	case $what in
	link) try ip link del dev "$dev" ;;
	up | down) try ip link set dev "$dev" "$what" ;;
	mtu) try ip link set dev "$dev" mtu "$value" ;;
	address) ! has_address "$value" || try ip "$family" addr del "$value" dev "$dev" ;;
	route) ! has_route "$value" "$more" || change_route del "$value" "$more" ;;
	router_advertisements) router_advertisements "$value" ;;
	dhclient) dhclient -r "-$value" -pf "$state/dhcp$value.$dev.pid" -lf "$state/dhcp$value.$dev.lease" "$dev" >/dev/null 2>&1 ;;
	udhcpc)
		! is_running "$state/dhcp$value.$dev.pid" || kill "$(cat "$state/dhcp$value.$dev.pid")"
		interface=$dev sh "$more" deconfig
		;;
	esac
}

is_running() { # PIDFILE
	[ -s "$1" ] && tr '\\0' ' ' 2>/dev/null <"/proc/$(cat "$1")/cmdline" | grep -qF "$1"
}
`;

/** The start of the main part, before the commands for the document. */
export const START = `
case "$# \${1-}" in
'0 ' | '1 --undo') ;;
*)
	echo "usage: $0 [--undo]" >&2
	exit 2
	;;
esac
if ! command -v ip >/dev/null; then
	report "the ip program is missing: install iproute2 or busybox"
	exit 1
fi
if [ $# = 1 ]; then
	undo
	exit "$status"
fi
if ! (umask 077 && mkdir -p "$state") 2>/dev/null; then
	report "can't create $state: run this as root, with /run writable"
	exit 1
fi
`;
