# Sourced by up: what the laboratory needs from Debian 12. No Recommends: they bring qemu, libvirt and PostgreSQL.
PACKAGES=(
	mariadb-server rabbitmq-server memcached
	keystone placement-api glance-api nova-api nova-conductor nova-scheduler
	neutron-api neutron-rpc-server neutron-metadata-agent neutron-ovn-metadata-agent
	python3-pymysql python3-memcache uwsgi-plugin-python3
	openvswitch-switch ovn-central ovn-host haproxy
	iproute2 curl jq wrk
)

install_packages() {
	local name missing=() policy=/usr/sbin/policy-rc.d ours=
	for name in "${PACKAGES[@]}"; do
		dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
	done
	[ ${#missing[@]} = 0 ] && return 0
	say "installing ${missing[*]}"
	# Debian starts a service as soon as it is installed; ours start with configurations of their own.
	[ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy && ours=1; }
	debconf-set-selections <<-E
		keystone keystone/configure_db boolean false
		keystone keystone/create-admin-tenant boolean false
		keystone keystone/register-endpoint boolean false
		nova-common nova/configure_db boolean false
		nova-api nova/register-endpoint boolean false
		neutron-common neutron/configure_db boolean false
		neutron-api neutron/register-endpoint boolean false
		glance-common glance/configure_db boolean false
		glance-api glance/register-endpoint boolean false
		placement-common placement/configure_db boolean false
		placement-api placement/register-endpoint boolean false
	E
	local apt=(apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-unsafe-io)
	export DEBIAN_FRONTEND=noninteractive
	local status=0
	"${apt[@]}" update >"$LOG/apt.log" 2>&1 && "${apt[@]}" install --no-install-recommends "${missing[@]}" >>"$LOG/apt.log" 2>&1 || status=$?
	[ -z "$ours" ] || rm -f $policy
	[ $status = 0 ] || { tail -n 40 "$LOG/apt.log" >&2; fail "apt-get could not install the packages"; }
}
