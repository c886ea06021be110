#!/bin/sh
# Makes the user that understudy.service runs as, where there is systemd.
set -e
if command -v systemd-sysusers >/dev/null; then
	systemd-sysusers understudy.conf
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
