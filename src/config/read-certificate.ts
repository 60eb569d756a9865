import { readCertificatePair, validityWarning } from '../tls/certificate-pair.ts'
import type { Files } from './files.ts'
import { readText } from './read-text.ts'
import { settings, type Values } from './settings.ts'

/** What is wrong with the certificate and key that the settings name, and what should be known of them: one sentence each. */
export interface CertificateJudgement {
  mistakes: readonly string[]
  warnings: readonly string[]
}

/** `now` in milliseconds since 1970. */
export function judgeCertificate(
  { tlsCertFile, tlsKeyFile }: Partial<Values>,
  files: Files,
  now: number,
): CertificateJudgement {
  if (tlsCertFile === undefined || tlsKeyFile === undefined) return { mistakes: [], warnings: [] }
  const said = {
    cert: `${settings.tlsCertFile.name} (${tlsCertFile})`,
    key: `${settings.tlsKeyFile.name} (${tlsKeyFile})`,
  }
  const [cert, key] = [readText(tlsCertFile, files), readText(tlsKeyFile, files)]
  if ('why' in cert || 'why' in key) {
    const mistakes = []
    if ('why' in cert) mistakes.push(`${said.cert} cannot be read: ${cert.why}.`)
    if ('why' in key) mistakes.push(`${said.key} cannot be read: ${key.why}.`)
    return { mistakes, warnings: [] }
  }
  const reading = readCertificatePair(cert.text, key.text)
  if ('mistakes' in reading) {
    return { mistakes: reading.mistakes.map(({ of, must }) => `${said[of]} ${must}.`), warnings: [] }
  }
  const warning = validityWarning(reading.pair, now)
  return { mistakes: [], warnings: warning === undefined ? [] : [`${said.cert} ${warning}.`] }
}
