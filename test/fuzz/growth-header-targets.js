import { createFromRewriter, formatField, phraseWords } from '#built/wire/from-rewriter.js'
import { addressList, originatorsOf } from '#built/wire/header-addresses.js'

// The header of a message: read for what it names, and mended where its login asks for that. So much of a field is held.
const field = 65_536
const inPieces = 12_288

const words = ['"', '\\"', '\\', '(', ')', '<', '>', ',', ';', ':', '@', 'a@b', ' ', '\t', 'é', '=?']
const fields = ['From: ', 'Sender: ', 'Reply-To: ', 'From:a@b\r\n', '\r\n ', '\r\n', '\r\n.', '.']
const openings = ['', '"', '(', '<', 'From: "', 'From: (', 'From: <', 'Sender: ', 'From ']

/** @type {import('./growth-targets.js').GrowthTarget[]} */
export const headerTargets = [
  { name: 'addresses of a field', longest: field, words, openings, read: addressList },
  {
    name: 'a name in front of an address',
    longest: field,
    words,
    openings,
    read: (text) => formatField('From', phraseWords(text)),
  },
  {
    name: 'whom a message says it is from',
    longest: field,
    words: [...words, ...fields],
    openings,
    prepare: (text) => Buffer.from(text),
    read: originatorsOf,
  },
  {
    name: 'a header whose From: is replaced',
    longest: field,
    words: [...words, ...fields],
    openings,
    prepare: (text) => [Buffer.from(text)],
    read: rewrite,
  },
  {
    name: 'a header whose From: is replaced, that comes octet by octet',
    longest: inPieces,
    words: [...words, ...fields],
    openings,
    prepare: (text) => Array.from(Buffer.from(text), (octet) => Buffer.of(octet)),
    read: rewrite,
  },
]

/** @param {readonly Buffer[]} pieces */
function rewrite(pieces) {
  const rewriter = createFromRewriter({ mailbox: 'me@example.com', aliases: ['a@b'] })
  for (const piece of pieces) rewriter.push(piece)
  return rewriter.end()
}
