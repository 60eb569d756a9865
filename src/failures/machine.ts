import type { FailureEntries } from './entry.ts'

/** The machine that postern runs on: data directory, database, keys, certificates, ports. */
export const machineFailures = {
  'command.no-directory': {
    code: 'configuration',
    message: 'The folder that this was started in is gone, or may not be entered',
    fix: 'Go to another one first, and start it from there.',
  },
  'database.no-sqlite': {
    code: 'configuration',
    message:
      'There is no SQLite for this machine ({platform}): Node {version} brings none that is complete, and the package @photostructure/sqlite has none for it, or is not installed',
    fix: 'Run postern with Node 22.16 or newer, or install its packages anew on this machine.',
  },
  'data.directory-missing': {
    code: 'configuration',
    message: 'There is no data directory {directory}',
    fix: 'Run this in the folder that postern is started from, or name its data directory in POSTERN_DATA_DIR; "postern serve" makes a new one.',
  },
  'data.store-missing': {
    code: 'configuration',
    message: 'The data directory {directory} holds no store of postern',
    fix: 'Run this in the folder that postern is started from, or name its data directory in POSTERN_DATA_DIR; "postern serve" makes a new one.',
  },
  'data.not-trusted': {
    code: 'configuration',
    message: 'The {what} {path} {problem}',
    fix: '{remedy}.',
  },
  'data.in-use': {
    code: 'configuration',
    message: 'Another postern{holder} is using the data directory {directory}',
    fix: 'Use the one that is running, stop it first, or name another directory in POSTERN_DATA_DIR.',
  },
  'data.file-system-open': {
    code: 'configuration',
    message:
      'The file system of {directory} lets other users in: it gives what is made there the mode {mode}, whatever is asked for',
    fix: 'Name a directory on a disk that keeps owners and modes in POSTERN_DATA_DIR, or mount this one for its owner alone (dmask=077,fmask=177; dir_mode=0700,file_mode=0600).',
  },
  'data.readable-by-others': {
    code: 'configuration',
    message:
      'Other users can reach the {what} {path} (its mode is {mode}, its owner the user {owner}; postern runs as {user})',
    fix: 'Run: chmod {wanted} {word}{otherwise}',
  },
  'data.open-to-others': {
    code: 'configuration',
    message: 'Other users of this machine have rights in {path} ({users})',
    fix: 'Take them away: {command}',
  },
  'data.rights-unknown': {
    code: 'configuration',
    message: 'Who has rights in {path} cannot be found out or changed{reason}',
    fix: 'Name a directory on a disk with NTFS, of the user that runs postern, in POSTERN_DATA_DIR.',
  },
  'service.unknown-system': {
    code: 'configuration',
    message: 'No service can be made on this system ({platform})',
    fix: 'Have "postern serve" begun by what begins services there.',
  },
  'service.no-systemd': {
    code: 'configuration',
    message: 'This machine is not run by systemd',
    fix: 'Have "postern serve" begun by what begins services here; --print shows what systemd would be told.',
  },
  'service.of-package': {
    code: 'configuration',
    message: 'A package has installed postern as a service already ({path})',
    fix: 'Run: systemctl enable --now postern. To have the service made by this command, remove the package first.',
  },
  'service.program-hidden': {
    code: 'configuration',
    message: 'The service could not run {path}: homes and temporary folders are closed to it',
    fix: 'Put the program where every user can run it, such as /usr/local/bin or C:\\Program Files, and install the service from there.',
  },
  'service.as-root': {
    code: 'configuration',
    message: 'The service would run as root',
    fix: 'Install it by sudo from the account that it is to run as, or without sudo, to begin with each login of that account.',
  },
  'service.not-allowed': {
    code: 'configuration',
    message: 'This user may not do that: {what}',
    fix: 'Run it by sudo, or on Windows in a window that was opened as an administrator.',
  },
  'service.step-failed': {
    code: 'internal',
    message: '{command} failed{reason}',
    fix: 'What stands before it in --print is done; what comes after it is not.',
  },
  'service.not-stopped': {
    code: 'store-unavailable',
    message: 'postern has not ended after {seconds} seconds',
    fix: 'Wait for the messages that are under way, or end the process {pid}.',
  },
  'data.no-directory': {
    code: 'configuration',
    message: 'The data directory {path} is not a directory',
    fix: 'Move that file away, or name another directory in POSTERN_DATA_DIR.',
  },
  'data.unusable': {
    code: 'configuration',
    message: 'The {what} {path} cannot be used: {reason}',
    fix: 'Let the user that runs postern own the data directory, on a disk with space; or set POSTERN_DATA_DIR.',
  },
  'database.busy': {
    code: 'store-unavailable',
    message: 'The database is busy',
  },
  'database.read-only': {
    code: 'store-unavailable',
    message: 'The database cannot be written: its file or disk is read-only',
    fix: 'Look in the log of the system why it may only be read (after an error of the disk, for instance), and mount it writable again.',
  },
  'database.disk-fails': {
    code: 'store-unavailable',
    message: 'The disk under the database fails',
    fix: 'Look in the log of the system: the disk may have to be replaced.',
  },
  'database.damaged': {
    code: 'store-unavailable',
    message: 'The database is damaged',
  },
  'database.disk-full': {
    code: 'store-unavailable',
    message: 'The disk under the database is full',
    fix: 'Make room on the disk under POSTERN_DATA_DIR.',
  },
  'database.not-opened': {
    code: 'store-unavailable',
    message: 'The database file cannot be opened',
  },
  'database.query-refused': {
    code: 'store-unavailable',
    message: 'The database refused a query',
  },
  'database.row-incomplete': {
    code: 'internal',
    message: 'A row of {table} is to be written without all of its values',
  },
  'database.row-read-early': {
    code: 'internal',
    message: 'A row of {table} is to be read by a change to it, and not before',
  },
  'database.seal-broken': {
    code: 'store-unavailable',
    message: 'A sealed value in the database does not open ({table}, row {row})',
    fix: 'The database was changed by something else than postern, or its key was: restore both from a backup.',
  },
  'database.closed': {
    code: 'store-unavailable',
    message: 'The store is closed',
  },
  'database.unreadable': {
    code: 'configuration',
    message: 'The database {path} cannot be read',
    fix: 'Let the user that runs postern own that file and its directory, and let nothing else use it.',
  },
  'database.damaged-at-start': {
    code: 'configuration',
    message: 'The database {path} is damaged',
    fix: 'Put it back from a backup, or move it away and try: sqlite3 MOVED .recover | sqlite3 {path}',
  },
  'database.not-of-postern': {
    code: 'configuration',
    message: "The database {path} is not one of postern's",
    fix: 'Move that file away, or name another directory in POSTERN_DATA_DIR.',
  },
  'database.of-newer-postern': {
    code: 'configuration',
    message: 'The database {path} was written by a newer postern ({schemas})',
    fix: 'Run that version or a later one; or put back the backup that was made before the upgrade.',
  },
  'database.schema-incomplete': {
    code: 'configuration',
    message: 'The database lacks what this postern needs: {missing}',
    fix: 'Something else than postern has changed its tables: put it back from a backup.',
  },
  'database.server-unreachable': {
    code: 'store-unavailable',
    message: 'The database server {server} cannot be reached: {reason}',
    fix: 'Look whether PostgreSQL runs there and can be reached from here. A postern that runs goes on by itself as soon as it answers; a start that ended so has to be repeated, as a service manager does.',
  },
  'database.server-slow': {
    code: 'store-unavailable',
    message: 'The database server has not answered within {seconds} s',
    fix: 'Look at the load of the database server, and at the network on the way to it.',
  },
  'database.server-busy': {
    code: 'store-unavailable',
    message: 'The database server {server} is too busy to answer',
    fix: 'Look at the load of PostgreSQL, and whether it allows enough connections (max_connections).',
  },
  'database.server-full': {
    code: 'store-unavailable',
    message: 'The disk of the database server {server} is full',
    fix: 'Make room there.',
  },
  'database.server-read-only': {
    code: 'store-unavailable',
    message: 'The database server {server} can only be read: it is a standby, or was set so',
    fix: 'Name the primary server in POSTERN_DATABASE_URL, or let a standby take over.',
  },
  'database.server-refuses': {
    code: 'store-unavailable',
    message: 'The database server {server} refuses postern',
    fix: 'Look at the user, the password and the database in POSTERN_DATABASE_URL. The user has to own the schema or be allowed to create tables in it.',
  },
  'database.not-of-postern-there': {
    code: 'configuration',
    message: "The database in POSTERN_DATABASE_URL has tables that are not postern's",
    fix: 'Name a database of its own in POSTERN_DATABASE_URL.',
  },
  'database.no-room-for-copy': {
    code: 'store-unavailable',
    message: 'There is no room for a copy of the database in {directory}',
    fix: 'Make room there: {megabytes} MB are needed.',
  },
  'database.empty-where-used': {
    code: 'configuration',
    message: 'The store in {directory} is empty, though this directory was in use before',
    fix: 'Where it was put back from a copy: one of postern.sqlite alone lacks what stands in postern.sqlite-wal beside it. Stop postern, and put both back, or what "postern backup" wrote (postern restore FILE --replace).',
  },
  'copy.unfinished': {
    code: 'configuration',
    message: 'A copy of a store to {target} was not finished',
    fix: 'Run "postern store copy" again with --again, which empties what is there first. The store that it is a copy of is as it was.',
  },
  'copy.target-not-empty': {
    code: 'already-exists',
    message: 'There is something in {target} already',
    fix: 'Name a database without tables, or a data directory without a store: a copy never takes the place of anything.',
  },
  'copy.source-empty': {
    code: 'not-found',
    message: 'There is no store in {source}',
    fix: 'Name the place of the store with --from.',
  },
  'copy.source-older': {
    code: 'configuration',
    message: 'The store in {source} has the schema of an earlier postern',
    fix: 'Start this postern on it once, and stop it; then copy it.',
  },
  'copy.in-use': {
    code: 'store-unavailable',
    message: 'A postern uses the store in {place}: {processes}',
    fix: 'Stop it, and copy then: what it changes meanwhile would be missing.',
  },
  'copy.of-other-key': {
    code: 'configuration',
    message: 'The store is sealed with another key than the one that {target} would have: {ids}',
    fix: 'Give both the same key file or POSTERN_KEY.',
  },
  'copy.differs': {
    code: 'store-unavailable',
    message: 'The copy in {target} differs from the store that it was made of, in the table {table}',
    fix: 'Look whether something else writes there, and run this again with --again. The store that it is a copy of is as it was.',
  },
  'backup.on-postgres': {
    code: 'invalid',
    message: 'The store is in the database of POSTERN_DATABASE_URL, which its own tools back up',
    fix: 'Use pg_dump and pg_restore there, and keep the key file or POSTERN_KEY, the settings and the certificates apart from that.',
  },
  'backup.file-there': {
    code: 'already-exists',
    message: '{path} is there already',
    fix: 'Name a file that does not exist yet: a backup never takes the place of anything.',
  },
  'backup.file-unwritable': {
    code: 'invalid',
    message: '{path} cannot be written: {reason}',
    fix: 'Name a file in a folder that this user may write in, on a disk with space.',
  },
  'backup.not-one': {
    code: 'invalid',
    message: '{path} is no backup of postern',
    fix: 'Name a file that "postern backup" wrote.',
  },
  'backup.damaged': {
    code: 'invalid',
    message: 'The backup {path} is damaged: its content is not what was written',
    fix: 'Use another backup.',
  },
  'backup.store-there': {
    code: 'already-exists',
    message: 'The data directory {directory} holds a store already',
    fix: 'Give --replace, which moves it aside, or name another directory in POSTERN_DATA_DIR.',
  },
  'backup.key-missing': {
    code: 'configuration',
    message: 'The key of the backup is not here: there is no key file {file}',
    fix: 'Put your copy of the key file there, for its owner only, or set POSTERN_KEY_FILE.',
  },
  'backup.of-other-key': {
    code: 'configuration',
    message: 'The backup was sealed with another key than the one that is here: {ids}',
    fix: 'Use the key file or POSTERN_KEY of the time when the backup was made.',
  },
  'keyring.not-own': {
    code: 'configuration',
    message:
      'The key is given by the settings, or shared by several hosts, and there is no second one to take its place',
    fix: 'Put a new key (openssl rand -base64 32) as the last line of the key file on each host (or of what POSTERN_KEY_COMMAND prints) and restart; then move it to the first line, restart, and run this again.',
  },
  'keyring.under-way': {
    code: 'limit-reached',
    message: 'The key is being replaced already',
    fix: 'Wait until that has ended: "postern keyring list" shows how far it is.',
  },
  'key.of-shared-store-missing': {
    code: 'configuration',
    message: 'This host has no key for the store in POSTERN_DATABASE_URL: there is no key file {file}',
    fix: 'Copy the key file of the host that made the store, or set the same POSTERN_KEY on all hosts.',
  },
  'key.of-other-database': {
    code: 'configuration',
    message: 'The key does not fit this database',
    fix: 'Use the key file or POSTERN_KEY that this database was made with. To begin anew, move both away.',
  },
  'key.file-missing': {
    code: 'configuration',
    message: 'The key file {file} is missing, and the database needs it',
    fix: 'Put the key file back, or name it in POSTERN_KEY_FILE. To begin anew, move {database} away.',
  },
  'key.setting-no-key': {
    code: 'configuration',
    message: 'POSTERN_KEY is not a key',
    fix: 'Give 32 random octets as base64 or hexadecimal, for example from: openssl rand -base64 32',
  },
  'key.command-not-started': {
    code: 'configuration',
    message: 'The command in POSTERN_KEY_COMMAND cannot be started: there is no shell here',
    fix: 'Install /bin/sh, or give the key in a file that POSTERN_KEY_FILE names.',
  },
  'key.command-failed': {
    code: 'configuration',
    message: 'The command in POSTERN_KEY_COMMAND ended with {status}{complaint}',
    fix: "Run it as the user that runs postern, with that user's HOME and PATH and nothing else of the environment: whatever it needs beside has to be in a file or in the command itself.",
  },
  'key.command-ended': {
    code: 'configuration',
    message:
      'The command in POSTERN_KEY_COMMAND was ended by {signal}, at the latest after {seconds} seconds{complaint}',
    fix: 'Look whether what it asks can be reached from here, and run it as the user that runs postern: it must not wait for input.',
  },
  'key.command-no-key': {
    code: 'configuration',
    message: 'What the command in POSTERN_KEY_COMMAND prints is not a key{complaint}',
    fix: 'It has to print 32 random octets as base64 or hexadecimal, for a ring one key a line, the writing one first, and nothing else: no label, no quotes, no JSON.',
  },
  'key.file-damaged': {
    code: 'configuration',
    message: 'The key file {file} is damaged: it holds something that is not a key',
    fix: 'Put the file back from your own copy. Without one, every mailbox needs a new consent.',
  },
  'key.no-owner-key': {
    code: 'configuration',
    message: 'There is no owner key in the data directory {directory}',
    fix: 'Start postern once, or name its data directory in POSTERN_DATA_DIR.',
  },
  'key.owner-key-damaged': {
    code: 'configuration',
    message: 'The owner key {file} is damaged',
    fix: 'Delete that file and restart postern: it makes a new one.',
  },
  'certificate.pair-unusable': {
    code: 'configuration',
    message: '{mistake}',
    fix: '{remedy}',
  },
  'certificate.name-out-of-scope': {
    code: 'invalid',
    message: 'The authority in {file} was made for {names}, and cannot issue for {name}',
    fix: 'Make a new authority for all of the names with --replace-ca, and tell every device of it.',
  },
  'certificate.foreign-file': {
    code: 'already-exists',
    message: '{path} is there already, and no authority of postern beside it',
    fix: 'Move it away, or name another folder with --dir.',
  },
  'certificate.of-other-authority': {
    code: 'already-exists',
    message: '{path} is there already, and the authority in {file} did not issue it',
    fix: 'Move it away, or name another folder with --dir.',
  },
  'certificate.authority-unusable': {
    code: 'configuration',
    message: '{mistake}',
    fix: 'Put the files back, or make a new authority with --replace-ca and tell every device of it.',
  },
  'certificate.interfaces-hidden': {
    code: 'configuration',
    message: 'The system does not let postern see the addresses of this machine ({reason})',
    fix: 'Run "postern tls make" outside of the service; or add AF_NETLINK to RestrictAddressFamilies= of its unit.',
  },
  'certificate.no-name': {
    code: 'invalid',
    message: '"{text}" is neither a host name nor an address',
    fix: 'Name it as the device does: mail.example.com, or 192.0.2.10.',
  },
  'certificate.authority-key-missing': {
    code: 'configuration',
    message: 'The key of the authority in {file} is not here, so nothing can be issued by it',
    fix: 'Put your own copy of it back as {keyFile}. If there is none (--forget-ca-key), make a new authority with --replace-ca, and tell every device of it.',
  },
  'certificate.path-unusable': {
    code: 'configuration',
    message: '{path} cannot be used: {reason}',
    fix: 'Run this as the user that postern runs as, or name another folder with --dir.',
  },
  'listen.smtp-in-use': {
    code: 'configuration',
    message: 'The SMTP server cannot listen on {address}: another program does already',
    fix: 'Stop the other program, or set {setting} to another address or port.',
  },
  'listen.smtp-failed': {
    code: 'configuration',
    message: 'The SMTP server cannot listen on {address}: {reason}',
    fix: 'Set {setting} to an address of this machine and a port above 1023.',
  },
  'listen.set-elsewhere': {
    code: 'configuration',
    message: '{setting} says where programs hand in mail, so that nothing else can be set on the pages',
    fix: 'Change {setting} where it is set, and restart.',
  },
  'listen.smtp-no-such-address': {
    code: 'configuration',
    message: 'The SMTP server cannot listen on {address}: this machine has no such address, or not yet',
    fix: 'Set {setting} to an address of this machine; or start postern when the network is up.',
  },
  'listen.handed-for-what': {
    code: 'configuration',
    message:
      'Socket {number} of those that the service manager hands over is called "{name}", which says nothing of its use',
    fix: 'Name each in its .socket unit with FileDescriptorName=, by one of {names}; or give at most four without such names: SMTP, web, submissions, metrics.',
  },
  'listen.handed-no-tcp': {
    code: 'configuration',
    message:
      'Socket {number} of those that the service manager hands over is none that takes TCP connections',
    fix: 'Set ListenStream= to an address and a port in its .socket unit, and Accept=no.',
  },
  'listen.handed-to-workers': {
    code: 'configuration',
    message:
      'systemd hands over sockets, and POSTERN_WORKERS is more than 1: processes share what postern opens itself',
    fix: 'Set POSTERN_WORKERS=1, or disable postern-smtp.socket and postern-web.socket.',
  },
  'listen.handed-unencrypted': {
    code: 'configuration',
    message:
      'The service manager hands over a socket at {address}, which other machines can reach, and passwords or tokens would cross the network unencrypted',
    fix: 'Give a certificate in POSTERN_TLS_CERT_FILE (for the pages an https address in POSTERN_PUBLIC_URL), let the socket listen on 127.0.0.1 or [::1], or accept that by this address in {remedy}.',
  },
  'listen.handed-without-certificate': {
    code: 'configuration',
    message:
      'The service manager hands over a socket at {address} for TLS from the first octet, and there is no certificate',
    fix: 'Set POSTERN_TLS_CERT_FILE and POSTERN_TLS_KEY_FILE ("postern tls make" makes both files).',
  },
  'listen.web-in-use': {
    code: 'configuration',
    message: '{server} cannot listen on {address}: another program does',
    fix: 'Stop the program that listens on port {port} (perhaps another postern), or set {setting} to another address.',
  },
  'listen.web-forbidden': {
    code: 'configuration',
    message: '{server} may not listen on {address}: the system forbids it',
    fix: 'Choose a port above 1023: set {setting} to another address.',
  },
  'listen.web-no-such-address': {
    code: 'configuration',
    message: '{server} cannot listen on {address}: this machine has no such address',
    fix: 'Use an address of this machine: set {setting} to another address.',
  },
  'listen.web-failed': {
    code: 'configuration',
    message: '{server} cannot listen on {address}',
    fix: "Look at the log for the system's reason, or set {setting} to another address.",
  },
} as const satisfies FailureEntries
