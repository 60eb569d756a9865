import type { Sentence } from '../../base/failure.ts'
import { Secret } from '../../base/secret.ts'
import { text } from '../../failures/texts.ts'
import type { Provider } from '../../providers/provider.ts'
import {
  type NewCertificate,
  type RegistrationChanges,
  type RegistrationFields,
  RegistrationMistakes,
  type RegistrationRequest,
  type RegistrationStatus,
} from '../../providers/registrations.ts'
import type { SetUpWay } from '../../providers/set-up-steps.ts'
import { type Html, html } from '../html.ts'
import type { Phrases } from '../texts/phrases.ts'
import { refusalOf } from './error-page.ts'
import {
  checkField,
  choiceField,
  type FailureFields,
  type FormState,
  type RefusedForm,
  refusedForm,
  summaryOf,
  textField,
} from './form-parts.ts'
import { type Fields, form, isAnyFilled, lines, one, type PageContext } from './page-context.ts'
import { day } from './parts.ts'

interface NewRegistrationView {
  /** The preset; absent: a provider of somebody's own. */
  provider?: Provider
  way?: SetUpWay
  /** Those of registrations and providers that are taken. */
  ids: ReadonlySet<string>
}

/** The form for a registration: what the provider has shown, and nothing that it has not. */
export function newRegistrationForm(view: NewRegistrationView, state: FormState, context: PageContext): Html {
  const { t } = context
  const { provider, way = 'person', ids } = view
  return form(
    context,
    ['registrations'],
    html`<section id="form">
<h2>${t`What the provider has shown you`}</h2>
${provider && html`<input type="hidden" name="preset" value="${provider.id}"><input type="hidden" name="way" value="${way}">`}
${provider ? presetFields({ provider, way }, state, t) : ownFields(state, t)}
${moreFields({ id: freeId(provider?.id, ids), isOwn: !provider }, state, t)}
<p><button>${t`Save and check`}</button></p>
</section>`,
  )
}

/** A second registration at a preset has an id of its own. */
function freeId(preset: string | undefined, ids: ReadonlySet<string>): string {
  if (preset === undefined || !ids.has(preset)) return preset ?? ''
  let number = 2
  while (ids.has(`${preset}-${number}`)) number++
  return `${preset}-${number}`
}

function presetFields(
  { provider, way }: { provider: Provider; way: SetUpWay },
  state: FormState,
  t: Phrases,
): Html {
  const { guide, flows, portal } = provider
  if (flows.includes('service-account')) return serviceAccountField(state, t)
  const isEntra = portal !== undefined
  const tenant = guide === 'entra-personal' ? 'consumers' : undefined
  return html`${clientIdField(state, t)}
${isEntra && textField({ name: 'tenant', label: t`Directory (tenant) ID, or a domain of the organisation`, required: true, autocomplete: 'off', initial: tenant }, state)}
${secretFields({ isNeeded: needsProof(provider, way), isRequired: guide === 'google', hasExpiry: isEntra }, state, t)}
${mayProveByCertificate(provider) && certificateSection({ mayMake: true }, state, t)}
${guide === 'google' && checkField({ name: 'testing', label: t`The app is in status "Testing": each grant ends after 7 days` }, state)}`
}

/** Whether the provider takes nothing from an app that cannot prove itself. */
function needsProof({ guide, flows }: Provider, way: SetUpWay): boolean {
  return guide === 'google' || (way === 'app-only' && !flows.includes('service-account'))
}

/** An app of an organisation at Entra, whose certificate postern can make as well. */
function mayProveByCertificate({ oauth, flows }: Provider): boolean {
  return oauth.graphEndpoint !== undefined && flows.includes('client-credentials')
}

function clientIdField(state: FormState, t: Phrases): Html {
  return textField({ name: 'clientId', label: t`Client ID`, required: true, autocomplete: 'off' }, state)
}

function serviceAccountField(state: FormState, t: Phrases): Html {
  return textField(
    {
      name: 'serviceAccount',
      rows: 6,
      label: t`The JSON key file of the service account`,
      hint: t`Paste all of it. It is kept sealed, and never shown again.`,
      required: true,
      isSecret: true,
      autocomplete: 'off',
    },
    state,
  )
}

function secretFields(
  { isNeeded, isRequired, hasExpiry }: { isNeeded: boolean; isRequired: boolean; hasExpiry: boolean },
  state: FormState,
  t: Phrases,
): Html {
  const label = isNeeded ? t`Client secret` : t`Client secret, if it has one`
  return html`${textField({ name: 'clientSecret', type: 'password', label, required: isRequired, autocomplete: 'off' }, state)}
${hasExpiry && textField({ name: 'expires', type: 'date', label: t`The secret ends on (postern warns in time)` }, state)}`
}

const certificateNames = ['certificate', 'certificateKey']

/** Opens where something of it is filled in, or wrong. */
function certificateSection({ mayMake }: { mayMake: boolean }, state: FormState, t: Phrases): Html {
  const { values, wrong = {} } = state
  const isOpen =
    isAnyFilled(values, [...certificateNames, 'makeCertificate']) ||
    certificateNames.some((name) => wrong[name])
  return html`<details${isOpen && html` open`}>
<summary>${t`A certificate in place of a client secret`}</summary>
${mayMake && checkField({ name: 'makeCertificate', label: t`Let postern make it, and renew it: the next page has it, to be uploaded` }, state)}
${certificateFields({ label: mayMake ? t`Or your own certificate (PEM)` : t`Your own certificate (PEM)` }, state, t)}
</details>`
}

/** Pasted, and checked against each other when they are saved. */
function certificateFields(
  { label, hint }: { label: Html; hint?: Html | undefined },
  state: FormState,
  t: Phrases,
): Html {
  const pem = { rows: 4, autocomplete: 'off' }
  return html`${textField({ ...pem, name: 'certificate', label, ...(hint && { hint }), placeholder: '-----BEGIN CERTIFICATE-----' }, state)}
${textField({ ...pem, name: 'certificateKey', label: t`Its private key (PEM, without a passphrase)`, hint: t`It is kept sealed, and never shown again.`, isSecret: true, placeholder: '-----BEGIN PRIVATE KEY-----' }, state)}`
}

function ownFields(state: FormState, t: Phrases): Html {
  return html`${textField({ name: 'issuer', label: t`Issuer: the address below which the provider describes its endpoints`, placeholder: 'https://login.example.com', autocomplete: 'off', isFirst: true }, state)}
${textField({ name: 'server', label: t`Mail server, and its port if that is not 587`, placeholder: 'smtp.example.com:587', required: true, autocomplete: 'off' }, state)}
${clientIdField(state, t)}
${secretFields({ isNeeded: false, isRequired: false, hasExpiry: false }, state, t)}
${certificateSection({ mayMake: false }, state, t)}
${textField({ name: 'scopes', label: t`Scopes, among them the one for mail`, initial: 'openid email offline_access', required: true, autocomplete: 'off' }, state)}`
}

const furtherNames = [
  'id',
  'name',
  'authorizationEndpoint',
  'tokenEndpoint',
  'deviceAuthorizationEndpoint',
  'revocationEndpoint',
  'jwksUri',
  'authorizationParameters',
  'proxy',
  'connections',
  'messagesPerMinute',
  'recipientsPerDay',
]

const ownNames = [
  'authorizationEndpoint',
  'tokenEndpoint',
  'deviceAuthorizationEndpoint',
  'revocationEndpoint',
  'jwksUri',
] as const

/** What is rarely needed: open when something of it is filled in, or wrong. */
function moreFields({ id, isOwn }: { id: string; isOwn: boolean }, state: FormState, t: Phrases): Html {
  const { values, wrong = {} } = state
  const isOpen = isAnyFilled(values, furtherNames) || furtherNames.some((name) => wrong[name])
  return html`<details${isOpen && html` open`}>
<summary>${isOwn ? t`More: name, endpoints, limits, proxy` : t`More: name, limits, proxy`}</summary>
${id !== '' || !isOwn ? textField({ name: 'id', label: t`Id, by which mailboxes name it`, hint: t`Lower-case letters, digits and hyphens.`, initial: id, autocomplete: 'off' }, state) : textField({ name: 'id', label: t`Id, by which mailboxes name it`, hint: t`Lower-case letters, digits and hyphens. Otherwise it is made of the name of the mail server.`, autocomplete: 'off' }, state)}
${sharedFields({ isOwn }, state, t)}
</details>`
}

/** The rarer fields that a registration has when it is made, and when it is changed. */
function sharedFields({ isOwn }: { isOwn: boolean }, state: FormState, t: Phrases): Html {
  const limit = (name: string, label: Html) =>
    textField({ name, type: 'number', label, hint: t`Empty: what is known of the provider.` }, state)
  return html`${textField({ name: 'name', label: t`Name, as people call it`, autocomplete: 'off' }, state)}
${isOwn && ownNames.map((name) => textField({ name, label: html`${endpointWords(name, t)}`, autocomplete: 'off' }, state))}
${isOwn && textField({ name: 'authorizationParameters', rows: 2, label: t`Further parameters of the sign-in, one on each line: name=value`, initial: 'prompt=consent' }, state)}
${
  isOwn &&
  choiceField(
    {
      name: 'tls',
      label: t`Encryption of the mail server`,
      initial: 'starttls',
      options: [
        { value: 'starttls', words: 'STARTTLS' },
        { value: 'implicit', words: 'SSL/TLS' },
      ],
    },
    state,
  )
}
${limit('connections', t`Connections at once`)}
${limit('messagesPerMinute', t`Messages in a minute`)}
${limit('recipientsPerDay', t`Recipients in a day`)}
${textField({ name: 'proxy', label: t`HTTP proxy to this provider, or "direct"`, placeholder: 'http://proxy.example.com:3128', autocomplete: 'off' }, state)}`
}

function endpointWords(name: (typeof ownNames)[number], t: Phrases): Html {
  switch (name) {
    case 'authorizationEndpoint':
      return t`Authorization endpoint (otherwise it is discovered)`
    case 'tokenEndpoint':
      return t`Token endpoint (otherwise it is discovered)`
    case 'deviceAuthorizationEndpoint':
      return t`Device authorization endpoint`
    case 'revocationEndpoint':
      return t`Revocation endpoint`
    case 'jwksUri':
      return t`Address of the keys of its ID tokens (JWKS)`
  }
}

/** The form that changes a registration of the store; its secrets are changed by themselves. */
export function registrationForm(
  { id, fields, certificate }: RegistrationStatus,
  state: FormState,
  context: PageContext,
): Html {
  const { t } = context
  const isOwn = fields.preset === undefined && fields.smtp !== undefined
  const shown: FormState = { ...state, values: { ...valuesOf(fields), ...state.values } }
  return form(
    context,
    ['registrations', id],
    html`<section id="form">
<h2>${t`Change it`}</h2>
${fields.clientId !== undefined && textField({ name: 'clientId', label: t`Client ID`, required: true, autocomplete: 'off' }, shown)}
${fields.tenant !== undefined && textField({ name: 'tenant', label: t`Directory (tenant) ID, or a domain of the organisation`, required: true, autocomplete: 'off' }, shown)}
${
  isOwn &&
  html`${textField({ name: 'issuer', label: t`Issuer: the address below which the provider describes its endpoints`, autocomplete: 'off' }, shown)}
${textField({ name: 'server', label: t`Mail server, and its port if that is not 587`, required: true, autocomplete: 'off' }, shown)}
${textField({ name: 'scopes', label: t`Scopes, among them the one for mail`, required: true, autocomplete: 'off' }, shown)}`
}
${(isOwn || fields.tenant !== undefined) && otherCertificate(certificate, state, t)}
<details${furtherNames.some((name) => state.wrong?.[name]) && html` open`}><summary>${t`More`}</summary>${sharedFields({ isOwn }, shown, t)}</details>
${passwordField(state, context)}
<p><button>${t`Save and check`}</button></p>
</section>`,
  )
}

/** The one that it has stays, unless another one is given. */
function otherCertificate(present: RegistrationStatus['certificate'], state: FormState, t: Phrases): Html {
  const isOpen = isAnyFilled(state.values, certificateNames) || state.wrong?.certificateKey !== undefined
  const hint = present
    ? t`Left empty, the present one stays. Another one takes its place, and postern renews it no more.`
    : t`It takes the place of the client secrets: upload it at the provider first.`
  return html`<details${isOpen && html` open`}>
<summary>${present ? t`Certificate: give another one` : t`A certificate in place of a client secret`}</summary>
${present && certificateFacts(present, t)}
${certificateFields({ label: t`Your own certificate (PEM)`, hint }, state, t)}
</details>`
}

/** Whose it is, and until when; never its key. */
export function certificateFacts(
  { subject, sha1, thumbprint, expires }: NonNullable<RegistrationStatus['certificate']>,
  t: Phrases,
): Html {
  return html`<dl>
${subject !== undefined && html`<dt>${t`Certificate for`}</dt><dd>${subject}</dd>`}
<dt>${t`Thumbprint`}</dt><dd>${sha1 === undefined ? html`<code>${thumbprint}</code> (SHA-256)` : html`<code data-copy>${sha1}</code> (SHA-1)`}</dd>
<dt>${t`Ends`}</dt><dd>${day(expires)}</dd>
</dl>`
}

/** What stands between a browser that was left open and the app of the organisation. */
export function passwordField(state: FormState, { t, session }: PageContext): Html | undefined {
  if (session.means === 'provider') return undefined
  return textField(
    {
      name: 'pagePassword',
      type: 'password',
      label: t`Your password for these pages`,
      hint: t`Because a changed registration changes who may send.`,
      autocomplete: 'current-password',
    },
    state,
  )
}

/** The fields of a registration as a filled-in form. */
function valuesOf({
  limits = {},
  smtp,
  scopes,
  authorizationParameters = {},
  ...fields
}: RegistrationFields): Fields {
  const shown = (value: unknown) => (value === undefined || value === null ? '' : String(value))
  const plain = ['clientId', 'tenant', 'name', 'issuer', 'proxy', ...ownNames] as const
  return {
    ...Object.fromEntries(plain.map((name) => [name, shown(fields[name])])),
    server: smtp ? `${smtp.host}:${smtp.port}` : '',
    tls: smtp?.tls ?? 'starttls',
    scopes: scopes?.join(' ') ?? '',
    authorizationParameters: Object.entries(authorizationParameters)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n'),
    connections: shown(limits.connections),
    messagesPerMinute: shown(limits.messagesPerMinute),
    recipientsPerDay: shown(limits.recipientsPerDay),
  }
}

/** What a form says of a registration; null for what was emptied. */
export function changesOf(values: Fields): RegistrationChanges {
  const said = (name: string) => {
    const value = one(values, name)?.trim()
    return value === undefined ? undefined : value === '' ? null : value
  }
  const given = <Value>(name: string, value: Value) =>
    one(values, name) === undefined ? {} : { [name]: value }
  const server = one(values, 'server')?.trim()
  const plain = ['clientId', 'tenant', 'name', 'issuer', 'proxy', ...ownNames]
  const { limits } = { limits: limitsOf(values) }
  const certificate = certificateOf(values)
  return {
    ...Object.fromEntries(plain.flatMap((name) => (said(name) === undefined ? [] : [[name, said(name)]]))),
    ...(server !== undefined && { smtp: serverOf(server, one(values, 'tls')) }),
    ...given(
      'scopes',
      (one(values, 'scopes') ?? '').split(/\s+/).filter((scope) => scope !== ''),
    ),
    ...given('authorizationParameters', parametersOf(values)),
    ...(one(values, 'connections') !== undefined && { limits }),
    ...(certificate && { certificate, clientSecrets: null }),
  }
}

function certificateOf(values: Fields): NewCertificate | undefined {
  if (!isAnyFilled(values, certificateNames)) return undefined
  const [certificate = '', key = ''] = certificateNames.map((name) => one(values, name)?.trim())
  return { certificate, key: new Secret(key) }
}

/**
 * That an app which has to prove itself can.
 * @throws RegistrationMistakes
 */
export function requireProof(
  { id, clientSecrets, certificate }: RegistrationRequest & { id: string },
  provider: Provider | undefined,
  values: Fields,
): void {
  const way = one(values, 'way') === 'app-only' ? 'app-only' : 'person'
  const isProven = clientSecrets ?? certificate ?? one(values, 'makeCertificate')
  if (!provider || isProven || !needsProof(provider, way)) return
  throw new RegistrationMistakes(id, [{ field: 'clientSecrets', ...text('mistake.missing') }])
}

/** The request of a new one, with the id that it is to have. */
export function newRegistrationOf(values: Fields): RegistrationRequest & { id: string } {
  const changes = changesOf(values)
  const given = Object.entries(changes).filter(([, value]) => value !== null)
  const fields = Object.fromEntries(given) as RegistrationRequest
  const preset = one(values, 'preset')
  const id = one(values, 'id')?.trim() || (preset ?? idOf(one(values, 'server') ?? ''))
  const secret = one(values, 'clientSecret') ?? ''
  const expires = one(values, 'expires')?.trim()
  const serviceAccount = one(values, 'serviceAccount')?.trim()
  const ownName = preset === undefined && fields.name === undefined ? { name: id } : {}
  return {
    ...fields,
    ...ownName,
    id,
    ...(preset !== undefined && preset !== id && { preset }),
    ...(preset === undefined && { mechanisms: ['XOAUTH2', 'OAUTHBEARER'] as const }),
    ...(secret !== '' && { clientSecrets: [{ value: new Secret(secret), ...(expires && { expires }) }] }),
    ...(serviceAccount && { serviceAccount: new Secret(serviceAccount) }),
    ...(one(values, 'testing') === 'yes' && { grantsEndAfterDays: 7 }),
  }
}

/** Of the name of a mail server: `smtp.example.com` is `smtp-example-com`. */
function idOf(server: string): string {
  return server
    .replace(/:\d+$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}

const usualPort = 587

function serverOf(text: string, tls: string | undefined) {
  const [, host = text, port] = /^(.*?)(?::(\d{1,5}))?$/.exec(text) ?? []
  return {
    host,
    port: port === undefined ? usualPort : Number(port),
    tls: tls === 'implicit' ? ('implicit' as const) : ('starttls' as const),
  }
}

function parametersOf(values: Fields): Record<string, string> {
  const pairs = lines(values, 'authorizationParameters').map((line) => {
    const at = line.indexOf('=')
    return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]
  })
  return Object.fromEntries(pairs)
}

function limitsOf(values: Fields) {
  const names = ['connections', 'messagesPerMinute', 'recipientsPerDay']
  const given = names.flatMap((name) => {
    const text = one(values, name)?.trim() ?? ''
    return text === '' ? [] : [[name, Number(text)]]
  })
  return given.length === 0 ? null : Object.fromEntries(given)
}

/** Which field of the form has a part of a registration. */
function fieldOf(name: string): string {
  if (name.startsWith('smtp.tls')) return 'tls'
  if (name.startsWith('smtp')) return 'server'
  if (/^clientSecrets.*expires/.test(name)) return 'expires'
  if (name.startsWith('clientSecrets')) return 'clientSecret'
  if (name.startsWith('limits.')) return name.slice('limits.'.length)
  return name.replace(/[.[].*$/, '')
}

/** The end of a sentence, as one that stands at the field. */
function mistakeWords(mistake: Sentence | undefined, t: Phrases): string {
  const words = mistake ? t.messageOf(mistake) : ''
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`
}

const failureFields: FailureFields = {
  'registration.exists': 'id',
  'registration.in-settings': 'id',
  'page.wrong-password': 'pagePassword',
}

/**
 * A form that was refused, with each mistake at its field; one about what the form has not is said
 * above.
 * @throws what is no refusal
 */
export function refusedRegistration(
  error: unknown,
  t: Phrases,
  { values, prefix = '' }: Pick<FormState, 'values' | 'prefix'>,
): RefusedForm {
  if (!(error instanceof RegistrationMistakes))
    return refusedForm(error, t, { fields: failureFields, prefix })
  const answer = refusalOf(error)
  const said = new Map(error.mistakes.map((mistake) => [fieldOf(mistake.field), mistake]))
  // In the order of the form, whose fields were all sent.
  const names = Object.keys(values).filter((name) => said.has(name))
  const wrong = Object.fromEntries(names.map((name) => [name, html`${mistakeWords(said.get(name), t)}`]))
  return {
    status: answer.status,
    headers: answer.headers,
    summary: summaryOf(answer, t, names[0], prefix),
    wrong,
  }
}
