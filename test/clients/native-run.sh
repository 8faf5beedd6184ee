# The distributions' own programs read rendered files, in each folder below /out. What they say goes to the same folder.
mkdir -p /etc/systemd/network
for folder in /out/*/; do
	cd "$folder"
	mkdir -p keyfiles
	for file in networkmanager/etc/NetworkManager/system-connections/*; do
		[ -e "$file" ] || continue
		nmcli --offline connection modify connection.autoconnect yes <"$file" >"keyfiles/${file##*/}" 2>>networkmanager.log ||
			echo "nmcli refuses $file" >>networkmanager.log
	done
	for file in ifupdown/etc/network/interfaces.d/*; do
		[ -e "$file" ] || continue
		ifquery --list -a -i "$file" >/dev/null 2>>ifupdown.log || echo "ifquery refuses $file" >>ifupdown.log
	done
	/usr/libexec/netplan/generate --root-dir "$PWD/netplan" >>netplan.log 2>&1 || echo "netplan refuses the file" >>netplan.log
	rm -rf /etc/systemd/network/* /run/systemd
	mkdir /run/systemd
	[ -d networkd ] || continue
	cp networkd/etc/systemd/network/* /etc/systemd/network/
	SYSTEMD_LOG_TARGET=console /usr/lib/systemd/systemd-networkd >/run/networkd.log 2>&1 &
	# It has read all files when it writes its state.
	until [ -e /run/systemd/netif/state ] || ! kill -0 $!; do sleep 0.05; done
	kill $!
	wait $! || :
	# There is no service manager, and the host's kernel may lack bonds and VLANs.
	grep -vE "cgroup path, ignoring|(create netdev|could not be created): Operation not supported" /run/networkd.log >networkd.log || :
done
