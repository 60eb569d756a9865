const cr = 0x0d
const nothing = Buffer.alloc(0)

/** The beginning of a line whose end has not come, in one buffer that doubles: however small the pieces are, no octet is copied more than twice. */
export class LineStart {
  /** A CR that may be the line's end among them. */
  octets = 0
  #held = nothing

  /** Octets of the line, without a CR that may be its end. */
  length(): number {
    return this.octets - (this.endsInCr() ? 1 : 0)
  }

  endsInCr(): boolean {
    return this.octets > 0 && this.#held[this.octets - 1] === cr
  }

  add(chunk: Buffer): void {
    if (this.octets + chunk.length > this.#held.length) {
      const larger = Buffer.alloc(Math.max(256, 2 * (this.octets + chunk.length)))
      this.#held.copy(larger, 0, 0, this.octets)
      this.#held = larger
    }
    this.octets += chunk.copy(this.#held, this.octets)
  }

  /** The first octets of the line, with those of `tail` behind it. */
  peek(tail: Buffer, count: number): Buffer {
    const { octets } = this
    const here = this.#held.subarray(0, Math.min(octets, count))
    return Buffer.concat([here, tail.subarray(0, Math.max(0, count - octets))])
  }

  /** The whole line, its end included; `tail` ends in the LF that ends it. */
  finish(tail: Buffer): Buffer {
    if (this.octets === 0) return tail
    const whole = Buffer.concat([this.#held.subarray(0, this.octets), tail])
    this.letGo()
    return whole
  }

  letGo(): void {
    this.#held = nothing
    this.octets = 0
  }
}
