# Sourced by up: writes the configuration of every service under $CONF. Only what differs from the defaults stands here.

put() { # file user   (contents on standard input; read by that user alone: it holds passwords)
	mkdir -p "$(dirname "$CONF/$1")"
	cat >"$CONF/$1"
	chown "root:$(id -gn "$2")" "$CONF/$1"
	chmod 640 "$CONF/$1"
}

database() { echo "mysql+pymysql://laboratory:$DATABASE_PASSWORD@127.0.0.1/$1?charset=utf8"; }

account() { # user   how a service logs in at Keystone
	cat <<-E
		auth_type = password
		auth_url = http://127.0.0.1:5000
		username = $1
		password = $SERVICE_PASSWORD
		user_domain_name = Default
		project_name = service
		project_domain_name = Default
	E
}

tokens() { # user   how a service checks its callers' tokens
	cat <<-E
		[keystone_authtoken]
		www_authenticate_uri = http://127.0.0.1:5000
		memcached_servers = 127.0.0.1:11211
		service_token_roles = service
		service_token_roles_required = true
		$(account "$1")
	E
}

wsgi() { # script module:callable   the line by which uwsgi finds a program: a script, or a module in releases without it
	if [ -e "/usr/bin/$1" ]; then echo "wsgi-file = /usr/bin/$1"; else echo "module = $2"; fi
}

uwsgi() { # user program processes threads
	cat <<-E
		[uwsgi]
		plugins = python3
		$2
		processes = $3
		threads = $4
		enable-threads = true
		master = true
		lazy-apps = true
		thunder-lock = true
		no-orphans = true
		die-on-term = true
		buffer-size = 65535
		listen = 100
		rem-header = Content-Length
		add-header = Connection: close
		disable-logging = true
		uid = $1
		gid = $1
	E
}

put keystone/keystone.conf keystone <<E
[DEFAULT]
log_file = $LOG/keystone.log
[database]
connection = $(database keystone)
[fernet_tokens]
key_repository = $DATA/keystone/fernet
[credential]
key_repository = $DATA/keystone/credential
[cache]
enabled = true
backend = dogpile.cache.memcached
memcache_servers = 127.0.0.1:11211
E
uwsgi keystone "$(wsgi keystone-wsgi-public keystone.wsgi.api:application)" 2 2 | put keystone/uwsgi.ini keystone

put placement/placement.conf placement <<E
[placement_database]
connection = $(database placement)
$(tokens placement)
E
uwsgi placement "$(wsgi placement-api placement.wsgi.api:application)" 1 4 | put placement/uwsgi.ini placement

put glance/glance-api.conf glance <<E
[DEFAULT]
bind_host = 127.0.0.1
workers = 1
log_file = $LOG/glance.log
enabled_backends = disk:file
[database]
connection = $(database glance)
[glance_store]
default_backend = disk
[disk]
filesystem_store_datadir = $DATA/glance/images
[os_glance_tasks_store]
filesystem_store_datadir = $DATA/glance/tasks
[os_glance_staging_store]
filesystem_store_datadir = $DATA/glance/staging
[paste_deploy]
flavor = keystone
config_file = /etc/glance/glance-api-paste.ini
[oslo_concurrency]
lock_path = $DATA/glance/lock
$(tokens glance)
E
# Under uwsgi, Glance reads both files from one folder.
put glance/glance-api-paste.ini glance </etc/glance/glance-api-paste.ini
{
	uwsgi glance "$(wsgi glance-wsgi-api glance.wsgi.api:application)" 1 1
	# An image is uploaded in chunks.
	printf '%s = true\n' http-auto-chunked http-chunked-input wsgi-manage-chunked-input
} | put glance/uwsgi.ini glance

put cinder/cinder.conf cinder <<E
[DEFAULT]
my_ip = 127.0.0.1
host = $HYPERVISOR
transport_url = $MESSAGE_BUS
state_path = $DATA/cinder
enabled_backends = fake
glance_api_servers = http://127.0.0.1:9292
[fake]
volume_driver = cinder.tests.fake_driver.FakeLoggingVolumeDriver
volume_backend_name = fake
[database]
connection = $(database cinder)
[nova]
region_name = $REGION
$(account nova)
[service_user]
send_service_user_token = true
$(account cinder)
[oslo_concurrency]
lock_path = $DATA/cinder/lock
$(tokens cinder)
E
uwsgi cinder "$(wsgi cinder-wsgi cinder.wsgi.api:application)" 1 1 | put cinder/uwsgi.ini cinder

# Without this setting, neither service says a word about its changes.
notifications() {
	[ "${GUESTWIRE_OPENSTACK_NOTIFICATIONS:-on}" = on ] || return 0
	cat <<-E
		[oslo_messaging_notifications]
		driver = messagingv2
		[notifications]
		notification_format = both
		notify_on_state_change = vm_and_task_state
	E
}

# MTU: Neutron takes the smaller of global_physnet_mtu and the physical network's own, less the overlay's header.
put neutron/neutron.conf neutron <<E
[DEFAULT]
core_plugin = ml2
service_plugins = ovn-router,trunk,qos,segments
bind_host = 127.0.0.1
api_workers = 2
rpc_workers = 1
rpc_state_report_workers = 0
state_path = $DATA/neutron
log_file = $LOG/neutron.log
transport_url = $MESSAGE_BUS
dns_domain = maple.test.
vlan_transparent = true
global_physnet_mtu = 9000
[database]
connection = $(database neutron)
[nova]
region_name = $REGION
$(account nova)
[placement]
region_name = $REGION
$(account placement)
[oslo_concurrency]
lock_path = $DATA/neutron/lock
[quotas]
quota_network = -1
quota_subnet = -1
quota_port = -1
quota_router = -1
quota_floatingip = -1
quota_security_group = -1
quota_security_group_rule = -1
quota_trunk = -1
$(notifications)
$(tokens neutron)
E
# The start time is by what the processes of one start know each other in OVN's hash ring.
{
	uwsgi neutron "$(wsgi neutron-api neutron.wsgi.api:application)" 2 1 | sed '/^enable-threads/d'
	echo 'start-time = %t'
} | put neutron/uwsgi.ini neutron
put neutron/ml2.ini neutron <<E
[ml2]
type_drivers = local,flat,vlan,geneve
tenant_network_types = geneve
mechanism_drivers = ovn
extension_drivers = port_security,dns_domain_ports,qos
path_mtu = 1600
physical_network_mtus = outside:1500,rack:1500,storage:9000
[ml2_type_flat]
flat_networks = outside
[ml2_type_vlan]
network_vlan_ranges = rack:300:399,storage:2000:2099
[ml2_type_geneve]
vni_ranges = 1:65536
max_header_size = 38
[ovn]
ovn_nb_connection = $OVN_NB_DB
ovn_sb_connection = $OVN_SB_DB
ovn_metadata_enabled = true
enable_distributed_floating_ip = true
E
# The agent's target is set when it starts: see the script metadata-agent.
put neutron/metadata-agent.ini neutron <<E
[DEFAULT]
nova_metadata_host = 127.0.0.1
metadata_proxy_shared_secret = $METADATA_SECRET
metadata_workers = 1
state_path = $DATA/neutron
log_file = $LOG/metadata-agent.log
[agent]
root_helper =
extensions = metadata
[ovs]
ovsdb_connection = unix:$OVS_RUNDIR/db.sock
[ovn]
ovn_nb_connection = $OVN_NB_DB
ovn_sb_connection = $OVN_SB_DB
E

# By default, an administrator of another project may not see a server's shares.
put nova/policy.yaml nova <<'E'
"os_compute_api:os-server-shares:index": "rule:project_reader_api or rule:context_is_admin"
E
put nova/vendor-data.json nova <<'E'
{"site": {"rack": "north-3", "motto": "Grüße aus dem Ahorn"}, "cloud-init": "#cloud-config\npackages: [chrony]\n"}
E
nova_common() {
	cat <<-E
		[DEFAULT]
		my_ip = 127.0.0.1
		host = $HYPERVISOR
		state_path = $DATA/nova
		transport_url = $MESSAGE_BUS
		compute_driver = fake.FakeDriver
		vif_plugging_is_fatal = false
		vif_plugging_timeout = 0
		osapi_compute_listen = 127.0.0.1
		metadata_listen = 127.0.0.1
		sync_power_state_interval = -1
		resume_guests_state_on_host_boot = true
		[api]
		vendordata_providers = StaticJSON
		vendordata_jsonfile_path = $CONF/nova/vendor-data.json
		[cache]
		enabled = true
		backend = dogpile.cache.memcached
		memcache_servers = 127.0.0.1:11211
		[conductor]
		workers = 1
		[scheduler]
		workers = 1
		[filter_scheduler]
		enabled_filters = ComputeFilter
		track_instance_changes = false
		[glance]
		api_servers = http://127.0.0.1:9292
		[neutron]
		region_name = $REGION
		service_metadata_proxy = true
		metadata_proxy_shared_secret = $METADATA_SECRET
		default_floating_pool = outside
		$(account neutron)
		[placement]
		region_name = $REGION
		$(account placement)
		[service_user]
		send_service_user_token = true
		$(account nova)
		[oslo_policy]
		policy_file = $CONF/nova/policy.yaml
		[oslo_concurrency]
		lock_path = $DATA/nova/lock
		[quota]
		instances = -1
		cores = -1
		ram = -1
		[vnc]
		enabled = false
		[cinder]
		os_region_name = $REGION
		$(notifications)
		$(tokens nova)
	E
}
{
	nova_common
	cat <<-E
		[api_database]
		connection = $(database nova_api)
		[database]
		connection = $(database nova)
	E
} | put nova/nova.conf nova
# nova-compute must not know the databases: with one in its configuration it reads it, and logs that it may not.
nova_common | put nova/compute.conf nova
# One thread a process: Nova patches its threads with eventlet, and under uwsgi with several of them a request now and
# then hangs for ever. Otherwise Debian's own settings for the metadata service, and as many processes as they advise.
uwsgi nova "$(wsgi nova-api-wsgi nova.wsgi.osapi_compute:application)" 4 1 | put nova/api-uwsgi.ini nova
sed -e 's/^threads = .*/threads = 1/' -e "s/^processes = .*/processes = $(($(nproc) * 2))/" \
	-e 's/^logto = .*/disable-logging = true/' -e "s|^chdir = .*|chdir = $DATA/nova|" -e 's/^plugins = .*/plugins = python3/' \
	-e "s|^wsgi-file = .*|$(wsgi nova-metadata-wsgi nova.wsgi.metadata:application)|" \
	/etc/nova/nova-api-metadata-uwsgi.ini | put nova/metadata-uwsgi.ini nova
