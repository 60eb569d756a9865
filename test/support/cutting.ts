/** The input in pieces of these sizes, over and over. */
export function cutAt(input: Buffer, ...sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, turn = 0; at < input.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    pieces.push(input.subarray(at, at + size))
    at += size
  }
  return pieces
}

/** Every text of these characters up to this length. */
export function* everyMixture(alphabet: string, longest: number): Generator<string> {
  let texts = ['']
  for (let length = 0; length <= longest; length++) {
    yield* texts
    texts = texts.flatMap((text) => [...alphabet].map((character) => text + character))
  }
}
