import { randomUUID } from 'node:crypto'
import type { Approvals, HeldStatus } from '../approvals/approvals.ts'
import type { Clock } from '../base/clock.ts'
import { Secret } from '../base/secret.ts'
import type { EndpointPause, IdleRenewal, TokenStates } from '../grants/token-broker.ts'
import type { Address } from '../model/address.ts'
import type { ListedGrant } from '../model/grant.ts'
import type { PassingStore } from '../store/ports.ts'
import type { Condition, Conditions } from './notices.ts'

/*
 * The conditions of mailboxes that are reported: consents that have lapsed, and access tokens that
 * have failed for long.
 */

type LapsedGrant = Extract<ListedGrant, { state: 'lapsed' }>

/**
 * Many consents of one registration, each lost within so many milliseconds of another, are no
 * matter of so many people.
 */
const withinMilliseconds = 600_000
/** Before a reminder; the others are tried each day. */
const mostTried = 3

/**
 * Mailboxes that nothing leaves from until somebody consents again, or until their registration is
 * put right.
 */
export function lapsedGrants(
  grants: readonly ListedGrant[],
  tokens: Pick<IdleRenewal, 'tryAgain'>,
): Condition[] {
  const lapsed = grants.filter((grant) => grant.state === 'lapsed')
  const together = lapsedTogether(lapsed)
  const inOne = new Set(together.flat())
  return [
    ...together.map((these) => consentsLost(these, tokens)),
    ...lapsed.filter((grant) => !inOne.has(grant)).map((grant) => consentNeeded(grant, tokens)),
  ]
}

/** For each registration those that lapsed in a series, the earliest first. */
function lapsedTogether(lapsed: readonly LapsedGrant[]): LapsedGrant[][] {
  // Grants that lapsed here, with their mailbox or person, were ended on purpose.
  const refused = lapsed.filter((grant) => grant.refused !== undefined)
  const providers = new Set(refused.map(({ providerId }) => providerId))
  return [...providers].flatMap((provider) => {
    const own = refused.filter(({ providerId }) => providerId === provider)
    const found = seriesOf(own.sort((left, right) => left.since - right.since)).filter(
      ({ length }) => length >= fewestTogether,
    )
    return found.length === 0 ? [] : [found.flat()]
  })
}

function seriesOf(grants: readonly LapsedGrant[]): LapsedGrant[][] {
  const series: LapsedGrant[][] = []
  for (const grant of grants) {
    const current = series.at(-1)
    const before = current?.at(-1)
    if (before && grant.since - before.since <= withinMilliseconds) current?.push(grant)
    else series.push([grant])
  }
  return series
}

function consentNeeded(
  { id, mailbox, providerId, signedInAs, refused }: LapsedGrant,
  tokens: Pick<IdleRenewal, 'tryAgain'>,
): Condition {
  return {
    key: `consent-needed ${mailbox}`,
    kind: 'consent-needed',
    // A later lapse is of another grant, and reported at once.
    stage: id,
    repeats: true,
    ...(refused && { stillSo: () => areStillRefused([mailbox], tokens) }),
    mailbox,
    provider: providerId,
    title: `${mailbox} needs a new consent`,
    text: `The consent for ${mailbox} has lapsed: its provider (${providerId}) no longer accepts it, and no mail leaves from there. Somebody has to sign in${signedInAs === undefined ? '' : ` as ${signedInAs}`} and agree again.`,
  }
}

function consentsLost(grants: readonly LapsedGrant[], tokens: Pick<IdleRenewal, 'tryAgain'>): Condition {
  const provider = grants[0]?.providerId ?? ''
  const mailboxes = grants.map(({ mailbox }) => mailbox)
  return {
    key: `consents-lost ${provider}`,
    kind: 'trouble',
    // One more that follows is no news.
    stage: grants[0]?.id ?? '',
    repeats: true,
    stillSo: () => areStillRefused(mailboxes.slice(0, mostTried), tokens),
    provider,
    title: `${provider} has refused the consents of ${mailboxes.length} mailboxes within minutes`,
    text: `That is more likely a matter of the registration at ${provider} than of the people: look there whether the app is still allowed, and whether client id, tenant and token endpoint are those that the consents were given to. postern tries them again each day, and at once with "postern mailbox try ADDRESS". If the consents are gone, each needs a new one: postern consent ADDRESS. Mailboxes: ${inSentence(mailboxes)}.`,
  }
}

/** A provider that accepts one of them again has more to say than a reminder. */
async function areStillRefused(
  mailboxes: readonly Address[],
  tokens: Pick<IdleRenewal, 'tryAgain'>,
): Promise<boolean> {
  const tried = mailboxes.map((mailbox) =>
    tokens.tryAgain(mailbox).then(
      () => true,
      () => false,
    ),
  )
  return !(await Promise.all(tried)).includes(true)
}

/** Messages that a person has to approve, and those that were not sent after all. */
export async function heldMessages(
  approvals: Pick<Approvals, 'list' | 'linkOf'> | undefined,
): Promise<Condition[]> {
  if (!approvals) return []
  return (await approvals.list()).flatMap((held) => {
    const condition = conditionOf(held, approvals)
    return condition ? [condition] : []
  })
}

function conditionOf(held: HeldStatus, approvals: Pick<Approvals, 'linkOf'>): Condition | undefined {
  const { id, state, userName, mailbox, sender, recipients, endsAt } = held
  const to = recipients.length === 1 ? 'one recipient' : `${recipients.length} recipients`
  const which = `The message ${id} of ${userName}, from ${sender === '' ? 'nobody' : sender} to ${to},`
  const about = { key: `approval ${id}`, stage: state, repeats: false, mailbox }
  if (state === 'waiting')
    return {
      ...about,
      kind: 'approval-needed',
      title: `${userName} wants to send a message from ${mailbox}`,
      text: `${which} waits until somebody has approved it, or ${endsAt}. The link shows whom it goes to and what it is about; nothing happens before you press Send or Refuse there. Expect no such message? Refuse it.`,
      approvalLink: { url: approvals.linkOf(id), expiresAt: endsAt },
    }
  const ended = endedWords(held)
  return ended === undefined
    ? undefined
    : {
        ...about,
        kind: 'approval-over',
        title: `a message of ${userName} was not sent`,
        text: `${which} ${ended}`,
      }
}

function endedWords({ state, decidedBy = '', reply, failure }: HeldStatus): string | undefined {
  switch (state) {
    case 'refused':
      return `was refused by ${decidedBy}. It is deleted. A mail program was not told: its message had been taken.`
    case 'expired':
      return 'was not approved in time. It is deleted: have it sent anew if it still matters.'
    case 'failed': {
      const why = reply ? `its provider said ${reply.code} ${reply.text}` : failure?.message
      return `was approved by ${decidedBy}, and could not be sent: ${why ?? 'every recipient was refused'}. It is deleted.`
    }
    case 'unknown':
      if (decidedBy === '')
        return 'waited when the backup was made that postern was restored from, and nobody knows whether it was sent since. Look in the mailbox before it is sent anew.'
      return `was approved by ${decidedBy}, and nobody knows whether it was sent: postern or its provider fell silent in the middle. Look in the mailbox before it is sent anew.`
    default:
      return undefined
  }
}

/** Trouble that passes within this time is not reported. */
const lastingMilliseconds = 3_600_000

/** Mailboxes and registrations that have got no access token for an hour. */
export function lastingTrouble(tokens: Pick<TokenStates, 'pauses'>, clock: Pick<Clock, 'now'>): Conditions {
  return async () => {
    const lasting = tokens.pauses().filter(({ since }) => clock.now() - since >= lastingMilliseconds)
    const reasons = new Set(lasting.map(({ reason }) => reason))
    const common = [...reasons]
      .map((reason) => lasting.filter(isOfMailbox).filter((trouble) => trouble.reason === reason))
      .filter(({ length }) => length >= fewestTogether)
    const inOne = new Set<EndpointPause>(common.flat())
    return [...common.map(commonTrouble), ...lasting.filter((trouble) => !inOne.has(trouble)).map(troubleOf)]
  }
}

/** Reported at once: a restart before it is stored costs the consent. */
export function unstoredRotations(tokens: Pick<TokenStates, 'unstored'>): Conditions {
  return async () => {
    const mailboxes = tokens.unstored()
    if (mailboxes.length === 0) return []
    return [
      {
        key: 'rotation-unstored',
        kind: 'trouble',
        stage: '',
        repeats: true,
        title: 'renewed consents cannot be stored',
        text: `postern holds renewed consents in memory alone, because its store takes nothing: ending it now would cost them. Keep it running, and look at the disk under its data directory, or at its database; it stores them by itself as soon as it can. Mailboxes: ${inSentence(mailboxes)}.`,
      },
    ]
  }
}

type MailboxPause = Extract<EndpointPause, { mailbox: string }>

function isOfMailbox(trouble: EndpointPause): trouble is MailboxPause {
  return 'mailbox' in trouble
}

/** For the same reason, which names none of them: that is one trouble. */
function commonTrouble(troubles: readonly MailboxPause[]): Condition {
  const { reason = '', fix } = troubles[0] ?? {}
  const since = Math.min(...troubles.map((trouble) => trouble.since))
  return {
    key: `trouble mailboxes ${reason}`,
    kind: 'trouble',
    stage: '',
    repeats: true,
    title: `${troubles.length} mailboxes get no access token`,
    text: `${sinceWhen({ since, reason, fix })} Mailboxes: ${inSentence(troubles.map(({ mailbox }) => mailbox))}.`,
  }
}

function sinceWhen({ since, reason, fix = '' }: { since: number; reason: string; fix?: string | undefined }) {
  return `This has been so since ${new Date(since).toISOString()}: ${reason}. ${fix}`.trim()
}

function troubleOf(trouble: EndpointPause): Condition {
  const subject = 'provider' in trouble ? trouble.provider : trouble.mailbox
  const whole = 'provider' in trouble
  return {
    key: `trouble ${whole ? 'registration' : 'mailbox'} ${subject}`,
    kind: 'trouble',
    stage: '',
    repeats: true,
    ...('provider' in trouble ? { provider: trouble.provider } : { mailbox: trouble.mailbox }),
    title: whole ? `No mailbox of ${subject} gets an access token` : `${subject} gets no access token`,
    text: sinceWhen(trouble),
  }
}

/** So many mailboxes in the same trouble are reported in one notice. */
const fewestTogether = 3

/** For a sentence. */
const mostNamed = 20

function inSentence(mailboxes: readonly Address[]): string {
  const more = mailboxes.length > mostNamed ? ` and ${mailboxes.length - mostNamed} more` : ''
  return `${mailboxes.slice(0, mostNamed).join(', ')}${more}`
}

interface Trouble {
  pauses: readonly EndpointPause[]
  unstored: readonly Address[]
}

/** What a process told, and has not told again since, is over. */
const troubleSeconds = 180

/**
 * The trouble of tokens in all processes: each tells its own, and the one that sends notices hears
 * it.
 */
export class TroubleOfAll {
  readonly #own: Pick<TokenStates, 'pauses' | 'unstored'>
  readonly #passing: PassingStore
  readonly #name = randomUUID()
  #others: Trouble[] = []
  #hasTold = false

  constructor(own: Pick<TokenStates, 'pauses' | 'unstored'>, passing: PassingStore) {
    this.#own = own
    this.#passing = passing
  }

  /** @throws Failure `store-unavailable` */
  async tell(): Promise<void> {
    const own: Trouble = { pauses: this.#own.pauses(), unstored: this.#own.unstored() }
    const isAny = own.pauses.length > 0 || own.unstored.length > 0
    if (!isAny && !this.#hasTold) return
    const seconds = isAny ? troubleSeconds : 0
    await this.#passing.put('token-trouble', this.#name, new Secret(JSON.stringify(own)), seconds)
    this.#hasTold = isAny
  }

  /** @throws Failure `store-unavailable` */
  async hear(): Promise<void> {
    const told = await this.#passing.list('token-trouble')
    const ofOthers = told.filter(({ key }) => key !== this.#name)
    this.#others = ofOthers.map(({ value }) => JSON.parse(value.reveal()) as Trouble)
  }

  /** Of several about the same, the one that began first. */
  pauses(): readonly EndpointPause[] {
    const first = new Map<string, EndpointPause>()
    for (const pause of [...this.#own.pauses(), ...this.#others.flatMap(({ pauses }) => pauses)]) {
      const subject = JSON.stringify('provider' in pause ? [pause.provider] : pause.mailbox)
      const known = first.get(subject)
      if (!known || pause.since < known.since) first.set(subject, pause)
    }
    return [...first.values()]
  }

  unstored(): readonly Address[] {
    return [...new Set([...this.#own.unstored(), ...this.#others.flatMap(({ unstored }) => unstored)])]
  }
}
