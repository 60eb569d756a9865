import type { Place, ServiceSystem } from './service-steps.ts'

const unitFile = '/etc/systemd/system/postern.service'
const dataDir = '/var/lib/postern'

/** systemd, for the whole machine. */
export const linux: ServiceSystem = {
  name: 'systemd',
  packaged: ['/usr/lib/systemd/system/postern.service', '/lib/systemd/system/postern.service'],
  // By ProtectHome and PrivateTmp.
  isHidden: (program) => /^\/(home|root|run\/user|tmp|var\/tmp)\//.test(program),
  install: ({ command }) => [
    { do: 'write', path: unitFile, text: unit(command) },
    { do: 'run', words: ['systemctl', 'daemon-reload'] },
    { do: 'run', words: ['systemctl', 'enable', '--now', 'postern.service'] },
  ],
  remove: () => [
    { do: 'run', words: ['systemctl', 'disable', '--now', 'postern.service'], mayFail: true },
    { do: 'remove-file', path: unitFile },
    { do: 'run', words: ['systemctl', 'daemon-reload'] },
  ],
  start: () => [{ do: 'run', words: ['systemctl', 'start', 'postern.service'] }],
  stop: () => [{ do: 'run', words: ['systemctl', 'stop', 'postern.service'] }],
  dataDir: () => dataDir,
  log: () => 'journalctl -u postern',
}

function unit(command: Place['command']): string {
  return `# Made by "postern service install". Changes of yours belong into "systemctl edit postern".
[Unit]
Description=postern, OAuth2 token broker for SMTP
After=network-online.target
Wants=network-online.target

[Service]
Type=notify
NotifyAccess=all
ExecReload=/bin/kill -HUP $MAINPID
WatchdogSec=60
# A new version may have to bring a large database to its schema.
TimeoutStartSec=900
TimeoutStopSec=40
SyslogIdentifier=postern
ExecStart=${[...command, 'serve'].map(unitWord).join(' ')}
EnvironmentFile=-/etc/postern/env
Environment=POSTERN_DATA_DIR=${dataDir}
WorkingDirectory=${dataDir}
DynamicUser=yes
StateDirectory=postern
StateDirectoryMode=0700
RuntimeDirectory=postern
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
UMask=0077
Restart=on-failure
# With less, systemd gives up within seconds where a port is in use or an address is not there yet.
RestartSec=5
# 78: a mistake in the settings, which no restart mends.
RestartPreventExitStatus=78

LimitCORE=0
LimitNOFILE=65536
# For a port below 1024: both CAP_NET_BIND_SERVICE, AmbientCapabilities= as well, and PrivateUsers=no.
CapabilityBoundingSet=
PrivateUsers=yes
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
# AF_NETLINK: the addresses of this machine, for a certificate that is made on the pages.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
# MemoryDenyWriteExecute stays off: V8 compiles at run time.

[Install]
WantedBy=multi-user.target
`
}

/** As systemd.syntax(7) and systemd.service(5) have it: % and $ begin something else. */
function unitWord(word: string): string {
  const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[\w%$@+:,./-]+$/.test(plain) ? plain : `"${plain.replace(/["\\]/g, '\\$&')}"`
}
