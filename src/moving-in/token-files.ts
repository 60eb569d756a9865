import { basename } from 'node:path'
import { z } from 'zod'
import { Secret } from '../base/secret.ts'
import { printable } from '../base/text.ts'
import { type Found, type FoundClient, type Helps, nothing, placeAt, type SourceFile } from './found.ts'
import { readJson, readYaml } from './structured.ts'

const text = z.string().max(16_384)
const optional = text.optional()

/** As sasl-xoauth2 takes it for yes, or as JSON has it. */
const flag = z
  .union([z.boolean(), text])
  .optional()
  .transform((value) => value === true || value === 'yes' || value === 'true' || value === '1')

const saslFile = z.object({
  client_id: optional,
  client_secret: optional,
  token_endpoint: optional,
  proxy: optional,
  user: optional,
  scope: optional,
  refresh_token: optional,
  access_token: optional,
  expiry: z.union([text, z.number()]).optional(),
  manage_token_externally: flag,
  use_client_credentials: flag,
})

const googleEndpoint = 'https://oauth2.googleapis.com/token'

/** Token files of sasl-xoauth2, and its `/etc/sasl-xoauth2.conf`, whose client counts for those that name none. */
export function readSaslFiles(files: readonly SourceFile[], helps: Helps): Found {
  const found = nothing()
  const read = files.map((file) => ({ file, ...readJson(file, saslFile) }))
  const isToken = ({ value }: (typeof read)[number]) =>
    value.refresh_token !== undefined || value.access_token !== undefined || value.use_client_credentials
  const general = read.find((one) => !isToken(one))
  for (const { file, value, lineOf } of read) {
    const { client_id: clientId, client_secret: secret, token_endpoint: endpoint, proxy, scope } = value
    if (clientId === undefined) continue
    const client: FoundClient = {
      name: `sasl-xoauth2 ${file.path}`,
      clientId,
      // What the token file leaves out counts as the general file has it, and there as the program does.
      tokenEndpoint: endpoint ?? general?.value.token_endpoint ?? googleEndpoint,
      ...(secret && { clientSecret: new Secret(secret) }),
      ...(scope && { scopes: scope.split(' ') }),
      ...(proxy && { proxy }),
      from: placeAt(file, lineOf(['client_id'])),
    }
    found.clients.push(client)
  }
  for (const one of read.filter(isToken)) {
    const { file, value } = one
    const from = placeAt(file)
    const address = helps.address ?? addressIn(file.path)
    if (address === undefined) {
      found.leftOut.push({
        what: `the tokens in ${printable(file.path)}`,
        why: 'neither the file nor its name says whose they are: name the mailbox with --address',
        from,
      })
      continue
    }
    if (value.manage_token_externally) {
      found.leftOut.push({
        what: `the tokens of ${address}`,
        why: 'another program keeps them (manage_token_externally): move in from that one',
        from,
      })
      continue
    }
    const isAppOnly = value.use_client_credentials
    const refreshToken = value.refresh_token
    if (!isAppOnly && !refreshToken) {
      found.leftOut.push({ what: `the mailbox ${address}`, why: 'its file has no refresh token', from })
      continue
    }
    const named = value.client_id === undefined ? general?.file : file
    found.mailboxes.push({
      address,
      ...(named && { client: `sasl-xoauth2 ${named.path}` }),
      ...(value.user && value.user !== address && { saslUser: value.user }),
      ...(isAppOnly ? { appOnly: true } : { refreshToken: new Secret(refreshToken ?? '') }),
      from,
    })
  }
  return found
}

/** Postfix names a token file after the address. */
function addressIn(path: string): string | undefined {
  const name = basename(path).replace(/\.(?:json|token|oama|oauth|auth)$/, '')
  return /^[^@\s]+@[^@\s]+$/.test(name) ? name : undefined
}

const muttFile = z.object({
  registration: text,
  authflow: optional,
  email: text,
  client_id: text.min(1),
  client_secret: optional,
  tenant: optional,
  refresh_token: optional,
})

/** The endpoints that `mutt_oauth2.py` has for its registrations. */
const services: Readonly<Record<string, (tenant?: string) => string>> = {
  google: () => googleEndpoint,
  microsoft: (tenant = 'common') =>
    `https://login.microsoftonline.com/${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
}

/** Token files of `mutt_oauth2.py`, each with its client. */
export function readMuttFiles(files: readonly SourceFile[]): Found {
  const found = nothing()
  for (const file of files) {
    const { value, lineOf } = readJson(file, muttFile)
    const from = placeAt(file, lineOf(['email']))
    const endpoint = services[value.registration]
    if (!endpoint) {
      const why = `what its registration ${printable(value.registration)} is only the script says`
      found.leftOut.push({ what: `the mailbox ${printable(value.email)}`, why, from })
      continue
    }
    const name = `mutt-oauth2 ${file.path}`
    found.clients.push({
      name,
      clientId: value.client_id,
      tokenEndpoint: endpoint(value.tenant),
      ...(value.client_secret && { clientSecret: new Secret(value.client_secret) }),
      from: placeAt(file, lineOf(['client_id'])),
    })
    if (!value.refresh_token) {
      const why = 'its file has no refresh token: the script was never run with --authorize'
      found.leftOut.push({ what: `the mailbox ${printable(value.email)}`, why, from })
      continue
    }
    found.mailboxes.push({
      address: value.email,
      client: name,
      refreshToken: new Secret(value.refresh_token),
      from,
    })
  }
  return found
}

const oamaToken = z.object({
  email: optional.nullable(),
  service: optional.nullable(),
  refresh_token: optional.nullable(),
})

const oamaSettings = z.object({
  services: z.record(
    z.string().max(100),
    z.object({
      client_id: optional,
      client_id_cmd: optional,
      client_secret: optional,
      client_secret_cmd: optional,
      auth_endpoint: optional,
      token_endpoint: optional,
      auth_scope: optional,
      tenant: optional,
    }),
  ),
})

/** Tokens of oama, each opened, and its `config.yaml` with the clients of its services. */
export function readOamaFiles(files: readonly SourceFile[], helps: Helps): Found {
  const found = nothing()
  const isToken = (file: SourceFile) => /^\s*\{/.test(file.text)
  for (const file of files.filter((one) => !isToken(one))) readOamaSettings(file, found)
  for (const file of files.filter(isToken)) {
    const { value } = readJson(file, oamaToken)
    const from = placeAt(file)
    const address = value.email ?? helps.address ?? addressIn(file.path)
    if (address === undefined || !value.refresh_token) {
      const why =
        address === undefined
          ? 'it does not say whose they are: name the mailbox with --address'
          : 'it has no refresh token'
      found.leftOut.push({ what: `the tokens in ${printable(file.path)}`, why, from })
      continue
    }
    found.mailboxes.push({
      address,
      ...(value.service && { client: `oama ${value.service}` }),
      refreshToken: new Secret(value.refresh_token),
      from,
    })
  }
  return found
}

function readOamaSettings(file: SourceFile, found: Found): void {
  const { value, lineOf } = readYaml(file, oamaSettings)
  for (const [service, its] of Object.entries(value.services)) {
    const from = placeAt(file, lineOf(['services', service]))
    const leaveOut = (why: string) =>
      found.leftOut.push({ what: `the service ${printable(service)}`, why, from })
    if (its.client_id_cmd !== undefined || its.client_secret_cmd !== undefined) {
      leaveOut(
        'a command gives its client: write what that prints in the place of client_id_cmd and client_secret_cmd',
      )
      continue
    }
    if (its.client_id === undefined || /^application-CLIENT/i.test(its.client_id)) {
      leaveOut(
        its.client_id === undefined
          ? 'it has no client_id'
          : 'it is the sample: its client_id was never filled in',
      )
      continue
    }
    const known = services[service]
    const tokenEndpoint = its.token_endpoint ?? known?.(its.tenant)
    found.clients.push({
      name: `oama ${service}`,
      clientId: its.client_id,
      ...(its.client_secret && { clientSecret: new Secret(its.client_secret) }),
      ...(tokenEndpoint !== undefined && { tokenEndpoint }),
      ...(its.auth_endpoint !== undefined && { authorizationEndpoint: its.auth_endpoint }),
      ...(its.auth_scope !== undefined && { scopes: its.auth_scope.split(/\s+/) }),
      from,
    })
  }
}
