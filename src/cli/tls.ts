import { basename, dirname, join, resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { systemClock } from '../base/clock.ts'
import { shellWord } from '../base/text.ts'
import { becomeOwnerOf, prepareDataDir } from '../store/data-dir.ts'
import { type MadeCertificates, makeCertificates } from '../tls/make-certificates.ts'
import type { Context } from './context.ts'
import { collect } from './terminal.ts'

interface MakeOptions {
  name: string[]
  dir?: string
  days: number
  replaceCa?: boolean
  forgetCaKey?: boolean
}

/** `postern tls make` */
export function addTlsVerbs(program: Command, context: Context): void {
  program
    .command('tls')
    .description('certificates for applications and devices')
    .command('make')
    .description('make a certificate, and a local authority that clients are told to trust')
    .option(
      '--name <host>',
      'a further name or address that clients use for this machine (repeatable; default: those of the certificate before)',
      collect,
      [],
    )
    .option('--dir <folder>', 'where the files stand (default: tls in the data directory)')
    // Apple's systems refuse a server certificate that is good for longer.
    .option('--days <number>', 'how long the certificate is good', wholeDays, 825)
    .option('--replace-ca', 'make a new authority, too: every client has to be told of it')
    .option('--forget-ca-key', "delete the authority's key afterwards: nobody can issue by it again")
    .addHelpText('after', tlsMakeHelp)
    .action(async (options: MakeOptions, command: Command) => {
      const { name: names, dir, days, replaceCa: replaceAuthority = false } = options
      const { forgetCaKey: forgetAuthorityKey = false } = options
      const folder = dir === undefined ? await inDataDir(context) : resolve(dir)
      const which = { names, days, replaceAuthority, forgetAuthorityKey }
      // Below the data directory, or wherever the folder is: it is for the service that owns it.
      const endAsOwner = await becomeOwnerOf(dir === undefined ? dirname(folder) : folder)
      const made = await makeCertificates({ folder, ...which, clock: systemClock }).finally(endAsOwner)
      context.tell(command, made, describeMadeCertificates(made))
    })
}

async function inDataDir(context: Context): Promise<string> {
  const dataDir = await context.dataDir()
  const endAsOwner = await becomeOwnerOf(dataDir)
  await prepareDataDir(dataDir).finally(endAsOwner)
  return join(dataDir, 'tls')
}

function wholeDays(text: string): number {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (days < 1 || days > 3650) throw new InvalidArgumentError('Give a whole number from 1 to 3650.')
  return days
}

const tlsMakeHelp = `
Running it again renews the certificate; the authority stays, and so does every client's trust in it.
This machine's own names and addresses are always in it. Further ones stay until --name is given: then those that
are given take the place of all that were there before.

The authority can issue for the names that it was made for, for names below them, and for nothing else. Whoever gets
its key (ca-key.pem) can do the same: keep it somewhere else, and put it back to renew the certificate; or have it
deleted by --forget-ca-key, and make a new authority (--replace-ca) when the certificate ends.

Examples:
  postern tls make
  postern tls make --name mail.example.com --name 192.0.2.10
  postern tls make --forget-ca-key`

/** Where other machines reach it, too: a certificate alone opens no port to them. */
const everywhere = 'POSTERN_SMTP_LISTEN=0.0.0.0:2587'

/**
 * What was made, what to put into the settings, and how each kind of client is told to trust it.
 */
function describeMadeCertificates(made: MadeCertificates): string {
  const { names, droppedNames, validTo, caValidTo, caMade, caFile, certFile, keyFile } = made
  const settings = `For .env, or the environment:
  POSTERN_TLS_CERT_FILE=${shellWord(certFile)}
  POSTERN_TLS_KEY_FILE=${shellWord(keyFile)}
  ${everywhere}
The last line takes mail on every IPv4 address of this machine; name one of its addresses instead for that alone.
A running postern that has these settings already takes the new certificate by itself.
`
  const authority = caMade ? 'a new authority' : 'the authority that was there'
  const dropped = droppedNames.length === 0 ? '' : `It is no longer for ${droppedNames.join(', ')}.\n`
  return `Made a certificate, good until ${validTo}, and issued by ${authority} (good until ${caValidTo}).
It is for ${names.join(', ')}.
${dropped}${leftOut(made)}
${settings}
${authorityKey(made)}
${caMade ? trust(made) : `Clients that trust ${caFile} go on as before.\n`}`
}

function leftOut({ leftOutNames, caFile }: MadeCertificates): string {
  if (leftOutNames.length === 0) return ''
  return `It is not for ${leftOutNames.join(', ')}: the authority in ${caFile} was not made for that (--replace-ca makes a new one).\n`
}

function authorityKey({ caScope, caKeyFile, validTo }: MadeCertificates): string {
  const scope =
    caScope === undefined
      ? 'The authority can issue for any name: an earlier postern made it. One that cannot: --replace-ca.\n'
      : `The authority can issue for ${caScope.join(', ')} and what is below, and for nothing else.\n`
  if (caKeyFile === undefined)
    return `${scope}Its key is gone: before ${validTo} make a new authority (--replace-ca), and tell every device of it.\n`
  return `${scope}Its key is ${caKeyFile}: keep it where nobody gets it, or have it deleted (--forget-ca-key).\n`
}

/** One paragraph for each kind of client that people own. */
function trust({ caFile, caDerFile }: MadeCertificates): string {
  const [pem, der] = [shellWord(caFile), shellWord(caDerFile)]
  const name = 'postern-local-ca'
  const ways: readonly (readonly [string, string])[] = [
    [
      'Debian, Ubuntu',
      `sudo install -m 644 ${pem} /usr/local/share/ca-certificates/${name}.crt && sudo update-ca-certificates`,
    ],
    [
      'RHEL, Fedora',
      `sudo install -m 644 ${pem} /etc/pki/ca-trust/source/anchors/${name}.pem && sudo update-ca-trust`,
    ],
    ['Windows', `certutil -addstore -f Root ${basename(caDerFile)}   (as administrator)`],
    [
      'macOS',
      `sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${basename(caFile)}`,
    ],
    ['Java', `keytool -importcert -cacerts -noprompt -alias ${name} -file ${pem}`],
    ['curl', `curl --cacert ${pem} --ssl-reqd smtp://HOST:2587 ...`],
    ['msmtp', `tls_trust_file ${caFile}`],
    ['Postfix', `smtp_tls_CAfile = ${caFile}   with smtp_tls_security_level = secure`],
    [
      'PHP',
      `openssl.cafile=${caFile} in php.ini; PHPMailer: SMTPOptions ['ssl' => ['cafile' => '${caFile}']]`,
    ],
    ['Python', `ssl.create_default_context(cafile='${caFile}')`],
    [
      'a printer',
      `import ${der}, or ${pem} where it wants PEM, as a "CA certificate" or "root certificate" on its web page`,
    ],
  ]
  const lines = ways.map(([who, how]) => `  ${who.padEnd(15)} ${how}`)
  return `Clients have to trust the authority, once. Copy ${caFile} to them, never a file with "key" in its name:
${lines.join('\n')}
`
}
