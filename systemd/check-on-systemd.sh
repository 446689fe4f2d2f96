#!/usr/bin/env bash
# Installation and unit under a real systemd: as root in a throw-away machine or container, with this repository built and
# Node as /usr/bin/node. It installs and removes the service. Needs socat.
set -uo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
config=/etc/cipbridge/cipbridge.yaml
failed=0
expect() { # expect WHAT PATTERN TEXT
  if [[ $3 =~ $2 ]]; then echo "ok   $1"; else echo "FAIL $1: $3"; failed=1; fi
}
show() { systemctl show -P "$1" cipbridge; }

unit=/usr/lib/systemd/system/cipbridge.service
if ! node "$here/dist/main.js" install; then echo 'FAIL install'; exit 1; fi
expect 'a second install leaves all as it is' '^$' "$(node "$here/dist/main.js" install | grep -E '^  (new|replace|rights|remove)')"
expect 'the user may use serial lines and GPIO' '^cipbridge dialout gpio$' "$(id -nG cipbridge)"
expect 'the configuration is for root and the group' '^root:cipbridge 640$' "$(stat -c '%U:%G %a' $config)"
printf 1234 | install -m600 /dev/stdin /etc/cipbridge/pin
cat >$config <<'YAML'
line: { device: virtual }
modem: { pinFile: $CREDENTIALS_DIRECTORY/pin }
context: { apn: internet }
routes: [{ name: a, listen: 127.0.0.1:8080, to: tcp://127.0.0.1:9000 }]
YAML
cp $config /tmp/good.yaml
systemctl daemon-reload
expect 'verify is silent' '^$' "$(systemd-analyze verify --man=no $unit 2>&1)"
expect 'exposure is 2.0 at most' 'level for cipbridge.service: (1\.[0-9]|2\.0) ' "$(systemd-analyze security --no-pager cipbridge.service | tail -1)"

systemctl start cipbridge
expect 'is active' '^active$' "$(systemctl is-active cipbridge)"
sleep 6
expect 'the control socket is for the group' '^cipbridge:cipbridge 660$' "$(stat -c '%U:%G %a' /run/cipbridge/control.sock)"
expect 'the status says that clients may come' '^ready: open for clients' "$(show StatusText)"
rm -f /tmp/got
socat -u TCP-LISTEN:9000,reuseaddr OPEN:/tmp/got,creat & peer=$!
sleep 0.5
(echo one; sleep 12; echo two; sleep 60) | socat - TCP:127.0.0.1:8080 2>/dev/null & client=$!
sleep 4
expect 'the status names the session' '^online: session 1 of a' "$(show StatusText)"

echo 'lines: {}' >>$config
systemctl reload cipbridge 2>/dev/null
expect 'a reload with a bad file fails' '^1$' $?
expect 'the status has the place' 'reload refused: .*cipbridge.yaml:5:1 lines: ' "$(show StatusText)"
{ cat /tmp/good.yaml; echo 'log: { level: debug }'; } >$config
systemctl reload cipbridge
expect 'a reload with a good file does not' '^0$' $?
sleep 12
expect 'the session lived through both' $'^one\ntwo$' "$(cat /tmp/got)"
systemctl stop cipbridge
expect 'a stop hangs up in order' 'CLOSE OK' "$(journalctl -u cipbridge -o cat --no-pager)"
expect 'and is a success' '^success$' "$(show Result)"
kill $client $peer 2>/dev/null

mkdir -p /etc/systemd/system/cipbridge.service.d
printf '[Service]\nWatchdogSec=2\nTimeoutStopSec=3\n' >/etc/systemd/system/cipbridge.service.d/check.conf
systemctl daemon-reload
systemctl start cipbridge
sleep 1
kill -STOP "$(show MainPID)"
sleep 9
expect 'the watchdog restarts a daemon that stands still' '^1 active$' "$(show NRestarts) $(systemctl is-active cipbridge)"
sed -i 's#virtual#/dev/ttyNONE#' $config
systemctl restart cipbridge
sleep 2
expect 'a tty that is missing is no end' '^recovering: there is no device /dev/ttyNONE' "$(show StatusText)"
echo 'x: 1' >>$config
systemctl restart cipbridge 2>/dev/null
sleep 8
expect 'a wrong configuration is not tried again' '^0 78 failed$' "$(show NRestarts) $(show ExecMainStatus) $(show ActiveState)"
printf "line: { device: virtual }\ncontext: { apn: mine }\nroutes: [{ name: a, listen: 127.0.0.1:8080, to: tcp://127.0.0.1:9000 }]\n" >$config
rm /etc/cipbridge/pin /etc/systemd/system/cipbridge.service.d/check.conf
systemctl daemon-reload
systemctl start cipbridge
expect 'a PIN that nobody put there is no hindrance' '^active$' "$(systemctl is-active cipbridge)"
cipbridge uninstall >/dev/null
expect 'an uninstall stops it' '^inactive not-found$' "$(show ActiveState) $(show LoadState)"
expect 'and leaves the configuration' 'apn: mine' "$(cat $config)"
node "$here/dist/main.js" install >/dev/null
expect 'which an install finds again' 'apn: mine' "$(cat $config)"
cipbridge uninstall --purge >/dev/null
expect 'a purge leaves nothing' '^$' "$(find / -xdev -name '*cipbridge*' -not -path "$here*" -not -path '/tmp/*' -not -path '/proc/*' -not -path '/sys/*'; getent passwd cipbridge)"
exit $failed
