#!/bin/sh
# A machine of its own as far as its accounts go, in a private mount namespace: copies of /etc with the account that the image has,
# empty /run and /var/log. Stays until its standard input ends. Usage: unshare --mount ssh_machine.sh FOLDER CHECKOUT
set -eu
cp -a /etc "$1/etc"
mount --bind "$1/etc" /etc
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
useradd --system --user-group --home-dir / --shell /bin/sh --password '*' console

may_enter() { setpriv --reuid console --regid console --clear-groups test -x "$1"; }

# The account's program runs from the checkout. Where that is closed to others, it is shown to them in its place.
closed="" && path=""
for part in $(echo "$2" | tr / ' '); do
    path="$path/$part"
    if ! may_enter "$path"; then closed=$path; break; fi
done
if [ -n "$closed" ]; then
    mkdir "$1/checkout"
    mount --bind "$2" "$1/checkout"
    mount -t tmpfs -o mode=755 tmpfs "$closed"
    mkdir -p "$2"
    for entry in "$1"/checkout/* "$1"/checkout/.venv; do
        place="$2/${entry##*/}"
        if [ -d "$entry" ]; then mkdir "$place" && mount --bind "$entry" "$place"; else cp "$entry" "$place"; fi
    done
fi
echo ready
exec cat
