import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where Debian's Exim is unpacked: it cannot be installed where Postfix is. */
export const eximRoot = '/opt/postern-peers/exim'

/** The programs that some tests need beside Node.js, the Debian package of each, and how to see that it is there. */
const peers = {
  'Action Mailer': {
    package: 'ruby-actionmailer',
    isThere: () => runs('ruby', ['-e', 'require "action_mailer"']),
  },
  alertmanager: { package: 'prometheus-alertmanager', isThere: () => onPath('prometheus-alertmanager') },
  bash: { package: 'bash', isThere: () => onPath('bash') },
  'bsd-mailx': { package: 'bsd-mailx', isThere: () => onPath('bsd-mailx') },
  caddy: { package: 'caddy', isThere: () => onPath('caddy') },
  chromium: { package: 'chromium', isThere: () => onPath('chromium') },
  containers: {
    package: 'buildah podman runc catatonit iproute2',
    isThere: () => ['buildah', 'podman', 'runc', 'ip'].every(onPath) && isRoot() && canLayerFiles(),
  },
  curl: { package: 'curl', isThere: () => onPath('curl') },
  'Debian packages': {
    package: 'dpkg systemd systemd-container util-linux',
    isThere: () => onPath('dpkg-deb') && onPath('systemd-nspawn') && isRoot() && canLayerFiles(),
  },
  dovecot: { package: 'dovecot-core dovecot-submissiond', isThere: () => onPath('dovecot') && isRoot() },
  'git send-email': {
    package: 'git-email libio-socket-ssl-perl libnet-smtp-ssl-perl libauthen-sasl-perl libdigest-hmac-perl',
    isThere: hasGitSendEmail,
  },
  exim: {
    package: `libgnutls-dane0 libidn12 libnsl2; apt-get download exim4-base exim4-config exim4-daemon-light; dpkg-deb -x each of them to ${eximRoot}`,
    isThere: () => existsSync(join(eximRoot, 'usr/sbin/exim4')) && isRoot(),
  },
  fish: { package: 'fish', isThere: () => onPath('fish') },
  'Go and sprig': {
    package: 'golang-go golang-github-masterminds-sprig-dev golang-github-ghodss-yaml-dev',
    isThere: () => onPath('go') && existsSync('/usr/share/gocode/src/github.com/Masterminds/sprig'),
  },
  gpg: { package: 'gnupg', isThere: () => onPath('gpg') },
  haproxy: { package: 'haproxy', isThere: () => onPath('haproxy') },
  'Jakarta Mail': {
    package: 'openjdk-17-jdk-headless libjakarta-mail-java',
    isThere: () => onPath('javac') && jakartaMail.every((file) => existsSync(file)),
  },
  Mono: { package: 'mono-mcs libmono-system4.0-cil', isThere: () => onPath('mcs') && onPath('mono') },
  msmtp: { package: 'msmtp', isThere: () => onPath('msmtp') },
  mutt: { package: 'mutt', isThere: () => onPath('mutt') },
  neomutt: { package: 'neomutt', isThere: () => onPath('neomutt') },
  openssl: { package: 'openssl', isThere: () => onPath('openssl') },
  PHPMailer: { package: 'php-cli libphp-phpmailer', isThere: () => onPath('php') && existsSync(phpMailer) },
  postfix: { package: 'postfix libsasl2-modules', isThere: () => onPath('postfix') && isRoot() },
  promtool: { package: 'prometheus', isThere: () => onPath('promtool') },
  'Python cryptography': {
    package: 'python3-cryptography',
    isThere: () => runs('python3', ['-c', 'import cryptography']),
  },
  python3: { package: 'python3', isThere: () => onPath('python3') },
  rpm: { package: 'rpm', isThere: () => onPath('rpmbuild') },
  's-nail': { package: 's-nail', isThere: () => onPath('s-nail') },
  'Symfony Mailer': {
    package: 'php-cli php-symfony-mailer',
    isThere: () => onPath('php') && existsSync('/usr/share/php/Symfony/Component/Mailer/autoload.php'),
  },
  systemd: {
    package: 'systemd',
    isThere: () => onPath('systemd-notify') && onPath('systemd-socket-activate'),
  },
  swaks: { package: 'swaks libnet-ssleay-perl', isThere: () => onPath('swaks') },
  zsh: { package: 'zsh', isThere: () => onPath('zsh') },
}

export type Peer = keyof typeof peers

export const jakartaMail = ['jakarta-mail', 'jakarta-activation'].map((name) => `/usr/share/java/${name}.jar`)

export const phpMailer = '/usr/share/php/libphp-phpmailer/autoload.php'

/**
 * Whether a test that needs these programs can run here; if not, the reason is printed. For `describe.runIf`.
 * @throws under CI=true, where nothing may be skipped
 */
export function peer(...names: Peer[]): boolean {
  const missing = names.filter((name) => !peers[name].isThere())
  if (missing.length === 0) return true
  const packages = missing.map((name) => peers[name].package).join(' ')
  const reason = `${missing.join(' and ')} cannot be used here (as root: apt-get install ${packages})`
  if (process.env.CI === 'true') throw new Error(reason)
  console.log(`skipped: ${reason}`)
  return false
}

/** Debian keeps servers in /usr/sbin, which is not on everybody's path. */
export const searchPath = [process.env.PATH, '/usr/sbin', '/sbin'].join(delimiter)

function onPath(program: string): boolean {
  return searchPath.split(delimiter).some((folder) => existsSync(join(folder, program)))
}

function runs(program: string, words: readonly string[]): boolean {
  return spawnSync(program, words, { env: { PATH: searchPath }, stdio: 'ignore' }).status === 0
}

/** Dovecot and Postfix start as root and give that up by themselves. */
function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** Whether changes can be kept beside the files of this machine, as `booted-linux.ts` does. */
function canLayerFiles(): boolean {
  const layers = 'mkdir u w r; mount -t overlay none -o lowerdir=/etc,upperdir=u,workdir=w r'
  return runs('unshare', ['--mount', 'sh', '-ec', `mount -t tmpfs none /mnt; cd /mnt; ${layers}`])
}

function hasGitSendEmail(): boolean {
  if (!onPath('git')) return false
  return existsSync(join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-send-email'))
}
