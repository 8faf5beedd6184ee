# Sourced by the scripts of this folder, which "cloud" runs in its container: names, ports and secrets of the cloud, and how
# to run a daemon. Everything that the cloud writes is under $STATE: configuration, databases and logs alike. Debian's own
# files in /etc stay as they are, and "cloud wipe" removes one folder.

STATE=${GUESTWIRE_OPENSTACK_STATE:?is set by cloud}
SUITE=${GUESTWIRE_OPENSTACK_SUITE:?is set by cloud}
CONF=$STATE/etc
DATA=$STATE/data
LOG=$STATE/log
RUN=$STATE/run

REGION=lab-north
# Nova's "host" and OVS's hostname have to agree, else no port binds.
HYPERVISOR=hv-maple
CHASSIS=7d0c6b0e-52a4-4f0b-9c57-6a0f3d1e8b42
ADMIN_PASSWORD=maple-operator
SERVICE_PASSWORD=maple-services
DATABASE_PASSWORD=maple-database
# shellcheck disable=SC2034 # read by the scripts that source this file
METADATA_SECRET=maple-metadata-proxy
MESSAGE_BUS=rabbit://guest:guest@127.0.0.1:5672/

export LC_ALL=C.UTF-8
# Open vSwitch and OVN keep sockets, databases and pid files here, so the machine's own are left alone.
export OVS_RUNDIR=$RUN/ovs OVN_RUNDIR=$RUN/ovs
export OVN_NB_DB=tcp:127.0.0.1:6641 OVN_SB_DB=tcp:127.0.0.1:6642

say() { printf '[%4ds] %s\n' "$SECONDS" "$*"; }
fail() { echo "$(basename "$0"): $*" >&2; exit 1; }

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# When a process started, in clock ticks: with its pid it tells our process from another that got the same pid later.
started_at() { awk '{ sub(/^.*\) /, ""); print $20 }' "/proc/$1/stat" 2>/dev/null; }

alive() { # name
	local pid ticks
	[ -s "$RUN/$1.pid" ] && read -r pid ticks <"$RUN/$1.pid" && [ -n "$ticks" ] && [ "$(started_at "$pid")" = "$ticks" ]
}

daemon() { # name user port|- command...
	local name=$1 user=$2 port=$3 pid
	shift 3
	alive "$name" && return 0
	[ "$port" = - ] || ! listening "$port" || fail "port $port, which $name needs, is taken by another program"
	# A session of its own: neither the terminal's Ctrl-C nor the end of a test run takes it along.
	(
		cd "$DATA"
		exec setsid nohup setpriv --reuid="$user" --regid="$(id -gn "$user")" --init-groups "$@" >>"$LOG/$name.out" 2>&1 </dev/null
	) &
	pid=$!
	echo "$pid $(started_at "$pid")" >"$RUN/$name.pid"
	say "started $name"
}

stop() { # name...   asks all of them to end, waits 30 s at most, then kills
	local name pid ticks
	for name; do alive "$name" && read -r pid ticks <"$RUN/$name.pid" && { kill "$pid" || true; }; done
	for name; do
		for _ in {1..120}; do alive "$name" || break; sleep 0.25; done
		alive "$name" && read -r pid ticks <"$RUN/$name.pid" && kill -9 "$pid" && say "killed $name: it did not stop in 30 s"
		rm -f "$RUN/$name.pid"
	done
	return 0
}

wait_for() { # what seconds command...
	local what=$1 end=$((SECONDS + $2))
	shift 2
	while [ "$SECONDS" -lt "$end" ]; do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.2
	done
	tail -n 20 "$LOG/$what.out" "$LOG/$what.log" 2>/dev/null >&2 || true
	fail "$what is not ready in time ($*); its logs are in $LOG"
}

once() { # name command...   a step that must not be repeated; its output is shown when it fails
	local name=$1
	shift
	[ -e "$RUN/$name.done" ] && return 0
	# In the background, because before "||" bash would go on after a failed line of the step.
	"$@" >"$LOG/$name.setup" 2>&1 </dev/null &
	wait $! || { tail -n 30 "$LOG/$name.setup" >&2; fail "$name failed ($*)"; }
	touch "$RUN/$name.done"
	say "done $name"
}

as() { # user command...
	local user=$1
	shift
	(cd "$DATA" && exec setpriv --reuid="$user" --regid="$(id -gn "$user")" --init-groups "$@")
}

stop_proxies() { # the haproxies that Neutron's metadata agent started, one a network
	local file pid
	for file in "$DATA"/neutron/external/pids/*; do
		[ -e "$file" ] || continue
		read -r pid <"$file" || true
		# After a crash or a reboot the number may be another program's.
		if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = haproxy ]; then kill "$pid" || true; fi
		rm -f "$file"
	done
}
