import { randomUUID } from 'node:crypto'
import type { Approvals } from '../approvals/approvals.ts'
import { createPeriodicTask } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import { asFailure, byId, type Failure, failure } from '../base/failure.ts'
import { actorFields, type Log } from '../base/log.ts'
import { Secret } from '../base/secret.ts'
import type { ConsentService } from '../consent/consent-service.ts'
import { parseDisplayName } from '../credentials/credential.ts'
import type { IdleRenewal, TokenStates } from '../grants/token-broker.ts'
import type { HttpFetch } from '../net/http-fetch.ts'
import type { Catalogue } from '../providers/provider.ts'
import type { Chores, PassingStore, Store } from '../store/ports.ts'
import type { Relay } from '../upstream/relay.ts'
import { createCommandChannel, createMailChannel, createWebhookChannel } from './channels.ts'
import { heldMessages, lapsedGrants, lastingTrouble, TroubleOfAll, unstoredRotations } from './conditions.ts'
import { endingGrants, endingRegistrations, inTestPhase } from './endings.ts'
import type { Channel, Delivery, Notice, Notices, NotifyConfig, SentLink } from './notices.ts'
import { createNotifier } from './notifier.ts'

export interface NoticesDeps {
  /** Asked anew for each look and each message. */
  readonly notify: NotifyConfig
  store: Pick<Store, 'grants' | 'notices'>
  catalogue: Pick<Catalogue, 'list' | 'registered'>
  tokens: Pick<TokenStates & IdleRenewal, 'pauses' | 'unstored' | 'tryAgain'>
  relay: Pick<Relay, 'begin'>
  consent: Pick<ConsentService, 'createLink'>
  /** For the webhook; asked anew for each request. */
  readonly fetch: HttpFetch
  readonly reminderSeconds: number
  /** Undefined where no message waits for a person, or has until lately. */
  approvals?(): Promise<Pick<Approvals, 'list' | 'linkOf'> | undefined>
  /** Where there are several processes: one of them sends what all have to say. */
  shared?: { chores: Pick<Chores, 'isMine'>; passing: PassingStore }
  clock: Clock
  log: Log
}

const lookSeconds = 60
const chore = 'notices'
const commandSeconds = 60

/**
 * Notices by every channel that is set: looked for while postern runs, and sent on request.
 */
export function createNotices(deps: NoticesDeps): Notices {
  const { store, catalogue, tokens, consent, shared, clock, log } = deps
  const trouble = shared && new TroubleOfAll(tokens, shared.passing)
  const channels = currentChannels(deps)
  const isOff = () => channels().length === 0
  const notifier = createNotifier({
    get channels() {
      return channels()
    },
    conditions: [
      async () => {
        const grants = await store.grants.lapsedOrEnding(inTestPhase(catalogue))
        return [...lapsedGrants(grants, tokens), ...endingGrants(grants, catalogue, clock)]
      },
      async () => endingRegistrations(catalogue, clock),
      async () => heldMessages(await deps.approvals?.()),
      lastingTrouble(trouble ?? tokens, clock),
      unstoredRotations(trouble ?? tokens),
    ],
    urgent: unstoredRotations(tokens),
    // While the database does not answer, no other process begins.
    ...(shared && { mayTell: () => shared.chores.isMine(chore).catch(() => true) }),
    notices: store.notices,
    createLink: consent.createLink,
    get reminderSeconds() {
      return deps.reminderSeconds
    },
    clock,
    log,
  })
  // Never two at a time: both would send the same.
  let looks = Promise.resolve()
  const look = () => (looks = looks.then(lookOnce))
  const lookIfTold = async () => {
    if (!isOff()) await look()
  }
  const looking = createPeriodicTask(lookSeconds, lookIfTold)

  async function lookOnce(): Promise<void> {
    // Where the database does not answer, the look finds that out, too.
    if (!trouble || (await shared.chores.isMine(chore).catch(() => true))) {
      await trouble?.hear().catch(() => {})
      return notifier.look()
    }
    await trouble.tell().catch(() => {})
  }

  return {
    get channels() {
      return channels().map(({ name }) => name)
    },

    start: () => looking.start(),

    lookNow() {
      if (!isOff()) void look()
    },

    async sendConsentLink(mailbox, asker) {
      const requestedBy = parseDisplayName(asker, 'The administrator')
      if (isOff()) throw noChannel()
      const { id, url, mailbox: address, expiresAt } = await consent.createLink(mailbox, requestedBy)
      const notice = {
        key: `consent-needed ${address}`,
        kind: 'consent-needed' as const,
        title: `a consent for ${address} is asked for`,
        text: `${requestedBy} asks for the consent that lets postern send mail for ${address}. Open the link only if you expected this.`,
        mailbox: address,
        consentLink: { url: new Secret(url), expiresAt },
      }
      const deliveries = await delivered(notice, channels(), (channel, error) => {
        const about = { mailbox: address, link: id, failure: error?.id, detail: error?.message }
        if (error)
          log.warn({ event: 'consent-link.unsent', channel, ...about }, 'A consent link was not delivered')
        else log.info({ event: 'consent-link.sent', channel, ...about }, 'A consent link was sent')
      })
      if (deliveries.every(({ failure }) => failure !== undefined)) throw nothingDelivered(deliveries)
      return { id, mailbox: address, expiresAt, deliveries }
    },

    async sendTest(asker, by) {
      if (isOff()) throw noChannel()
      const notice = {
        key: 'test',
        kind: 'test' as const,
        title: 'a test notice',
        text: `${asker} asks whether notices arrive here. They do; nothing is to be done.`,
      }
      return delivered(notice, channels(), (channel, error) => {
        const about = { channel, notice: notice.key, ...actorFields(by) }
        if (error)
          log.warn(
            { event: 'notice.failed', ...about, detail: error.message },
            'A test notice was not delivered',
          )
        else log.info({ event: 'notice.sent', ...about }, 'A test notice was sent')
      })
    },

    async close() {
      await looking.close()
      await looks
    },
  }
}

/** By every channel, one after another. */
async function delivered(
  notice: Notice,
  channels: readonly Channel[],
  tell: (channel: Channel['name'], error: Failure | undefined) => void,
): Promise<Delivery[]> {
  const deliveries: Delivery[] = []
  for (const channel of channels) {
    const error = await channel.deliver(notice, randomUUID()).then(
      () => undefined,
      (thrown: unknown) => asFailure(thrown),
    )
    tell(channel.name, error)
    deliveries.push({ channel: channel.name, ...(error && { failure: error.message, why: byId(error) }) })
  }
  return deliveries
}

/** The channels of the settings as they are now, made anew when they have changed. */
function currentChannels(deps: NoticesDeps): () => readonly Channel[] {
  let of = deps.notify
  let channels = channelsOf(deps)
  return () => {
    if (deps.notify !== of) {
      of = deps.notify
      channels = channelsOf(deps)
    }
    return channels
  }
}

function channelsOf(deps: NoticesDeps): Channel[] {
  const { relay, clock } = deps
  const { webhook, mail, command } = deps.notify
  return [
    ...(webhook
      ? [createWebhookChannel({ ...webhook, fetch: (url, request) => deps.fetch(url, request), clock })]
      : []),
    ...(mail ? [createMailChannel({ ...mail, relay })] : []),
    ...(command ? [createCommandChannel({ command, clock, timeoutSeconds: commandSeconds })] : []),
  ]
}

function noChannel(): Failure {
  return failure('notice.no-channel')
}

function nothingDelivered(deliveries: SentLink['deliveries']): Failure {
  const why = deliveries.map(({ channel, failure }) => `${channel}: ${failure}`).join('; ')
  return failure('notice.link-not-delivered', { reason: why })
}
