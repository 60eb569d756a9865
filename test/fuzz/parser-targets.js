import { Failure } from '#built/base/failure.js'
import { parseAddress } from '#built/model/address.js'
import { mechanismsFor, readErrorChallenge } from '#built/sasl/mechanisms.js'
import { readPath } from '#built/smtp/command-arguments.js'
import { originatorsOf } from '#built/wire/header-addresses.js'
import {
  exchange,
  readBase64,
  readBothWays,
  readCapabilities,
  readCommand,
  readLines,
  readMessage,
  readReplies,
} from './parser-readings.js'

/**
 * The pure parsers, each with the words that its inputs are made of. `read` says what came of an input that arrives in these
 * pieces, so that two cuttings can be compared, and throws when something is there that must not be.
 *
 * @typedef {object} ParserTarget
 * @property {string} name
 * @property {readonly string[]} words latin1
 * @property {(pieces: readonly Buffer[]) => string} read
 */

const newlines = ['\r\n', '\r\n', '\r', '\n', '\0']
const paths = words(
  '<|>|@|"|\\|:|,|.|[|]| |a|b.example|<a@b.example>|"a b"@c|gr\xc3\xbc\xc3\x9fe|\x01|\xff|127.0.0.1|postmaster|\x7f|\xc2\x85|\xed\xa0\x80',
)
const commands = words(
  'EHLO |HELO |AUTH |PLAIN|MAIL FROM:|RCPT TO:|DATA|BDAT |QUIT|NOOP|mail from: | SIZE=| BODY=8BITMIME| SMTPUTF8| RET=FULL| ENVID=| NOTIFY=|SUCCESS| ORCPT=rfc822;|=|+0D|12|\t|GET / HTTP/1.1',
)
const base64 = words('=|==|A|QQ==|AAA=|AGEAYg==|dXNlcj0|AQE=|+|/|-|_| |*|\xff')
const responses = words(
  '\0|user|n,|n,a=|,|user=|\x01|\x01\x01|auth=Bearer |host=|port=1|token.~+/=|=2C|=3D|=| |\xc3\xbc|\xff|d41d8cd98f00b204e9800998ecf8427e|y,|p=x,',
)
const replies = [...newlines, ...words('250|250-|250 |550 5.1.1 no|-| |xxxxxxxxxxxxxxxxxxxx|2|\xff')]
const offers = words('AUTH|=| |\t|XOAUTH2|SIZE|123|9999999999999999999999999|STARTTLS|-|\xdf|__proto__')

/** Text of which no octet matters, around the sixteen that are looked at together. */
const lengths = [5, 14, 15, 16, 17, 18, 33, 64].flatMap((length) => [
  'x'.repeat(length),
  'y\r\n'.padStart(length, 'x'),
])

/** @type {ParserTarget[]} */
export const parserTargets = [
  { name: 'command', words: [...commands, ...paths], read: (pieces) => readCommand(Buffer.concat(pieces)) },
  { name: 'path', words: paths, read: (pieces) => show(readPath(utf8(pieces))) },
  { name: 'address', words: paths, read: (pieces) => parseAddress(utf8(pieces)) },
  { name: 'input-buffer', words: [...newlines, 'NOOP', 'a', 'bcd'], read: readLines },
  { name: 'message-scanner', words: [...newlines, ...words('.|.|a|QUIT|\r\n.\r\n|\xff')], read: readMessage },
  {
    name: 'simd-scanner',
    words: ['\r\n', ...newlines, ...words('.|\r\n.|\r\n..|\r\n.a|a|\r\n.\r\n|\x8d|\x8a|\xae'), ...lengths],
    read: readBothWays,
  },
  {
    name: 'originators',
    words: [...paths, ...words('From:|from :|Sender:|Resent-From:|\r\n|\r\n |\r\n\r\n|(|)|,|;| ')],
    read: (pieces) => show(originatorsOf(Buffer.concat(pieces))),
  },
  { name: 'reply-parser', words: replies, read: readReplies },
  { name: 'capabilities', words: offers, read: readCapabilities },
  { name: 'base64', words: base64, read: (pieces) => readBase64(latin1(pieces)) },
  {
    name: 'error-challenge',
    words: [...base64, ...words('eyJzdGF0dXMiOiI0MDAifQ==|e30=|W10=')],
    read: (pieces) => show(readErrorChallenge(latin1(pieces))),
  },
  ...mechanismsFor({ cramMd5: true, bearer: true }).map((mechanism) => ({
    name: `sasl-${mechanism.name.toLowerCase()}`,
    words: responses,
    read: (/** @type {readonly Buffer[]} */ pieces) => exchange(mechanism, Buffer.concat(pieces)),
  })),
]

/** An exception is one of the declared ones, or a fault. @param {() => string} read */
export function readSafely(read) {
  try {
    return read()
  } catch (error) {
    if (error instanceof Failure) return error.code
    throw error
  }
}

/** @param {string} list */
function words(list) {
  return list.split('|')
}

/** @param {readonly Buffer[]} pieces */
function utf8(pieces) {
  return Buffer.concat(pieces).toString('utf8')
}

/** @param {readonly Buffer[]} pieces */
function latin1(pieces) {
  return Buffer.concat(pieces).toString('latin1')
}

/** @param {unknown} value */
function show(value) {
  return JSON.stringify(value) ?? ''
}
