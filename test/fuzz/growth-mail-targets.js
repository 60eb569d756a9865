import { userNameKey } from '#built/base/text.js'
import { sourceOf } from '#built/net/ip.js'
import { decodeBase64, mechanismsFor } from '#built/sasl/mechanisms.js'
import { isHttpInPlaceOfBase64 } from '#built/smtp/client-opening.js'
import { parseCommand } from '#built/smtp/command.js'
import {
  readGivenSender,
  readMailParameters,
  readPath,
  readRecipientParameters,
} from '#built/smtp/command-arguments.js'
import { mendedRecipients } from '#built/smtp/mending.js'
import { isProxyHeader, readProxyHeader } from '#built/smtp/proxy-header.js'
import { senderRefused } from '#built/smtp/replies.js'
import { explainHandshake } from '#built/tls/handshake-trouble.js'
import { createInputBuffer, decodeUtf8, readClientText } from '#built/wire/input-buffer.js'
import { createMendingScanner } from '#built/wire/mending-scanner.js'
import { createMessageScanner, undoDotStuffing } from '#built/wire/message-scanner.js'
import { headerTargets } from './growth-header-targets.js'
import { playPipelined } from './growth-session.js'

// The SMTP server. The lengths are those of the limits that it has by default.
const commandLine = 4_096
const authLine = 12_288
const buffer = 65_536

const paths = ['<', '>', '@', '"', '\\', '.', ':', ',', 'a@b', '<a@b.example>', '@a,', '"\\a']
const parameters = [
  ' SIZE=1',
  ' BODY=8BITMIME',
  ' RET=',
  ' ENVID=',
  ' ORCPT=rfc822;',
  '+0D',
  ' AUTH=<>',
  ' X',
  '=',
]
const verbs = [
  'EHLO ',
  'AUTH ',
  'AUTH PLAIN ',
  'MAIL FROM:',
  'MAIL FROM:<',
  'RCPT TO:<',
  'RCPT TO:',
  'NOOP ',
  '',
]
const responses = [
  'user=',
  'n,a=',
  'n,,',
  '\x01',
  'auth=Bearer ',
  'host=',
  '=2C',
  '=3D',
  '\0',
  'user ',
  'AAAA',
  'd41d8cd9',
]
const lines = ['\r\n', '.\r\n', '\r\n.', '..', '\r', 'a\r\n', '.a\r\n']

/** @type {import('./growth-targets.js').GrowthTarget[]} */
export const mailTargets = [
  {
    name: 'a command',
    longest: authLine,
    words: [...paths, ...parameters],
    openings: verbs,
    prepare: octets,
    read: parseCommand,
  },
  {
    name: 'a request of HTTP',
    longest: authLine,
    words: ['GET ', ' HTTP/1.1'],
    prepare: octets,
    read: isHttpInPlaceOfBase64,
  },
  { name: 'a path', longest: commandLine, words: paths, openings: ['', '<', '<"', '<@'], read: readPath },
  {
    name: 'a sender to be replaced',
    longest: commandLine,
    words: [...paths, ...parameters, ' ', '> '],
    openings: ['', '<', '"', 'SIZE='],
    read: readGivenSender,
  },
  {
    name: 'the parameters of MAIL',
    longest: commandLine,
    words: parameters,
    openings: [' ', ' ENVID=', ' AUTH='],
    read: readMailParameters,
  },
  {
    name: 'the parameters of RCPT',
    longest: commandLine,
    words: [...parameters, 'SUCCESS,'],
    openings: [' ', ' NOTIFY=', ' ORCPT='],
    read: readRecipientParameters,
  },
  {
    name: 'a line that comes octet by octet',
    longest: authLine,
    words: lines,
    prepare: octetByOctet,
    read: takeLines,
  },
  {
    name: 'lines that come at once',
    longest: buffer,
    words: lines,
    prepare: (text) => [octets(text)],
    read: takeLines,
  },
  ...[createMessageScanner, createMendingScanner].flatMap((scanner) => [
    {
      name: `a message for ${scanner.name}`,
      longest: buffer,
      words: lines,
      prepare: (/** @type {string} */ text) => [octets(text)],
      read: (/** @type {Buffer[]} */ pieces) => takeMessage(pieces, scanner()),
    },
    {
      name: `a message for ${scanner.name} that comes octet by octet`,
      longest: authLine,
      words: lines,
      prepare: octetByOctet,
      read: (/** @type {Buffer[]} */ pieces) => takeMessage(pieces, scanner()),
    },
  ]),
  ...headerTargets,
  {
    name: 'recipients as a login wants them',
    longest: commandLine,
    words: [...paths, ...parameters, ' ', ', ', ';', '<a@b.example>,'],
    openings: ['RCPT TO:', 'RCPT TO:<', 'RCPT TO:"'],
    prepare: octets,
    read: (line) => mendedRecipients(line, { completeAddresses: 'example.com', splitRecipients: true }),
  },
  {
    name: 'a PROXY header',
    longest: buffer,
    words: ['PROXY ', 'UNKNOWN ', 'TCP4 ', '127.0.0.1 ', '::', '1 ', '\r\n'],
    openings: ['', 'PROXY ', 'PROXY TCP4 ', 'PROXY TCP6 ', '\r\n\r\n\0\r\nQUIT\n\x21\x11\x7f\x7f'],
    prepare: octets,
    read: (start) => [isProxyHeader(start), readProxyHeader(start)],
  },
  { name: 'the dots of a message', longest: buffer, words: lines, prepare: octets, read: undoDotStuffing },
  {
    name: 'a session whose commands come at once',
    longest: buffer,
    words: [
      'NOOP\r\n',
      'RCPT TO:<a@b.example>\r\n',
      'RCPT TO:<é@b.example>\r\n',
      'RCPT TO:<\r\n',
      'RSET\r\n',
      'MAIL FROM:<me@example.com>\r\n',
    ],
    openings: [
      'MAIL FROM:<me@example.com>\r\nRCPT TO:<a@b.example>\r\n',
      'MAIL FROM:<me@example.com>\r\n',
      '',
    ],
    read: playPipelined,
  },
  {
    name: 'a user name',
    longest: authLine,
    words: ['\uff34', '\uff9f', 'Σ', '\u0308', 'İ', 'a'],
    read: userNameKey,
  },
  { name: 'UTF-8', longest: authLine, prepare: octets, read: decodeUtf8 },
  {
    name: 'a text of a device',
    longest: authLine,
    prepare: (text) => Buffer.from(text, 'latin1'),
    read: readClientText,
  },
  { name: 'base64', longest: authLine, words: ['AAAA', 'QQ==', 'AAA=', '=='], read: decodeBase64 },
  ...mechanismsFor({ cramMd5: true, bearer: true }).map((mechanism) => ({
    name: `the response of ${mechanism.name}`,
    longest: (authLine / 4) * 3,
    words: responses,
    openings: ['', 'user=a\x01', 'n,a=b,\x01', 'n,a=', 'user=a\x01auth=Bearer ', '\0', 'user '],
    prepare: octets,
    read: (/** @type {Buffer} */ response) => respond(mechanism, response),
  })),
  {
    name: 'a sender in a refusal',
    longest: commandLine,
    read: (text) => senderRefused(`No login may send as ${text}`, `postern login allow --sender ${text}`),
  },
  {
    name: 'what OpenSSL says',
    longest: commandLine,
    words: ['alert ', 'no shared '],
    read: (text) => explainHandshake(new Error(text), 'starttls'),
  },
  {
    name: 'the address of a client',
    longest: commandLine,
    words: ['::', '127.', 'fe80::', '%eth0'],
    openings: ['', 'fe80::1%', '::ffff:'],
    read: sourceOf,
  },
]

/** @param {string} text */
function octets(text) {
  return Buffer.from(text)
}

/** @param {string} text */
function octetByOctet(text) {
  const whole = Buffer.from(text)
  return Array.from(whole, (_, at) => whole.subarray(at, at + 1))
}

/** @param {readonly Buffer[]} pieces */
function takeLines(pieces) {
  const input = createInputBuffer()
  for (const piece of pieces) {
    input.push(piece)
    for (let taken = input.takeLine(authLine); taken.kind !== 'more'; taken = input.takeLine(authLine))
      if (taken.kind !== 'line') return
  }
}

/** @param {readonly Buffer[]} pieces @param {import('#built/wire/message-scanner.js').MessageScanner} scanner */
function takeMessage(pieces, scanner) {
  const input = createInputBuffer()
  for (const piece of pieces) {
    input.push(piece)
    if (input.takeData(scanner).kind !== 'more') return
  }
}

/** @param {ReturnType<typeof import('#built/sasl/mechanisms.js').mechanismsFor>[number]} mechanism @param {Buffer} response */
function respond(mechanism, response) {
  const exchange = mechanism.begin(() => '<1.2@localhost>')
  exchange(undefined)
  exchange(response)
  exchange(response)
}
