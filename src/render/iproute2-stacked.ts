/** The part of the `iproute2` script for interfaces that sit on others: VLANs and bonds. */
export const STACKED = `
mac_address() { # MAC-ADDRESS, or - to keep its own
	[ "$1" != - ] || return 0
	[ "$(first_word "$nics/$dev/address")" = "$1" ] || try ip link set dev "$dev" address "$1"
}

bond() { # NAME MAC-ADDRESS
	dev=$1
	# Without max_bonds=0 the module creates a bond0 of its own, and ours can't be created.
	[ -e "$nics/bonding_masters" ] || modprobe bonding max_bonds=0 2>/dev/null
	if [ ! -d "$nics/$dev/bonding" ]; then
		try ip link add name "$dev" type bond || return
		note link "$dev"
	fi
	mac_address "$2" || :
}

# busybox's ip has no bond options.
bond_option() { # NAME VALUE
	[ "$(first_word "$nics/$dev/bonding/$1")" = "$2" ] || write "$nics/$dev/bonding/$1" "$2"
}

arp_target() { # ADDRESS
	case " $(cat "$nics/$dev/bonding/arp_ip_target" 2>/dev/null) " in
	*" $1 "*) ;;
	*) write "$nics/$dev/bonding/arp_ip_target" "+$1" ;;
	esac
}

member() { # NIC
	[ -n "$1" ] || return 0
	[ ! -e "$nics/$dev/lower_$1" ] || return 0
	if is_up "$1"; then
		try ip link set dev "$1" down && note up "$1"
	fi
	write "$nics/$dev/bonding/slaves" "+$1" && note file "$nics/$dev/bonding/slaves" "-$1"
}

primary() { # NIC
	[ -z "$1" ] || bond_option primary "$1"
}

vlan() { # NAME MAC-ADDRESS ID PARENT
	dev=$1
	if [ -z "$4" ]; then
		report "$dev: the interface below it is missing"
		return 1
	fi
	if [ ! -e "$nics/$4/upper_$dev" ]; then
		modprobe 8021q 2>/dev/null
		try ip link add link "$4" name "$dev" type vlan id "$3" || return
		note link "$dev"
	fi
	mac_address "$2" || :
}
`;
