# Sourced by up: starts each service that isn't running, after those it needs.

sql() { mariadb --socket="$DATA/mariadb/mysqld.sock" --batch --skip-column-names "$@"; }

make_databases() {
	sql <<-E
		$(printf 'CREATE DATABASE %s CHARACTER SET utf8mb3;\n' keystone placement glance cinder neutron nova nova_api nova_cell0)
		CREATE USER laboratory@127.0.0.1 IDENTIFIED BY '$DATABASE_PASSWORD';
		GRANT ALL ON *.* TO laboratory@127.0.0.1;
	E
}

start_broker() {
	# A fixed node name, because the machine's own may not resolve; loopback only, its port mapper too.
	install -d -o rabbitmq "$DATA/rabbitmq"
	daemon rabbitmq rabbitmq 5672 env HOME="$DATA/rabbitmq" RABBITMQ_NODENAME=laboratory@localhost \
		RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_MNESIA_BASE="$DATA/rabbitmq" RABBITMQ_LOGS=- \
		RABBITMQ_ENABLED_PLUGINS_FILE="$DATA/rabbitmq/plugins" ERL_EPMD_ADDRESS=127.0.0.1 \
		RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}" \
		/usr/lib/rabbitmq/bin/rabbitmq-server
	wait_for rabbitmq 600 listening 5672
}

start_stores() { # databases, messages, cache
	[ -d "$DATA/mariadb/mysql" ] || mariadb-install-db --user=mysql --datadir="$DATA/mariadb" >"$LOG/mariadb.setup" 2>&1
	# Durability is not what this database is for.
	daemon mariadb mysql 3306 mariadbd --no-defaults --datadir="$DATA/mariadb" --socket="$DATA/mariadb/mysqld.sock" \
		--bind-address=127.0.0.1 --max-connections=1000 --innodb-buffer-pool-size=256M --innodb-flush-log-at-trx-commit=0 \
		--innodb-doublewrite=0 --skip-name-resolve
	daemon memcached memcache 11211 memcached -l 127.0.0.1 -m 64
	start_broker
	wait_for mariadb 600 sql -e 'SELECT 1'
	once databases make_databases
	wait_for memcached 600 listening 11211
}

start_database_server() { # name schema remotes...   an OVSDB server on a database of that name
	local name=$1 schema=$2
	shift 2
	[ -e "$DATA/$name.db" ] || ovsdb-tool create "$DATA/$name.db" "$schema"
	daemon "$name" root - ovsdb-server "$DATA/$name.db" --unixctl="$OVS_RUNDIR/$name.ctl" "${@/#/--remote=}"
}

start_switch() { # Open vSwitch with its userspace datapath, and OVN
	start_database_server ovs-db /usr/share/openvswitch/vswitch.ovsschema "punix:$OVS_RUNDIR/db.sock"
	start_database_server ovn-nb /usr/share/ovn/ovn-nb.ovsschema ptcp:6641:127.0.0.1
	start_database_server ovn-sb /usr/share/ovn/ovn-sb.ovsschema ptcp:6642:127.0.0.1
	wait_for ovs-db 600 ovs-vsctl --timeout=3 --no-wait init
	wait_for ovn-nb 600 listening 6641
	wait_for ovn-sb 600 listening 6642
	ovs-vsctl --timeout=10 --no-wait set Open_vSwitch . \
		external_ids:system-id=$CHASSIS external_ids:hostname=$HYPERVISOR external_ids:ovn-remote=$OVN_SB_DB \
		external_ids:ovn-encap-type=geneve external_ids:ovn-encap-ip=127.0.0.1 \
		external_ids:ovn-bridge-datapath-type=netdev external_ids:ovn-cms-options=enable-chassis-as-gw \
		external_ids:ovn-bridge-mappings=outside:br-outside,rack:br-rack,storage:br-storage
	daemon ovs-vswitchd root - ovs-vswitchd "unix:$OVS_RUNDIR/db.sock" --pidfile
	local bridge
	for bridge in br-int br-outside br-rack br-storage; do
		ovs-vsctl --timeout=20 --may-exist add-br $bridge -- set bridge $bridge datapath_type=netdev
	done
	ovs-vsctl --timeout=20 set bridge br-int fail-mode=secure
	daemon ovn-northd root - ovn-northd --ovnnb-db=$OVN_NB_DB --ovnsb-db=$OVN_SB_DB
	daemon ovn-controller root - ovn-controller "unix:$OVS_RUNDIR/db.sock"
	wait_for ovn-controller 600 ovn-sbctl --timeout=3 get Chassis $CHASSIS other_config:ovn-bridge-mappings
	# OVN 23.03 has these in other_config, and Neutron 21 reads them in external_ids: without them no flat or VLAN port binds.
	[ "$SUITE" = bookworm ] || return 0
	local key
	for key in ovn-bridge-mappings ovn-cms-options datapath-type iface-types; do
		ovn-sbctl --timeout=5 set Chassis $CHASSIS \
			"external_ids:$key=$(ovn-sbctl --timeout=5 get Chassis $CHASSIS "other_config:$key")"
	done
}

make_keystone() {
	local manage=(keystone-manage --config-file "$CONF/keystone/keystone.conf") kind
	as keystone "${manage[@]}" db_sync
	for kind in fernet credential; do
		install -d -o keystone -g keystone -m 700 "$DATA/keystone/$kind"
		as keystone "${manage[@]}" ${kind}_setup --keystone-user keystone --keystone-group keystone
	done
	local url=http://127.0.0.1:5000/v3
	as keystone "${manage[@]}" bootstrap --bootstrap-password "$ADMIN_PASSWORD" --bootstrap-region-id "$REGION" \
		--bootstrap-admin-url $url --bootstrap-public-url $url --bootstrap-internal-url $url
}

write_credentials() {
	cat >"$STATE/env" <<-E
		export OS_AUTH_URL=http://127.0.0.1:5000/v3
		export OS_IDENTITY_API_VERSION=3
		export OS_USERNAME=admin
		export OS_PASSWORD=$ADMIN_PASSWORD
		export OS_PROJECT_NAME=admin
		export OS_USER_DOMAIN_NAME=Default
		export OS_PROJECT_DOMAIN_NAME=Default
		export OS_REGION_NAME=$REGION
		export OS_INTERFACE=public
		export GUESTWIRE_SHARED_SECRET=$METADATA_SECRET
		export GUESTWIRE_TRANSPORT_URL=$MESSAGE_BUS
		export SERVICE_PASSWORD=$SERVICE_PASSWORD
	E
}

start_keystone() {
	once keystone make_keystone
	daemon keystone root 5000 env OS_KEYSTONE_CONFIG_FILES="$CONF/keystone/keystone.conf" \
		uwsgi --http-socket 127.0.0.1:5000 --ini "$CONF/keystone/uwsgi.ini"
	wait_for keystone 600 curl -sf http://127.0.0.1:5000/v3
	write_credentials
}

make_nova_schema() {
	local manage=(as nova nova-manage --config-file "$CONF/nova/nova.conf")
	"${manage[@]}" api_db sync
	"${manage[@]}" cell_v2 map_cell0
	"${manage[@]}" cell_v2 create_cell --name=north || [ $? = 2 ] # 2: it is there already
	"${manage[@]}" db sync
}

make_other_schemas() {
	once placement-schema as placement placement-manage --config-file "$CONF/placement/placement.conf" db sync
	once glance-schema as glance glance-manage --config-file "$CONF/glance/glance-api.conf" db_sync
	once cinder-schema as cinder cinder-manage --config-file "$CONF/cinder/cinder.conf" db sync
	once neutron-schema as neutron neutron-db-manage --config-file "$CONF/neutron/neutron.conf" \
		--config-file "$CONF/neutron/ml2.ini" upgrade head
}

make_schemas() {
	make_other_schemas &
	local others=$!
	once nova-schema make_nova_schema
	wait $others
}

NOVA_FILES=(OS_NOVA_CONFIG_FILES="/etc/nova/api-paste.ini;$CONF/nova/nova.conf")

NEUTRON_FILES=(--config-file "$CONF/neutron/neutron.conf" --config-file "$CONF/neutron/ml2.ini")

start_neutron() { # in one process up to Zed, in four as Debian runs the releases since
	if [ "$SUITE" = bookworm ]; then
		daemon neutron neutron 9696 neutron-server "${NEUTRON_FILES[@]}"
		wait_for neutron 600 curl -sf http://127.0.0.1:9696/
		return
	fi
	daemon neutron root 9696 uwsgi --http-socket 127.0.0.1:9696 --ini "$CONF/neutron/uwsgi.ini" --pyargv "${NEUTRON_FILES[*]}"
	# The others find OVN's hash ring empty before the API is there.
	wait_for neutron 600 curl -sf http://127.0.0.1:9696/
	local part
	for part in rpc-server periodic-workers ovn-maintenance-worker; do
		daemon neutron-$part neutron - neutron-$part "${NEUTRON_FILES[@]}" --log-file "$LOG/neutron-$part.log"
	done
}

start_cinder() {
	local file=(--config-file "$CONF/cinder/cinder.conf") part
	daemon cinder-api root 8776 uwsgi --http-socket 127.0.0.1:8776 --ini "$CONF/cinder/uwsgi.ini" --pyargv "${file[*]}"
	for part in scheduler volume; do daemon cinder-$part cinder - cinder-$part "${file[@]}" --log-file "$LOG/cinder-$part.log"; done
}

start_network_and_compute() {
	daemon placement root 8778 env OS_PLACEMENT_CONFIG_DIR="$CONF/placement" \
		uwsgi --http-socket 127.0.0.1:8778 --ini "$CONF/placement/uwsgi.ini"
	daemon glance root 9292 env OS_GLANCE_CONFIG_DIR="$CONF/glance" uwsgi --http-socket 127.0.0.1:9292 --ini "$CONF/glance/uwsgi.ini"
	start_neutron
	start_cinder
	daemon nova-api root 8774 env "${NOVA_FILES[@]}" \
		uwsgi --http-socket 127.0.0.1:8774 --ini "$CONF/nova/api-uwsgi.ini"
	daemon nova-api-metadata root 8775 env "${NOVA_FILES[@]}" \
		uwsgi --http-socket 127.0.0.1:8775 --ini "$CONF/nova/metadata-uwsgi.ini"
	local part
	for part in conductor scheduler; do
		daemon nova-$part nova - nova-$part --config-file "$CONF/nova/nova.conf" --log-file "$LOG/nova-$part.log"
	done
	wait_for placement 600 curl -sf http://127.0.0.1:8778/
	wait_for glance 600 listening 9292
	wait_for cinder-api 600 listening 8776
	daemon nova-compute nova - env NODE_FOLDER="$DATA/nova" NODE_HOST=$HYPERVISOR "$HERE/nova-compute" \
		--config-file "$CONF/nova/compute.conf" --log-file "$LOG/nova-compute.log"
	wait_for nova-api 600 curl -sf http://127.0.0.1:8774/
	wait_for nova-compute 600 compute_reports
	once hypervisor as nova nova-manage --config-file "$CONF/nova/nova.conf" cell_v2 discover_hosts
}

compute_reports() {
	sql nova -e "SELECT 1 FROM services, compute_nodes WHERE services.\`binary\` = 'nova-compute'
		AND last_seen_up > UTC_TIMESTAMP() - INTERVAL 20 SECOND" | grep -q 1
}

start_agent() {
	wait_for nova-api-metadata 600 curl -sf http://127.0.0.1:8775/
	"$HERE/metadata-agent" 8775
}
