/**
 * Passes over message octets that are in order, sixteen at a time, by WebAssembly with SIMD
 * (simd-pass.wat). There is one, and what a call leaves in it is read before the next.
 */
export interface SimdPass {
  /**
   * How many octets from the start of the piece were passed: all but the last few, or up to sixteen
   * that hold a NUL, a bare CR, a bare LF or what may be the end of the message.
   */
  pass(piece: Buffer): number
  /**
   * Two octets: those that came before the piece, to be set before a call, and those before what
   * was not passed, after it.
   */
  readonly before: Uint8Array
  /** How many stuffed dots the last call passed, each with the octet behind it. */
  readonly stuffed: number
}

const noSimd = Symbol('no SIMD')
let compiled: SimdPass | typeof noSimd | undefined

/** Compiled by the first call; undefined where there is no WebAssembly, or none with SIMD. */
export function simdPass(): SimdPass | undefined {
  compiled ??= compile() ?? noSimd
  return compiled === noSimd ? undefined : compiled
}

function compile(): SimdPass | undefined {
  try {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(code, 'base64')))
    return new CompiledPass(instance.exports)
  } catch {
    // The reasons are many (an old processor, `--jitless`, too little address space), and all mean
    // the same.
    return undefined
  }
}

/** What simd-pass.wat exports. */
interface Exports {
  memory: { buffer: ArrayBuffer }
  dots: { value: number }
  pass(at: number, end: number): number
}

/** As much as is needed here of what Node.js has and its types leave out. */
declare const WebAssembly: {
  Module: new (octets: Uint8Array) => object
  Instance: new (module: object) => { exports: Exports }
}

/** Where the octets begin in memory, and how many there may be. */
const start = 16
const room = 65_536

class CompiledPass implements SimdPass {
  readonly before: Uint8Array
  stuffed = 0
  readonly #exports: Exports
  readonly #memory: Uint8Array

  constructor(exports: Exports) {
    this.#exports = exports
    this.#memory = new Uint8Array(exports.memory.buffer)
    this.before = this.#memory.subarray(start - 2, start)
  }

  pass(piece: Buffer): number {
    this.stuffed = 0
    let at = 0
    for (let whole = true; whole && piece.length - at >= 16; ) {
      const octets = Math.min(piece.length - at, room) & ~15
      this.#memory.set(piece.subarray(at, at + octets), start)
      const end = this.#exports.pass(start, start + octets)
      this.stuffed += this.#exports.dots.value
      // Not by `copyWithin`, which costs more than all else for a short piece.
      this.#memory[start - 2] = this.#memory[end - 2] as number
      this.#memory[start - 1] = this.#memory[end - 1] as number
      at += end - start
      whole = end === start + octets
    }
    return at
  }
}

/** simd-pass.wat, compiled. */
const code =
  'AGFzbQEAAAABBwFgAn9/AX8DAgEABQMBAAIGBgF/AUEACwcYAwZtZW1vcnkCAARkb3RzAwAEcGFzcwAACpsBAZgBAgh7AX9BAP0PIQVBCv0PIQZBDf0PIQdBLv0PIQgCQANAIAAgAU8NASAA/QAEACECIABBAWv9AAQAIQMgAEECa/0ABAAhBCAEIAb9IyADIAj9I/1OIQkgAiAF/SMgAyAH/SMgAiAG/SP9Uf1QIAkgAiAH/SP9Tv1Q/VMNASAKIAn9ZGlqIQogAEEQaiEADAALCyAKJAAgAAs='
