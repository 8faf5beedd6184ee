# Runs in a mount and PID namespace, in an overlay of a suite's root: the programs that read rendered files, on each folder
# below $out. Results go to the same folder.
# shellcheck disable=SC2154 # Environment: root, out.
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/root
cd /mnt/root
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs dev
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/urandom c 1 9
mkdir out
mount --bind "$out" out
# Ignition labels what it has written, and nothing here has an SELinux policy.
ln -s /bin/true usr/local/bin/setfiles
exec chroot . env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 SYSTEMD_LOG_LEVEL=warning sh -eu -c '
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
	SYSTEMD_PROC_CMDLINE=$(cat kernel-arguments) $generator >>log 2>&1
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
done'
