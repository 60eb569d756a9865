import { sameAddress } from '../base/address.ts'
import type { Submitter } from '../mailboxes/services.ts'
import { createFromRewriter, type FromRewriter } from '../wire/from-rewriter.ts'

/** The octets of a message as they leave: the client's own, unless its login asks for something else. They are pulled as before. */
export function mendedMessage(
  octets: AsyncIterable<Buffer>,
  { mending, mailboxes }: Submitter,
  mailbox: string,
): AsyncIterable<Buffer> {
  if (!mending?.rewriteFrom) return octets
  const own = mailboxes.filter(({ address }) => sameAddress(address, mailbox))
  const aliases = own.flatMap((one) => one.aliases)
  return rewritten(octets, createFromRewriter({ mailbox, aliases }))
}

async function* rewritten(octets: AsyncIterable<Buffer>, rewriter: FromRewriter): AsyncGenerator<Buffer> {
  for await (const piece of octets) {
    const out = rewriter.push(piece)
    if (out.length > 0) yield out
  }
  const out = rewriter.end()
  if (out.length > 0) yield out
}
