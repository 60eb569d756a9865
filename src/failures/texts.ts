import { fillIn, type Sentence, type Values, type ValuesOf } from './entry.ts'

/** What is said by id and is no failure. */
const texts = {
  'check.registration-complete': { message: 'The registration is complete, and without a mistake.' },
  'check.settings-complete': { message: 'The settings are complete, and without a mistake.' },
  'check.settings-mistaken': {
    message: 'The settings, as they are now, would not let postern start.',
    fix: 'Mend this in .env or in the environment, then check again.',
  },
  'check.none-runs': { message: 'No postern is running.', fix: 'Start it with "postern serve".' },
  'check.runs-so': { message: 'The postern that runs was started with these settings.' },
  'check.runs-otherwise': {
    message: 'The postern that runs was started with other settings than those that are there now.',
    fix: 'Restart it: nothing is lost by that.',
  },
  'check.back-from-anywhere': { message: 'People come back to {address} from anywhere.' },
  'check.back-or-code': {
    message: 'People come back to {address}: in a browser on the machine of postern.',
    fix: 'For consents in browsers elsewhere, set POSTERN_PUBLIC_URL to an https address, or paste the answer, or use a code on another device.',
  },
  'check.back-or-paste': {
    message: 'People come back to {address}: in a browser on the machine of postern.',
    fix: 'For consents in browsers elsewhere, set POSTERN_PUBLIC_URL to an https address, or paste the answer.',
  },
  'check.reached': { message: '{provider} is reached.' },
  'check.client-accepted': { message: '{provider} accepts the client.' },
  'check.client-known': {
    message: '{provider} knows the client id; its secret or certificate shows with the first consent.',
  },
  'doctor.settings-good': { message: 'they are without a mistake' },
  'doctor.directory-new': { message: 'there is no {dataDir} yet: the first start makes it' },
  'doctor.directory-private': { message: '{dataDir} is there, for its owner alone' },
  'doctor.runs': { message: 'a postern runs on {dataDir}, and has its key' },
  'doctor.key-fits': { message: 'it fits the store' },
  'doctor.key-new': { message: 'there is no store yet: the first start makes both' },
  'doctor.clock-agrees': { message: 'it agrees with that of {host}' },
  'doctor.name-found': { message: '{host} is {addresses}' },
  'doctor.name-by-proxy': { message: '{host} (the proxy looks it up)' },
  'doctor.connected': { message: 'port {port} ({address})' },
  'doctor.connected-by-proxy': { message: 'port {port} (through the proxy)' },
  'doctor.certificate-right': { message: 'the certificate is right for {host} ({tls})' },
  'doctor.mechanism': { message: '{mechanism}' },
  'doctor.client-proven': { message: 'the provider has just given it a token' },
  'doctor.token-fresh': { message: 'it was fetched just now, good for {minutes} minutes' },
  'doctor.token-there': { message: 'it is there, good for {minutes} minutes' },
  'doctor.claims-good': { message: 'nothing in it is wrong' },
  'doctor.claims': { message: '{scopes}' },
  'doctor.accepted': { message: 'accepted' },
  'doctor.accepted-so': { message: 'accepted: {said}' },
  'doctor.nothing-held-back': { message: 'nothing' },
  'revocation.kept': {
    message: 'Another mailbox may live on the same consent. To end the consent at {provider}, go to {place}.',
  },
  'revocation.unsupported': {
    message: '{provider} has no way to end a consent from here. To end the consent there, go to {place}.',
  },
  'revocation.failed': {
    message: '{provider} could not be asked to end the consent. To end the consent there, go to {place}.',
  },
  'revocation.settings': { message: 'the settings of the account there' },
} as const satisfies Readonly<Record<string, { message: string; fix?: string }>>

export type TextEntries = typeof texts
export type TextId = keyof TextEntries

/** A text without places needs no values. */
type Given<Id extends TextId> =
  ValuesOf<TextEntries[Id]> extends Readonly<Record<never, never>> & infer Values
    ? keyof Values extends never
      ? [values?: Values]
      : [values: Values]
    : never

/** The text of this id: `text('check.reached', { provider })`. */
export function text<Id extends TextId>(id: Id, ...values: Given<Id>): Sentence {
  const entry: { message: string; fix?: string } = texts[id]
  const given = (values[0] ?? {}) as Values
  return {
    ...{ id, values: given, message: fillIn(entry.message, given) },
    ...(entry.fix !== undefined && { fix: fillIn(entry.fix, given) }),
  }
}
