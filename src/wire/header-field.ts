/** RFC 5322, section 2.1.1: what a line should not be longer than. */
const usualOctets = 78
/** And what no word may be longer than, so that no line has more than 998. */
const longestWord = 900
/** Of the text in one encoded word, which may have 75 octets (RFC 2047, section 2). */
const encodedOctets = 45

/** A field with its CRLF, folded between its words where it would be longer than a line should be. */
export function formatField(name: string, words: readonly string[]): string {
  let lines = ''
  let line = `${name}:`
  for (const word of words) {
    const isFirst = line === `${name}:`
    if (!isFirst && Buffer.byteLength(`${line} ${word}`) > usualOctets) {
      lines += `${line}\r\n`
      line = ''
    }
    line += ` ${word}`
  }
  return `${lines}${line}\r\n`
}

/**
 * A name for people in front of an address, as words that a field may be folded between. What is a phrase already (RFC 5322, section 3.2.5) stays as it is, encoded words
 * among it; anything else is quoted or, where it is not ASCII, encoded (RFC 2047).
 */
export function phraseWords(name: string): string[] {
  const clean = name.replace(/\p{Cc}+/gu, ' ').trim()
  if (clean === '') return []
  const text = withoutQuotes(clean)
  if (!/^[ -~]*$/.test(clean)) return encodedWords(text)
  const words = phrase.test(clean) ? wordsOf(clean) : quotedWords(text)
  return words.some((word) => word.length > longestWord) ? encodedWords(text) : words
}

const phrase = /^(?:[\w!#$%&'*+\-/=?^`{|}~ ]|"(?:[^"\\]|\\.)*")*$/

/** In quotes but for encoded words, which would be read as they stand there (RFC 2047, section 5). */
function quotedWords(text: string): string[] {
  const parts = text.split(/(=\?[^?\s]{1,40}\?[bq]\?[^?\s]{0,75}\?=)/i).map((part) => part.trim())
  return parts.flatMap((part, index) => {
    if (part === '') return []
    return index % 2 === 1 ? [part] : wordsOf(`"${part.replace(/["\\]/g, '\\$&')}"`)
  })
}

/** One that is never closed is taken to its end in one go: looking for its end anew at each quote behind it would cost the square of its length. */
function withoutQuotes(name: string): string {
  return name.replace(/"((?:[^"\\]|\\.)*)("?)/g, (whole, quoted: string, end: string) =>
    end === '' ? whole : quoted.replace(/\\(.)/g, '$1'),
  )
}

/** Cut at blanks that stand alone: of several together one would be lost to whoever unfolds it carelessly. */
function wordsOf(text: string): string[] {
  return text.split(/(?<! ) (?! )/)
}

function encodedWords(text: string): string[] {
  const pieces: string[] = []
  let piece = ''
  for (const character of text) {
    if (Buffer.byteLength(piece + character) > encodedOctets) {
      pieces.push(piece)
      piece = ''
    }
    piece += character
  }
  return [...pieces, piece].map((one) => `=?UTF-8?B?${Buffer.from(one).toString('base64')}?=`)
}
