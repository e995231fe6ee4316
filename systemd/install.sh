#!/bin/sh
# Installs Madoguchi on this machine: sh systemd/install.sh SITE/device
# SITE/device is the folder that `make_site.py --target device` wrote. Run it as root, in a clone after `make setup`.
# Needs a package index (or uv's cache). Says what it does; a second run replaces what the first one installed.
#   DESTDIR=DIR    install below DIR instead (packaging, tests): no user is made, nothing is started, owners stay yours
#   LIBRARIES=no   leave /opt/madoguchi alone
set -eu
umask 022

[ $# -eq 1 ] || { echo "usage: [DESTDIR=DIR] [LIBRARIES=no] sh systemd/install.sh SITE/device" >&2; exit 2; }
site=$1
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
dest=${DESTDIR:-}
venv=$dest/opt/madoguchi
etc=$dest/etc/madoguchi

fail() { echo "install: $*" >&2; exit 1; }
[ -f "$site/madoguchi.toml" ] || fail "$site holds no madoguchi.toml (make_site.py --target device makes one)"
[ -n "$dest" ] || [ "$(id -u)" -eq 0 ] || fail "run it as root, or with DESTDIR"
[ -n "$(ls "$root"/models/*.onnx 2>/dev/null)" ] || fail "models are missing: make models"
[ -n "$(ls "$root"/firmware/panel/fonts/*.pcf 2>/dev/null)" ] || fail "fonts are missing: make fonts"

put() { install -D -m "$1" "$2" "$dest$3"; }

echo "install: units, rules, user"
put 0644 "$root/systemd/sysusers.conf" /usr/lib/sysusers.d/madoguchi.conf
put 0644 "$root/systemd/tmpfiles.conf" /usr/lib/tmpfiles.d/madoguchi.conf
put 0644 "$root/systemd/60-madoguchi-udev.rules" /usr/lib/udev/rules.d/60-madoguchi.rules
put 0644 "$root/systemd/60-madoguchi.rules" /etc/polkit-1/rules.d/60-madoguchi.rules
put 0644 "$root/systemd/madoguchi.service" /usr/lib/systemd/system/madoguchi.service
put 0644 "$root/README.md" /usr/share/doc/madoguchi/README.md
if [ -z "$dest" ]; then
    systemd-sysusers /usr/lib/sysusers.d/madoguchi.conf
    systemd-tmpfiles --create /usr/lib/tmpfiles.d/madoguchi.conf
fi

echo "install: settings and keys"
install -d -m 0750 "$etc"
for file in "$site"/*; do
    [ -f "$file" ] || continue
    case $file in
        *.key) mode=0400 owner=madoguchi ;; # the device refuses a key that is not its user's own and private
        *) mode=0640 owner=root ;;
    esac
    install -m "$mode" "$file" "$etc/"
    [ -n "$dest" ] || chown "$owner:madoguchi" "$etc/${file##*/}"
done
[ -n "$dest" ] || chown root:madoguchi "$etc"

echo "install: models"
for file in "$root"/models/manifest.toml "$root"/models/*.onnx; do
    put 0644 "$file" "/usr/share/madoguchi/models/${file##*/}"
done

if [ "${LIBRARIES:-yes}" = yes ]; then
    echo "install: /opt/madoguchi, from the lock"
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    # A copy: building in the clone would pick up what an older build left there.
    cp -r "$root/firmware" "$root/pyproject.toml" "$root/README.md" "$root/LICENSE" "$scratch"
    "$root/.venv/bin/python" "$root/tools/site/product_lock.py" >"$scratch/product.lock"
    # The system's packages are seen for the libraries of a Pi, which come from apt (picamera2, gpiozero, lgpio, evdev).
    python3 -m venv --clear --without-pip --system-site-packages "$venv"
    uv="$root/.venv/bin/uv pip install --quiet --no-deps --python $venv/bin/python"
    $uv --require-hashes --build-constraints "$root/build-constraints.txt" --requirement "$scratch/product.lock"
    $uv --build-constraints "$root/build-constraints.txt" "$scratch"
    echo "install: bytecode"
    # The unit runs with PYTHONOPTIMIZE=2 and may write nothing: what is not compiled now is compiled at every start.
    "$venv/bin/python" -m compileall -q -o 0 -o 2 "$venv/lib"
    if [ -z "$dest" ]; then
        # Some files of the standard library are wrong on purpose; they are not ours to report.
        python3 -m compileall -q -o 2 "$(python3 -c 'import os; print(os.path.dirname(os.__file__))')" || true
    fi
fi

if [ -z "$dest" ]; then
    systemctl daemon-reload
    udevadm control --reload 2>/dev/null || true
    echo "install: done; look: madoguchi settings show --changed; start: systemctl enable --now madoguchi"
fi
