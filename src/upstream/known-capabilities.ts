import type { Log } from '../base/log.ts'
import type { Catalogue, Provider } from '../providers/provider.ts'
import type { MailboxStore, ServerCapabilities, ServerCapabilityStore } from '../store/ports.ts'
import type { Capabilities } from '../wire/envelope.ts'
import type { RelayCapabilities } from './relay.ts'

/**
 * What the mail servers of the providers can do: as they last said in EHLO (also before a restart),
 * and until then as the provider's data has it.
 */
export interface KnownCapabilities {
  /** Reads which providers have mailboxes. Never rejects: on failure the last answer stays. */
  refresh(): Promise<void>
  /** A mail server has answered EHLO. */
  heard(provider: Provider, capabilities: Capabilities): void
  /**
   * What this provider can do. Without one: the intersection over all providers that have mailboxes
   * (over all registered ones while there is no mailbox).
   */
  of(provider?: Provider): RelayCapabilities
  /** Resolves when everything heard is stored. */
  close(): Promise<void>
}

interface KnownCapabilitiesDeps {
  catalogue: Pick<Catalogue, 'list'>
  mailboxes: Pick<MailboxStore, 'providers'>
  serverCapabilities: ServerCapabilityStore
  log: Log
}

export function createKnownCapabilities({
  catalogue,
  mailboxes,
  serverCapabilities,
  log,
}: KnownCapabilitiesDeps): KnownCapabilities {
  /** By provider id. */
  const heard = new Map<string, ServerCapabilities>()
  /**
   * What clients may be offered, by provider id, and under the empty key the intersection. Each
   * message asks twice.
   */
  const answers = new Map<string, RelayCapabilities>()
  let inUse: readonly string[] = []
  let keeping = Promise.resolve()

  function capabilitiesOf({ id, submission, knownCapabilities }: Provider): RelayCapabilities {
    const known = heard.get(id)
    // The provider's settings may name another server by now.
    return known?.host === submission.host ? known : knownCapabilities
  }

  function providersInUse(): Provider[] {
    const registered = catalogue.list().flatMap((one) => (one.registered ? [one.provider] : []))
    const used = registered.filter(({ id }) => inUse.includes(id))
    return used.length > 0 ? used : registered
  }

  async function keep(offer: ServerCapabilities): Promise<void> {
    try {
      await serverCapabilities.put(offer)
    } catch (error) {
      // The next EHLO brings it again.
      log.warn(
        { event: 'provider.offer-not-kept', provider: offer.providerId, err: error },
        'what a mail server offers could not be kept',
      )
    }
  }

  return {
    async refresh() {
      try {
        const [kept, providers] = await Promise.all([serverCapabilities.list(), mailboxes.providers()])
        for (const offer of kept) if (!heard.has(offer.providerId)) heard.set(offer.providerId, offer)
        inUse = providers
      } catch (error) {
        log.warn(
          { event: 'provider.uses-not-read', err: error },
          'which providers are in use could not be read',
        )
      } finally {
        answers.clear()
      }
    },

    heard({ id: providerId, submission: { host } }, capabilities) {
      const { size, eightBitMime, smtpUtf8, dsn, enhancedStatusCodes } = capabilities
      const said = { eightBitMime, smtpUtf8, dsn, enhancedStatusCodes, ...(size !== undefined && { size }) }
      const offer = { providerId, host, ...said }
      if (isSame(heard.get(providerId), offer)) return
      heard.set(providerId, offer)
      answers.clear()
      keeping = keeping.then(() => keep(offer))
    },

    of(provider) {
      const key = provider?.id ?? ''
      const known =
        answers.get(key) ?? intersect((provider ? [provider] : providersInUse()).map(capabilitiesOf))
      answers.set(key, known)
      return known
    },

    close: () => keeping,
  }
}

function isSame(known: ServerCapabilities | undefined, offer: ServerCapabilities): boolean {
  if (known === undefined) return false
  const names = [
    ...(['host', 'size', 'eightBitMime', 'smtpUtf8'] as const),
    ...(['dsn', 'enhancedStatusCodes'] as const),
  ]
  return names.every((name) => known[name] === offer[name])
}

/** What postern can pass on. It has no limit of its own for SIZE. */
const implemented: RelayCapabilities = {
  eightBitMime: true,
  smtpUtf8: true,
  dsn: true,
  enhancedStatusCodes: true,
}

/**
 * What all of these providers can do, and the smallest of their sizes (RFC 1870: 0 is SIZE without
 * a limit).
 */
export function intersect(offers: readonly Pick<Capabilities, keyof RelayCapabilities>[]): RelayCapabilities {
  if (offers.length === 0) return implemented
  const every = (name: Exclude<keyof RelayCapabilities, 'size'>) => offers.every((offer) => offer[name])
  const sizes = offers.flatMap(({ size }) => (size === undefined ? [] : [size]))
  const figures = sizes.filter((size) => size > 0)
  return {
    eightBitMime: every('eightBitMime'),
    smtpUtf8: every('smtpUtf8'),
    dsn: every('dsn'),
    enhancedStatusCodes: every('enhancedStatusCodes'),
    // A server without SIZE has a limit that is not known, and would refuse the parameter.
    ...(sizes.length < offers.length ? {} : { size: figures.length === 0 ? 0 : Math.min(...figures) }),
  }
}
