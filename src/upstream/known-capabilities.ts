import type { Log } from '../base/log.ts'
import type { Catalogue, Provider } from '../providers/provider.ts'
import type { HeardOffer, HeardOfferStore, MailboxStore } from '../store/ports.ts'
import type { Capabilities } from '../wire/capabilities.ts'
import type { RelayCapabilities } from './relay.ts'

/** What the mail servers of the providers offer: as they said last, also before a restart, and until then as it is known of them. */
interface KnownCapabilities {
  /** Looks which providers there are mailboxes of. Never rejects: what was known is known still. */
  refresh(): Promise<void>
  /** One has said it in its EHLO. */
  heard(provider: Provider, capabilities: Capabilities): void
  /** Of one; without it, what all can do that there are mailboxes of (as long as there is none: that are registered). */
  of(provider?: Provider): RelayCapabilities
  /** Resolves when what was heard is kept. */
  close(): Promise<void>
}

interface KnownCapabilitiesDeps {
  catalogue: Pick<Catalogue, 'list'>
  mailboxes: Pick<MailboxStore, 'providers'>
  heardOffers: HeardOfferStore
  log: Log
}

export function createKnownCapabilities({
  catalogue,
  mailboxes,
  heardOffers,
  log,
}: KnownCapabilitiesDeps): KnownCapabilities {
  /** By provider id. */
  const heard = new Map<string, HeardOffer>()
  /** What follows from it, by provider id, and under the empty one for all together: asked for twice by each message. */
  const answers = new Map<string, RelayCapabilities>()
  let inUse: readonly string[] = []
  let keeping = Promise.resolve()

  function capabilitiesOf({ id, submission, knownCapabilities }: Provider): RelayCapabilities {
    const known = heard.get(id)
    // The settings may have another server for it by now.
    return known?.host === submission.host ? known : knownCapabilities
  }

  function providersInUse(): Provider[] {
    const registered = catalogue.list().flatMap((one) => (one.registered ? [one.provider] : []))
    const used = registered.filter(({ id }) => inUse.includes(id))
    return used.length > 0 ? used : registered
  }

  async function keep(offer: HeardOffer): Promise<void> {
    try {
      await heardOffers.put(offer)
    } catch (error) {
      // It is heard again.
      log.warn({ provider: offer.providerId, err: error }, 'what a mail server offers could not be kept')
    }
  }

  return {
    async refresh() {
      try {
        const [kept, providers] = await Promise.all([heardOffers.list(), mailboxes.providers()])
        for (const offer of kept) if (!heard.has(offer.providerId)) heard.set(offer.providerId, offer)
        inUse = providers
        answers.clear()
      } catch (error) {
        log.warn({ err: error }, 'which providers are in use could not be read')
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

function isSame(known: HeardOffer | undefined, offer: HeardOffer): boolean {
  if (known === undefined) return false
  const names = [
    ...(['host', 'size', 'eightBitMime', 'smtpUtf8'] as const),
    ...(['dsn', 'enhancedStatusCodes'] as const),
  ]
  return names.every((name) => known[name] === offer[name])
}

/** What postern can pass on. No figure for SIZE: that is the providers'. */
const implemented: RelayCapabilities = {
  eightBitMime: true,
  smtpUtf8: true,
  dsn: true,
  enhancedStatusCodes: true,
}

/** What every provider in use can do, and the smallest of their sizes (RFC 1870: 0 is a size without a figure). */
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
    // One that offers no SIZE has a limit that nobody knows, and would refuse the parameter.
    ...(sizes.length < offers.length ? {} : { size: figures.length === 0 ? 0 : Math.min(...figures) }),
  }
}
