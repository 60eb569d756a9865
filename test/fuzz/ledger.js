import { createHash } from 'node:crypto'

/**
 * Both sides of the book: what clients sent and were told, and what the provider kept. Everything a client got 250 for
 * is there exactly once, octet for octet; nothing is there that no client sent.
 *
 * @typedef {import('./read-transcript.js').SentMessage} SentMessage
 * @typedef {import('./recording-provider.js').Kept} Kept
 * @typedef {Omit<SentMessage, 'content'> & { session: string }} Sent
 * @typedef {{ session: string, fault: string }} Discrepancy
 */
export function createLedger() {
  /** @type {Map<string, { sent: Sent[], kept: Omit<Kept, 'content'>[] }>} */
  const pages = new Map()
  const counts = { accepted: 0, refused: 0, unknown: 0, kept: 0 }

  /** @param {string} content */
  function page(content) {
    const key = createHash('sha256').update(content, 'latin1').digest('base64')
    const found = pages.get(key) ?? { sent: [], kept: [] }
    pages.set(key, found)
    return found
  }

  return {
    counts,
    /** @param {string} session @param {SentMessage} message */
    sent(session, { content, ...rest }) {
      if (!rest.guessed) counts[rest.outcome]++
      page(content).sent.push({ session, ...rest })
    },
    /** @param {Kept} message */
    kept({ content, ...rest }) {
      counts.kept++
      page(content).kept.push(rest)
    },
    /** Compares, once no session is open any more, and forgets. @returns {Discrepancy[]} */
    settle() {
      const found = [...pages.values()].flatMap(settlePage)
      pages.clear()
      return found
    },
  }

  /** @param {{ sent: Sent[], kept: Omit<Kept, 'content'>[] }} page @returns {Discrepancy[]} */
  function settlePage({ sent, kept }) {
    const open = [...sent].sort((left, right) => rank(left) - rank(right))
    const found = kept.flatMap((message) => {
      const at = open.findIndex((one) => sameEnvelope(one, message))
      const [match] = at === -1 ? [] : open.splice(at, 1)
      const fault = match
        ? contradiction(match, message)
        : 'the provider keeps a message that no client sent, or keeps it twice'
      if (!fault) return []
      return [
        {
          session: match?.session ?? sessionOf(message),
          fault: `${fault}: to ${message.recipients.join(', ')}`,
        },
      ]
    })
    const lost = open.filter(({ outcome }) => outcome === 'accepted')
    return found.concat(
      lost.map(({ session }) => ({
        session,
        fault: 'the client got 250 and the provider has no such message',
      })),
    )
  }
}

/** @param {Sent} sent */
function rank({ outcome, guessed }) {
  return guessed ? 3 : ['accepted', 'unknown', 'refused'].indexOf(outcome)
}

/** @param {Sent} sent @param {{ told: boolean }} kept */
function contradiction({ outcome }, { told }) {
  return outcome === 'refused' && told ? 'the client was refused what the provider keeps' : undefined
}

/** Lines as the client said them, addresses as the provider got them. @param {Sent} sent @param {{ sender: string, recipients: readonly string[] }} kept */
function sameEnvelope({ envelope, guessed }, { sender, recipients }) {
  const addresses = [sender, ...recipients]
  if (guessed) return addresses.every((address) => envelope.some((line) => line.includes(address)))
  return (
    envelope.length === addresses.length &&
    addresses.every((address, index) => envelope[index]?.includes(address))
  )
}

/** Recipients carry the number of their session. @param {{ recipients: readonly string[] }} kept */
function sessionOf({ recipients }) {
  const [, number] = /\.s([0-9a-z]+)x/.exec(recipients.join(' ')) ?? []
  return number === undefined ? '' : `#${Number.parseInt(number, 36)}`
}
