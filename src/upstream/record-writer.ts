/** Gathers a message into whole TLS records, in memory that is used again. */
export interface RecordWriter {
  /**
   * Copies the octets. A promise: no more before it resolves. Throws, or rejects with, what `write`
   * has rejected with.
   */
  take(octets: Buffer): Promise<void> | undefined
  /** Writes what is left, and resolves when everything has been taken. */
  end(): Promise<void>
  /** Writes nothing more. */
  stop(): void
}

/** Four records of TLS, which hold 16 KiB each (RFC 8446, section 5.1). */
const blockOctets = 65_536
/** Of each message. */
const mostBlocksUnderWay = 2
/** What does not fill a block waits for more, but not for longer than this, in milliseconds. */
const longestWait = 20

/** Blocks that nothing refers to any more; those of more messages than usual are let go. */
const spare: Buffer[] = []
const mostSpare = 16

/** @param write resolves when the octets have been taken, and their memory may be used for others */
export function createRecordWriter(write: (octets: Buffer) => Promise<void>): RecordWriter {
  return new BlockWriter(write)
}

class BlockWriter implements RecordWriter {
  readonly #write: (octets: Buffer) => Promise<void>
  #block: Buffer | undefined
  #length = 0
  #underWay = 0
  #fault: { error: unknown } | undefined
  #timer: NodeJS.Timeout | undefined
  #waiting: (() => void)[] = []

  constructor(write: (octets: Buffer) => Promise<void>) {
    this.#write = write
  }

  take(octets: Buffer): Promise<void> | undefined {
    if (this.#fault !== undefined) throw this.#fault.error
    for (let at = 0; at < octets.length; ) {
      this.#block ??= spare.pop() ?? Buffer.allocUnsafeSlow(blockOctets)
      const copied = octets.copy(this.#block, this.#length, at)
      at += copied
      this.#length += copied
      if (this.#length === blockOctets) this.#send(this.#block)
    }
    if (this.#length > 0) this.#timer ??= setTimeout(() => this.#sendRest(), longestWait)
    if (this.#underWay < mostBlocksUnderWay) return undefined
    const room = this.#fewerThan(mostBlocksUnderWay)
    // Whoever does not wait for it hears of a fault by the next call.
    room.catch(() => {})
    return room
  }

  async end(): Promise<void> {
    this.#sendRest()
    await this.#fewerThan(1)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#block = undefined
    this.#length = 0
  }

  #sendRest(): void {
    if (this.#block !== undefined && this.#length > 0) this.#send(this.#block)
  }

  #send(block: Buffer): void {
    const octets = block.subarray(0, this.#length)
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#block = undefined
    this.#length = 0
    this.#underWay++
    this.#write(octets).then(
      () => {
        if (spare.length < mostSpare) spare.push(block)
        this.#underWay--
        this.#goOn()
      },
      // The block is not used again: who knows who still reads it.
      (error: unknown) => {
        this.#fault ??= { error }
        this.#goOn()
      },
    )
  }

  #goOn(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  async #fewerThan(count: number): Promise<void> {
    while (this.#underWay >= count && this.#fault === undefined)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    if (this.#fault !== undefined) throw this.#fault.error
  }
}
