import type { Sentence } from '../../base/failure.ts'
import { Secret } from '../../base/secret.ts'
import { text } from '../../failures/texts.ts'
import { parseProxy } from '../../net/http-fetch.ts'
import type {
  ClientCertificate,
  ClientSecret,
  CustomProvider,
  ProxyChoice,
  ServiceAccount,
} from '../settings.ts'
import {
  type ReadText,
  readClientCertificate,
  readCredential,
  readMicrosoftSecret,
  readServiceAccount,
  readTenant,
} from './credentials.ts'
import type { OverrideEntry, ProviderEntry } from './providers-file-schema.ts'

/** How an entry reads its files, and reports a mistake at a place within the entry. */
export interface EntrySources {
  read(path: string): string
  report(place: string, mistake: Sentence): void
}

/**
 * Resolves a parsed entry of the providers file: reads the files that it names, and checks its
 * credentials.
 */
export function resolveEntry(entry: ProviderEntry, sources: EntrySources): CustomProvider {
  // These fields are replaced by the contents of their files below.
  const { clientSecret: _s, clientSecretFile: _f, clientSecrets: _l, ...others } = entry
  const { certificateFile, certificateKeyFile, serviceAccountFile, proxy, ...rest } = others
  const certificate =
    certificateFile !== undefined && certificateKeyFile !== undefined
      ? certificateIn(certificateFile, certificateKeyFile, sources)
      : undefined
  const serviceAccount =
    serviceAccountFile === undefined ? undefined : serviceAccountIn(serviceAccountFile, sources)
  if (rest.clientId !== undefined) checked('clientId', readCredential(rest.clientId), sources)
  if (rest.tenant !== undefined) checked('tenant', readTenant(rest.tenant), sources)
  return withoutUndefined({
    ...rest,
    clientId: rest.clientId ?? serviceAccount?.clientId ?? '',
    limits: rest.limits && withoutUndefined(rest.limits),
    clientSecrets: secretsIn(entry, sources),
    certificate,
    serviceAccount,
    proxy: proxyIn(proxy, sources),
  })
}

export function resolveOverride({ limits, proxy, ...rest }: OverrideEntry, sources: EntrySources) {
  return withoutUndefined({
    ...rest,
    limits: limits && withoutUndefined(limits),
    proxy: proxyIn(proxy, sources),
  })
}

function secretsIn(entry: ProviderEntry, sources: EntrySources): ClientSecret[] {
  const { clientSecret, clientSecretFile, clientSecrets = [], preset } = entry
  const isMicrosoft = preset?.startsWith('microsoft') || preset === 'outlook'
  const readSecret = isMicrosoft ? readMicrosoftSecret : readCredential
  const listed = clientSecrets.map((one, index) => ({ ...one, place: `clientSecrets[${index}]` }))
  const single = { value: clientSecret, file: undefined, expires: undefined, place: '' }
  const inFile = { ...single, value: undefined, file: clientSecretFile }
  return [single, inFile, ...listed].flatMap(({ value, file, expires, place }): ClientSecret[] => {
    const at = placeOf(place, file !== undefined)
    const secret = file === undefined ? value : lineIn(file, at, sources)
    if (secret === undefined) return []
    const read = readSecret(secret)
    if ('mistake' in read) sources.report(at, read.mistake)
    return [{ value: new Secret(secret), ...(expires !== undefined && { expiresAt: Date.parse(expires) }) }]
  })
}

function checked(place: string, read: ReadText, { report }: EntrySources): void {
  if ('mistake' in read) report(place, read.mistake)
}

/** The place of a single secret, or of one in the list. */
function placeOf(listed: string, isFile: boolean): string {
  if (listed === '') return isFile ? 'clientSecretFile' : 'clientSecret'
  return `${listed}.${isFile ? 'file' : 'value'}`
}

function certificateIn(
  certificateFile: string,
  keyFile: string,
  sources: EntrySources,
): ClientCertificate | undefined {
  const cert = textIn(certificateFile, 'certificateFile', sources)
  const key = textIn(keyFile, 'certificateKeyFile', sources)
  if (cert === undefined || key === undefined) return undefined
  const reading = readClientCertificate(cert, key)
  if ('certificate' in reading) return reading.certificate
  sources.report(reading.of === 'cert' ? 'certificateFile' : 'certificateKeyFile', reading.mistake)
  return undefined
}

function serviceAccountIn(file: string, sources: EntrySources): ServiceAccount | undefined {
  const contents = textIn(file, 'serviceAccountFile', sources)
  if (contents === undefined) return undefined
  const reading = readServiceAccount(contents)
  if ('account' in reading) return reading.account
  sources.report('serviceAccountFile', reading.mistake)
  return undefined
}

function proxyIn(proxy: string | undefined, sources: EntrySources): ProxyChoice | undefined {
  if (proxy === undefined || proxy === 'direct') return proxy
  const reading = parseProxy(proxy)
  if ('value' in reading) return reading.value
  sources.report('proxy', text(reading.isReadable ? 'mistake.proxy-percent' : 'mistake.proxy'))
  return undefined
}

/** The line end that editors and `echo` append is not part of the secret. */
function lineIn(path: string, place: string, sources: EntrySources): string | undefined {
  return textIn(path, place, sources)?.replace(/\r?\n$/, '')
}

function textIn(file: string, place: string, { read, report }: EntrySources): string | undefined {
  try {
    const contents = read(file)
    if (contents.trim() !== '') return contents
    report(place, text('mistake.file-empty', { file }))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
    report(
      place,
      code === undefined
        ? text('mistake.file-unreadable', { file })
        : text('mistake.file-unreadable-because', { file, code }),
    )
  }
  return undefined
}

/** Makes only the optional keys absent; required keys stay. */
type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** zod sets missing optional keys to `undefined`; our types have them absent. */
function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Defined<T>
}
