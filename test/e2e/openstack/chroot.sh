# Sourced by cloud: makes the chroot of a suite, with everything that the cloud needs from Debian.

packages() { # one a line. No Recommends: they bring qemu, libvirt and PostgreSQL
	tr ' ' '\n' <<-E
		ca-certificates mariadb-server rabbitmq-server memcached
		keystone placement-api glance-api nova-api nova-conductor nova-scheduler cinder-api cinder-scheduler cinder-volume
		neutron-api neutron-rpc-server neutron-ovn-metadata-agent
		python3-pymysql python3-memcache uwsgi-plugin-python3
		openvswitch-switch ovn-central ovn-host haproxy
		iproute2 procps curl
	E
	# Neutron's server in parts, and the OVN agent that has the metadata agent as an extension.
	[ "$suite" = bookworm ] || printf '%s\n' neutron-periodic-workers neutron-ovn-maintenance-worker neutron-ovn-agent
}

answers() { # what the packages' installation asks: nothing is set up but by the scripts inside
	local package
	for package in keystone nova-common neutron-common glance-common placement-common cinder-common; do
		echo "$package ${package%-common}/configure_db boolean false"
	done
	echo keystone keystone/create-admin-tenant boolean false
	for package in keystone nova-api neutron-api glance-api placement-api cinder-api; do
		echo "$package ${package%-api}/register-endpoint boolean false"
	done
}

make_chroot() {
	local list
	list=$(packages)
	[ "$(cat "$ROOT/packages" 2>/dev/null)" != "$list" ] || return 0
	command -v mmdebstrap >/dev/null || install_mmdebstrap
	echo "making the chroot of $suite in $ROOT: some minutes, once"
	mkdir -p "$ROOT.new"
	rm -rf --one-file-system "$ROOT.new" "$ROOT"
	answers >"$STATE/answers"
	# A mirror may be behind: the archive's date is not what is tested here. Nothing is worth waiting for the disk: after
	# a crash it is made again. Its mounts are gone when it is killed.
	unshare --mount mmdebstrap --quiet --mode=root --variant=minbase \
		--aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Check-Date "false"' --aptopt='Acquire::Languages "none"' \
		--dpkgopt=force-unsafe-io --essential-hook="chroot \"\$1\" debconf-set-selections <'$STATE/answers'" \
		--include="$(paste -sd, <<<"$list")" "$suite" "$ROOT.new" >"$STATE/chroot.log" 2>&1 ||
		{ tail -n 40 "$STATE/chroot.log" >&2; fail "mmdebstrap could not make the chroot"; }
	echo '127.0.0.1 localhost' >"$ROOT.new/etc/hosts"
	echo "$list" >"$ROOT.new/packages"
	mv "$ROOT.new" "$ROOT"
}

install_mmdebstrap() {
	local apt=(apt-get -y -q -o DPkg::Lock::Timeout=300)
	export DEBIAN_FRONTEND=noninteractive
	{ "${apt[@]}" update && "${apt[@]}" install --no-install-recommends mmdebstrap; } >"$STATE/apt.log" 2>&1 ||
		{ tail -n 40 "$STATE/apt.log" >&2; fail "apt-get could not install mmdebstrap"; }
}
