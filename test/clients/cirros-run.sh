# CirrOS' data sources, of which /out/cirros is a copy: the one for HTTP, and the one for drives with the files of /out/seed.
# Results go to /out/http and /out/drive.
cp -r /out/cirros/lib/cirros /usr/lib/cirros
cp -r /out/cirros/etc/cirros-init /etc/cirros-init
export PATH="/out/cirros/usr/bin:$PATH"
sh /usr/lib/cirros/ds/ec2 net /out/http >&2
# There is no disk to look for.
cat >/shlib <<X
. /lib/cirros/shlib
find_devs_with() { _RET=/out/seed; }
X
CIRROS_SHLIB=/shlib sh /usr/lib/cirros/ds/configdrive local /out/drive >&2
