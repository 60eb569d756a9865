import { z } from 'zod'
import { Secret } from '../base/secret.ts'
import { isGuid, printable } from '../base/text.ts'
import { type Found, type Helps, nothing, placeAt, recipientsIn, type SourceFile } from './found.ts'
import { readYaml, type Structured } from './structured.ts'

const text = z.string().max(16_384)
const addresses = z.array(text.max(254)).max(1_000)

const settings = z.object({
  mode: text.optional(),
  send: z
    .object({
      appReg: z.object({
        tenant: text.min(1),
        id: text.min(1),
        secret: text.optional(),
        certificate: z.object({ thumbprint: text, privateKeyPath: text }).optional(),
      }),
      forceMailbox: text.max(254).optional(),
      retryLimit: z.number().optional(),
      retryInterval: z.number().optional(),
      httpProxy: z.unknown().optional(),
    })
    .optional(),
  receive: z
    .object({
      port: z.number().optional(),
      listenAddress: text.optional(),
      tlsKeyPath: text.optional(),
      tlsCertPath: text.optional(),
      maxSize: z.union([text, z.number()]).optional(),
      banner: text.optional(),
      ipWhitelist: z.array(text).max(1_000).optional(),
      allowedFrom: addresses.optional(),
      allowedRcpt: addresses.optional(),
      requireAuth: z.boolean().optional(),
      users: z
        .array(z.object({ username: text.min(1), password: text.min(1), allowedFrom: addresses.optional() }))
        .max(1_000)
        .optional(),
      rateLimit: z.unknown().optional(),
      authLimit: z.unknown().optional(),
    })
    .optional(),
})

type Settings = z.output<typeof settings>

/** Reads `config.yml` of SMTP2Graph: one registration, whose app itself sends, and the users of its SMTP server. */
export function readSmtp2Graph(files: readonly SourceFile[], _helps: Helps): Found {
  const found = nothing()
  for (const file of files) {
    const read = readYaml(file, settings)
    readSending(file, read, found)
    readReceiving(file, read, found)
  }
  return found
}

const nameOf = (file: SourceFile) => `smtp2graph ${file.path}`

function readSending(
  file: SourceFile,
  { value: { send }, lineOf }: Structured<Settings>,
  found: Found,
): void {
  if (!send) return
  const { appReg, retryLimit, retryInterval, httpProxy } = send
  const { tenant, id, secret, certificate } = appReg
  const domain = isGuid(tenant) || tenant.includes('.') ? tenant : `${tenant}.onmicrosoft.com`
  found.clients.push({
    name: nameOf(file),
    clientId: id,
    ...(secret && { clientSecret: new Secret(secret) }),
    tokenEndpoint: `https://login.microsoftonline.com/${encodeURIComponent(domain)}/oauth2/v2.0/token`,
    from: placeAt(file, lineOf(['send', 'appReg'])),
  })
  const leaveOut = (what: string, why: string, path: string[]) =>
    found.leftOut.push({ what, why, from: placeAt(file, lineOf(path)) })
  if (certificate)
    leaveOut(
      'the certificate of the registration',
      'the file has its thumbprint and its key, and not the certificate itself: give both to "postern registration set", or let postern make its own ("postern registration certificate")',
      ['send', 'appReg', 'certificate'],
    )
  if (retryLimit !== undefined || retryInterval !== undefined)
    leaveOut(
      'the repeats (retryLimit, retryInterval)',
      'postern keeps no queue: whoever sends hears 4xx and sends again',
      ['send', retryLimit === undefined ? 'retryInterval' : 'retryLimit'],
    )
  if (httpProxy !== undefined)
    leaveOut('the HTTP proxy', 'it is one of the settings: POSTERN_PROXY', ['send', 'httpProxy'])
}

function readReceiving(file: SourceFile, { value, lineOf }: Structured<Settings>, found: Found): void {
  const { receive = {}, send } = value
  const leaveOut = (what: string, why: string, path: PropertyKey[]) =>
    found.leftOut.push({ what, why, from: placeAt(file, lineOf(path)) })
  const { users = [], allowedFrom = [], ipWhitelist: networks = [] } = receive
  const { readable, others } = recipientsIn(receive.allowedRcpt ?? [])
  const bounds = readable.length > 0 ? { recipients: readable } : {}
  const fromThis = { from: placeAt(file, lineOf(['receive'])) }

  const forced = send?.forceMailbox
  const all = new Set([
    ...(forced === undefined ? [...allowedFrom, ...users.flatMap((one) => one.allowedFrom ?? [])] : [forced]),
  ])
  for (const address of all)
    found.mailboxes.push({ address, ...(send && { client: nameOf(file) }), appOnly: true, ...fromThis })

  /** The mailboxes of somebody who may send as these, and what else may stand in MAIL. */
  const rightsTo = (senders: readonly string[]) =>
    forced === undefined
      ? { mailboxes: senders }
      : { mailboxes: [forced], senders: senders.filter((one) => one !== forced) }

  for (const [index, { username, password, allowedFrom: own }] of users.entries()) {
    const rights = rightsTo(own ?? allowedFrom)
    const path = ['receive', 'users', index]
    if (rights.mailboxes.length === 0) {
      leaveOut(
        `the user ${printable(username)}`,
        'nothing says which addresses they send from: add these as mailboxes, then "postern login add"',
        path,
      )
      continue
    }
    found.logins.push({
      ...rights,
      userName: username,
      name: 'SMTP2Graph',
      password: new Secret(password),
      networks,
      ...bounds,
      from: placeAt(file, lineOf(path)),
    })
  }
  const isOpen = receive.requireAuth === false || (receive.requireAuth === undefined && users.length === 0)
  const open = rightsTo(allowedFrom)
  if (value.receive && isOpen && networks.length > 0 && open.mailboxes.length > 0)
    found.logins.push({ ...open, name: 'SMTP2Graph, by address', networks, ...bounds, ...fromThis })
  else if (value.receive && isOpen)
    leaveOut(
      'that nobody has to sign in',
      'without a password a login needs the networks of its clients (ipWhitelist), and the addresses that they send from (allowedFrom)',
      ['receive'],
    )
  if (others.length > 0)
    leaveOut(
      `of allowedRcpt ${printable(others.join(', '), 200)}`,
      'that is no address, and no whole domain such as *@example.com: "postern login set ID --recipient PATTERN"',
      ['receive', 'allowedRcpt'],
    )
  for (const [option, why] of Object.entries(withoutPlace))
    if (receive[option as keyof typeof receive] !== undefined) leaveOut(`${option}`, why, ['receive', option])
}

/** Options of its SMTP server, and what takes their place. */
const withoutPlace = {
  port: 'where postern listens is one of its settings: POSTERN_SMTP_LISTEN',
  listenAddress: 'where postern listens is one of its settings: POSTERN_SMTP_LISTEN',
  tlsCertPath: 'the certificate is one of the settings: POSTERN_TLS_CERT_FILE and POSTERN_TLS_KEY_FILE',
  maxSize: 'the provider says how large a message may be',
  banner: 'the greeting is always the same',
  rateLimit:
    'it counts by address; a login may have a rate of its own: "postern login set ID --rate 20/hour"',
  authLimit: 'whoever guesses passwords is slowed down always',
} as const
