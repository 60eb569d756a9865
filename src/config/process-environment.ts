import { resolve } from 'node:path'
import { certificatesIn } from '../tls/certificate-pair.ts'
import type { Files } from './files.ts'
import { readText } from './read-text.ts'
import type { Environment } from './read-values.ts'
import { settings, type Values } from './settings.ts'

/**
 * What the environment tells Node itself, or other programs, and what becomes of it here: one sentence each.
 * @param foreign what `.env` tells them
 */
export function warnOfProcess(
  environment: Environment,
  foreign: Environment,
  { proxy }: Pick<Values, 'proxy'>,
): string[] {
  const warnings: string[] = []
  if (environment.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    warnings.push(
      `NODE_TLS_REJECT_UNAUTHORIZED=0 stands in the environment: postern verifies every certificate all the same. Remove it, and give a private authority in ${settings.extraCaFile.name}.`,
    )
  const isSet = (place: Environment) => (name: string) => (place[name] ?? '') !== ''
  const unread = proxyVariables.find(isSet({ ...foreign, ...environment }))
  // Its value may hold a password.
  if (unread !== undefined && !proxy)
    warnings.push(
      `${unread} stands in ${isSet(environment)(unread) ? 'the environment' : '.env'}, and postern does not read it: it goes to the providers directly. If they are reached by that proxy only, name it in ${settings.proxy.name}.`,
    )
  return warnings
}

const proxyVariables = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'HTTP_PROXY', 'http_proxy']

/**
 * The authorities that the environment gives Node, which trusts them where nobody names others. postern names others, so it reads them, too; like Node it starts without
 * those that it cannot read.
 */
export function readNodeAuthorities(
  { NODE_EXTRA_CA_CERTS: path = '' }: Environment,
  files: Files,
): { pem?: string; warnings: string[] } {
  if (path === '') return { warnings: [] }
  const text = readText(resolve(files.workingDirectory, path), files)
  if ('why' in text) return { warnings: [`NODE_EXTRA_CA_CERTS (${path}) cannot be read: ${text.why}.`] }
  const found = certificatesIn(text.text)
  if (found.length === 0) return { warnings: [`NODE_EXTRA_CA_CERTS (${path}) holds no certificate.`] }
  return { pem: text.text, warnings: [] }
}
