#!/bin/sh
# Stops the service when the package goes, not when a newer one comes: dpkg says "remove" then, rpm 0.
set -e
case ${1-} in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl disable --now understudy.service
	fi
	;;
esac
