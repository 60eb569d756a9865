import { basename } from 'node:path'
import { shellWord } from '../base/shell-word.ts'
import type { MadeCertificates } from '../tls/make-certificates.ts'

export const tlsMakeHelp = `
Running it again renews the certificate; the authority stays, and so does every client's trust in it.
This machine's own names and addresses are always in it. Further ones stay until --name is given: then those that
are given take the place of all that were there before.

Examples:
  postern tls make
  postern tls make --name mail.example.com --name 192.0.2.10`

/** What was made, what to put into the settings, and how each kind of client is told to trust it. */
export function describeMadeCertificates(made: MadeCertificates): string {
  const { names, droppedNames, validTo, caValidTo, caMade, caFile, certFile, keyFile } = made
  const settings = `For .env, or the environment:
  POSTERN_TLS_CERT_FILE=${shellWord(certFile)}
  POSTERN_TLS_KEY_FILE=${shellWord(keyFile)}
A running postern that has them already takes the new certificate by itself.
`
  const authority = caMade ? 'a new authority' : 'the authority that was there'
  const dropped = droppedNames.length === 0 ? '' : `It is no longer for ${droppedNames.join(', ')}.\n`
  return `Made a certificate, good until ${validTo}, and issued by ${authority} (good until ${caValidTo}).
It is for ${names.join(', ')}.
${dropped}
${settings}
${caMade ? trust(made) : `Clients that trust ${caFile} go on as before.\n`}`
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
