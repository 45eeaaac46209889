#!/bin/bash
# The machine's side of networkd_site.py, in namespaces of its own: $1 is its folder, which holds etc/ and gets log/.
# An appliance with eth0, real systemd-networkd and a message bus; and a network "outside" with a gateway and another machine.
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/dbus /run/systemd/network /run/systemd/netif /run/udev /run/netns
mount --bind "$1/etc/systemd/network" /etc/systemd/network
chown -R systemd-network:systemd-network /run/systemd/netif
mount -t sysfs -o ro sysfs /sys  # read-only: systemd-networkd then waits for no udev
hostname appliance
ip link set lo up
ip netns add outside
ip link add eth0 type veth peer name lan netns outside
ip -n outside link set lo up
ip -n outside addr add 10.9.0.1/24 dev lan
ip -n outside addr add 10.9.0.77/24 dev lan
ip -n outside addr add fd00:9::1/64 dev lan nodad
ip -n outside addr add 10.99.0.53/32 dev lo
ip -n outside link set lan up
ip netns exec outside python3 -c '
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("10.99.0.53", 53))
while True:  # a name server that refuses everything
    question, asker = server.recvfrom(512)
    server.sendto(question[:2] + b"\x81\x05" + question[4:], asker)
' &
cat > /run/dbus.conf <<X
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy></busconfig>
X
dbus-daemon --config-file=/run/dbus.conf --nofork --nopidfile > "$1/log/dbus" 2>&1 &
# The network service runs while $1/networkd is there: the tests take it away, and give it back.
while true; do
    if [ -e "$1/networkd" ] && { [ -z "$service" ] || ! kill -0 "$service" 2> /dev/null; }; then
        /lib/systemd/systemd-networkd >> "$1/log/networkd" 2>&1 &
        service=$!
    elif ! [ -e "$1/networkd" ] && [ -n "$service" ]; then
        kill -9 "$service" && wait "$service" || true
        service=
    fi
    sleep 0.1
done
