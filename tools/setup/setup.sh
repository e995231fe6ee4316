#!/bin/sh
# Finds a Python that is new enough and hands over to setup.py, which needs nothing but the standard library.
set -eu
here=$(dirname "$0")
for python in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$python" -I "$here/setup.py" "$@"
    fi
done
echo "setup: Python 3.11 or newer is needed and none was found (tried python3, python3.13, 3.12, 3.11)." >&2
echo "setup: Debian 12, Ubuntu 24.04 and newer have it: apt-get install python3 python3-venv" >&2
exit 1
