import type { Mending } from '../store/ports.ts'
import type { MendingOptions } from './services.ts'

/**
 * What is mended of a login's mail from now on: what is mended now, and these options. One that is absent changes nothing.
 * @throws Failure `invalid`
 */
export function changedMending(mending: Mending, options: MendingOptions): Mending {
  const rewriteFrom = options.rewriteFrom ?? mending.rewriteFrom
  const mendLineEnds = options.mendLineEnds ?? mending.mendLineEnds
  // What is off is not there.
  return { ...(rewriteFrom && { rewriteFrom: true }), ...(mendLineEnds && { mendLineEnds: true }) }
}

/** In the words of the command's options. */
export function describeMending({ rewriteFrom, mendLineEnds }: Mending): string[] {
  return [...(rewriteFrom ? ['rewrite-from'] : []), ...(mendLineEnds ? ['mend-line-ends'] : [])]
}
