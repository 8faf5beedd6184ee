# The programs of an initramfs, Ignition and systemd read rendered files, in each folder below /out. Results go to the same
# folder.
# Ignition labels what it has written, and nothing here has an SELinux policy.
ln -s /bin/true /usr/local/bin/setfiles
nm=/usr/libexec/nm-initrd-generator
[ -x $nm ] || nm=/usr/lib/NetworkManager/nm-initrd-generator
ignition=/usr/lib/dracut/modules.d/30ignition/ignition
generator=/usr/lib/systemd/systemd-network-generator
for folder in /out/*/; do
	cd "$folder"
	rm -rf /run/*
	mkdir -p nm generator credentials sysroot/etc/selinux /run/nm /run/systemd /run/credentials
	# shellcheck disable=SC2046 # one argument per word
	$nm -c /run/nm -i /run/nm/initrd -r /run/nm/conf -- $(cat kernel-arguments) >>log 2>&1
	cp /run/nm/*.nmconnection nm/ || :
	# It reads arguments that start with rd. only in an initramfs.
	SYSTEMD_IN_INITRD=1 SYSTEMD_PROC_CMDLINE=$(cat kernel-arguments) $generator >>log 2>&1
	cp /run/systemd/network/* generator/ || :
	rm -rf /run/systemd/network
	cp credential-files/* /run/credentials/
	CREDENTIALS_DIRECTORY=/run/credentials SYSTEMD_PROC_CMDLINE= $generator 2>&1 | sed "/^Installed .* from credential\.$/d" >>log
	cp /run/systemd/network/* credentials/ 2>/dev/null || :
	ignition-validate config.ign >>log 2>&1
	printf "SELINUX=disabled\nSELINUXTYPE=targeted\n" >sysroot/etc/selinux/config
	for stage in fetch files; do
		IGNITION_CONFIG_FILE=$PWD/config.ign $ignition --platform=file --stage=$stage --root=$PWD/sysroot \
			--config-cache=/run/ignition.json --state-file=/run/state --log-to-stdout >ignition.log 2>&1 || cat ignition.log >>log
	done
	/usr/libexec/netplan/generate --root-dir "$PWD/netplan" >>log 2>&1
done
