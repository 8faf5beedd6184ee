#!/bin/sh
# Installs what test/system needs from Debian's archive. For root; run again, it does only what is missing.
# A test whose program isn't there is skipped by name.
set -eu

cache=/var/cache/guestwire-test

# One a line, each with the tests' reason.
installed=$(cat <<'END'
7zip                        7zz, a reader of both drive formats
buildah                     the container image, for the release
busybox-static              the guest side of the virtual machines
binutils                    strip, for the release
chromium                    the operators' page, and its tests
curl                        a guest that asks over HTTP
dash                        a shell for the script of the target iproute2
dnsmasq-base                DNS, DHCP and router advertisements for guests of namespaces
dosfstools                  fsck.vfat; mkfs.vfat for the benchmark
e2fsprogs                   mke2fs, for the disks of guests
genisoimage                 isoinfo, and the benchmark beside Nova
haproxy                     the proxy that Neutron puts before guests
iproute2                    namespaces, the ip of a guest, and ss
iputils-ping                asks whether a guest can be reached
isc-dhcp-client             dhclient, in namespaces alone
kmod                        depmod, for the kernel below
libarchive-tools            bsdtar, the reader that cloudbase-init uses
libnetplan0                 netplan needs it
libnm0                      nmcli needs it
mmdebstrap                  root file systems of Debian's suites
mtools                      mdir and mcopy, a reader of VFAT
python3-configobj           cloud-init needs it
python3-jinja2              cloud-init needs it
python3-jsonpatch           cloud-init needs it
python3-jsonschema          cloud-init needs it
python3-netifaces           cloud-init needs it
python3-oauthlib            cloud-init needs it
python3-openstacksdk        another reader of clouds.yaml
python3-pycdlib             a reader of ISO 9660
python3-requests            cloud-init needs it; how Neutron's agents ask
python3-webob               how Neutron's agents answer
python3-yaml                cloud-init needs it
postgresql                  the other engine of the state
openssl                     certificates for the message bus
qemu-system-x86             virtual machines
rabbitmq-server             the message bus of a cloud
runc                        starts the container image
shellcheck                  reads the script of the target iproute2
systemd                     systemd-networkd, and an init
systemd-container           systemd-nspawn, for the package under a real init
udev                        the part of systemd that finds a config drive
umoci                       unpacks the container image
util-linux                  blkid
xorriso                     a reader of ISO 9660
xz-utils                    compressed kernel modules
END
)

# Unpacked below $cache and not installed: what sets up a network would set up this machine's at its next start, and an
# installed kernel would become its kernel.
unpacked='
cloud-init
ifupdown
libeinfo1
librc1
linux-image-cloud-amd64
netplan.io
network-manager
nginx
openrc
'

export DEBIAN_FRONTEND=noninteractive
apt="apt-get -q -o DPkg::Lock::Timeout=300"

missing=
for package in $(echo "$installed" | awk '{print $1}'); do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$state" = installed ] || missing="$missing $package"
done
for package in $unpacked; do
	[ -e "$cache/$package/.complete" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
$apt update

# A meta package (linux-image-cloud-amd64) is followed to the one package that it stands for.
real_name() {
	case $1 in
	linux-image-cloud-*) apt-cache depends "$1" | awk '$1 == "Depends:" && $2 ~ /^linux-image-/ {print $2; exit}' ;;
	*) echo "$1" ;;
	esac
}

unpack() {
	rm -rf "$cache/$1"
	mkdir -p "$cache/$1/deb"
	(cd "$cache/$1/deb" && chmod 0777 . && $apt download "$(real_name "$1")" && dpkg -x ./*.deb ..)
	rm -r "$cache/$1/deb"
	for modules in "$cache/$1"/lib/modules/* "$cache/$1"/usr/lib/modules/*; do
		if [ -d "$modules" ]; then depmod -b "${modules%/lib/modules/*}" "${modules##*/}"; fi
	done
	touch "$cache/$1/.complete"
}

install=
for package in $missing; do
	case " $(echo $unpacked) " in
	*" $package "*) ;;
	*) install="$install $package" ;;
	esac
done
[ -z "$install" ] || $apt install -y --no-install-recommends $install
for package in $unpacked; do
	[ -e "$cache/$package/.complete" ] || unpack "$package"
done
