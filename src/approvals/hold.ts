import type { Clock } from '../base/clock.ts'
import { type Failure, failure } from '../base/failure.ts'
import { freshId } from '../credentials/credential.ts'
import type { HeldEnvelope } from '../model/held-message.ts'
import type { Limits } from '../model/limits.ts'
import type { HeldBounds, HeldMessageStore } from '../store/ports.ts'
import type { FinalReply, MessageOctets, Transaction } from '../upstream/relay.ts'
import type { Hold, MessageToHold } from '../upstream/submission.ts'
import type { RecipientCommand } from '../wire/envelope.ts'
import { type Reply, say } from '../wire/reply.ts'
import { ownerOf } from './approvals.ts'
import { shownHead } from './message-head.ts'

interface HoldDeps {
  held: HeldMessageStore
  readonly limits: Pick<Limits, 'heldOctets' | 'heldMessages' | 'approvalSeconds'>
  /** A message waits from now on. */
  onHeld(): void
  clock: Pick<Clock, 'now'>
}

/** As small as a write that holds nobody up. */
const partOctets = 48 * 1024
/** A longer header is not taken: what stands at its end could not be shown to whoever approves it. */
const mostHeader = 256 * 1024
/** Of all logins and API keys together. */
const mostMessages = 500
const mostOctets = 512 * 1024 * 1024

const lineEnd = Buffer.from('\r\n')

const noted = say(250, '2.1.5 Recipient noted: the message waits for approval')

/** Takes messages as a provider would, and keeps them. */
export function createHold(deps: HoldDeps): Hold {
  /** Of messages that are still coming. */
  const coming = { octets: 0 }
  return async (message) => {
    const { recipients, submitter } = message
    // Before anything is kept of what could not be held in the end.
    const why = await deps.held.whyFull(ownerOf(submitter), boundsOf(deps.limits))
    if (why !== undefined) throw full(why, deps.limits.heldMessages)
    return { replies: recipients.map(() => noted), transaction: new Holding(message, deps, coming) }
  }
}

/** A class, because each message has one. */
class Holding implements Transaction {
  readonly #message: MessageToHold
  readonly #deps: HoldDeps
  readonly #coming: { octets: number }
  readonly #id = freshId()
  readonly #recipients: RecipientCommand[]

  constructor(message: MessageToHold, deps: HoldDeps, coming: { octets: number }) {
    this.#message = message
    this.#deps = deps
    this.#coming = coming
    this.#recipients = [...message.recipients]
  }

  async recipients(commands: readonly RecipientCommand[]): Promise<readonly Reply[]> {
    this.#recipients.push(...commands)
    return commands.map(() => noted)
  }

  promise(): void {}

  async reset(): Promise<void> {}

  async send(octets: MessageOctets): Promise<FinalReply> {
    const { held, onHeld } = this.#deps
    const counted = { octets: 0, parts: 0 }
    try {
      const head = await this.#keep(octets, counted)
      await this.#add(head, counted)
    } catch (error) {
      // What is left of it is swept.
      await held.dropParts(this.#id).catch(() => {})
      throw error
    } finally {
      this.#coming.octets -= counted.octets
    }
    onHeld()
    const words = `2.0.0 Held for approval as ${this.#id}: it leaves when a person has approved it [postern:HELD]`
    return { ...say(250, words), held: this.#id }
  }

  /** Gives its first octets. */
  async #keep(octets: MessageOctets, counted: { octets: number; parts: number }): Promise<Buffer> {
    const { held, limits } = this.#deps
    const first: Buffer[] = []
    let waiting: Buffer[] = []
    let size = 0
    const keep = async () => {
      const all = Buffer.concat(waiting)
      waiting = []
      size = 0
      for (let from = 0; from < all.length; from += partOctets)
        await held.keepPart(this.#id, counted.parts++, all.subarray(from, from + partOctets))
    }
    for await (const piece of octets) {
      counted.octets += piece.length
      this.#coming.octets += piece.length
      if (counted.octets > limits.heldOctets) throw failure('sending.too-large', { limit: limits.heldOctets })
      if (this.#coming.octets > mostOctets) throw failure('approval.full')
      // The memory of a piece may be used for others next.
      const own = Buffer.from(piece)
      if (counted.octets - own.length < mostHeader) first.push(own)
      waiting.push(own)
      size += piece.length
      if (size >= partOctets) await keep()
    }
    await keep()
    const head = Buffer.concat(first)
    const isWhole =
      head.length < mostHeader || head.subarray(0, 2).equals(lineEnd) || head.includes('\r\n\r\n')
    if (!isWhole) throw failure('sending.header-too-long', { most: mostHeader })
    return head
  }

  async #add(head: Buffer, { octets, parts }: { octets: number; parts: number }): Promise<void> {
    const { held, limits, clock } = this.#deps
    const { submitter, source, mailbox, mail, givenSender } = this.#message
    const envelope: HeldEnvelope = {
      ...{ userName: submitter.userName, source, mailbox: mailbox.address, mail },
      ...(givenSender !== undefined && { givenSender }),
      recipients: this.#recipients,
      ...shownHead(head),
    }
    const createdAt = clock.now()
    const endsAt = createdAt + limits.approvalSeconds * 1000
    const owner = ownerOf(submitter)
    const message = { id: this.#id, owner, envelope, octets, parts, createdAt, endsAt }
    const added = await held.add(message, boundsOf(limits))
    if (added !== 'added') throw full(added, limits.heldMessages)
  }
}

function boundsOf({ heldMessages }: Pick<Limits, 'heldMessages'>): HeldBounds {
  return { messagesOfOwner: heldMessages, messages: mostMessages, octets: mostOctets }
}

function full(why: 'owner-full' | 'full', most: number): Failure {
  return why === 'full' ? failure('approval.full') : failure('approval.owner-full', { most })
}
