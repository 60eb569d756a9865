import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { isHttpInPlaceOfBase64 } from '../../src/smtp/client-opening.ts'
import { type Command, parseCommand } from '../../src/smtp/command.ts'
import { formatReply, type Reply } from '../../src/wire/reply.ts'

function parse(line: string): Command {
  return parseCommand(Buffer.from(line))
}

/** The start of the refusal: code and enhanced status. */
function refusal(command: Command): string {
  const reply = command.verb === 'malformed' ? command.reply : flawOf(command)
  if (reply === undefined) return `accepted as ${command.verb}`
  return formatReply(reply).split(' ').slice(0, 2).join(' ')
}

/** What everybody hears who would pass all of the command on. */
function flawOf(command: Command): Reply | undefined {
  if (command.verb === 'RCPT') return command.parameterFlaws[0]?.reply
  return command.verb === 'MAIL' ? (command.senderFlaw?.reply ?? command.parameterFlaws[0]?.reply) : undefined
}

describe('command lines', () => {
  it.each<[string, Command]>([
    ['EHLO printer', { verb: 'EHLO', client: 'printer' }],
    ['helo  [127.0.0.1]  ', { verb: 'HELO', client: '[127.0.0.1]' }],
    ['StartTls', { verb: 'STARTTLS' }],
    ['AUTH plain', { verb: 'AUTH', mechanism: 'PLAIN' }],
    ['auth Login  bWU=', { verb: 'AUTH', mechanism: 'LOGIN', initial: 'bWU=' }],
    ['AUTH PLAIN =', { verb: 'AUTH', mechanism: 'PLAIN', initial: '=' }],
    ['DATA \t', { verb: 'DATA' }],
    ['RSET', { verb: 'RSET' }],
    ['NOOP', { verb: 'NOOP' }],
    ['NOOP what ever', { verb: 'NOOP' }],
    ['QUIT', { verb: 'QUIT' }],
    ['BDAT 5 LAST', { verb: 'BDAT' }],
    ['VRFY me', { verb: 'VRFY' }],
    ['help', { verb: 'HELP' }],
    ['EXPN all', { verb: 'unsupported' }],
    ['XCLIENT ADDR=1.2.3.4', { verb: 'unsupported' }],
    ['GET / HTTP/1.1', { verb: 'cross-protocol' }],
    ['Host: localhost', { verb: 'cross-protocol' }],
    ['hOsT:localhost', { verb: 'cross-protocol' }],
    ['POST', { verb: 'cross-protocol' }],
    ['', { verb: 'unknown' }],
    ['MAILFROM:<a@b>', { verb: 'unknown' }],
  ])('%j is read', (line, command) => {
    expect(parse(line)).toEqual(command)
  })

  it.each([
    ['EHLO', '501 5.5.4'],
    ['HELO a\x07b', '501 5.5.4'],
    ['STARTTLS now', '501 5.5.4'],
    ['DATA 1', '501 5.5.4'],
    ['QUIT now', '501 5.5.4'],
    ['AUTH', '501 5.5.4'],
    ['AUTH PLAIN a b', '501 5.5.4'],
    ['AUTH PL\x0bAIN', '501 5.5.4'],
  ])('%j is refused with %s', (line, reply) => {
    expect(refusal(parse(line))).toBe(reply)
  })

  it.each([
    ['EHLO my_printer', 'my_printer'],
    ['EHLO [IPv6:2001:db8::1]', '[IPv6:2001:db8::1]'],
    ['EHLO 192.0.2.7', '192.0.2.7'],
    ['EHLO Drucker Büro 2', 'Drucker Büro 2'],
    ['HELO drucker.büro.example', 'drucker.büro.example'],
  ])('the name in %j is taken, in Latin-1 too', (line, client) => {
    expect(parse(line)).toMatchObject({ client })
    expect(parseCommand(Buffer.from(line, 'latin1'))).toMatchObject({ client })
  })

  it('a line that is not UTF-8 is refused', () => {
    expect(refusal(parseCommand(Buffer.from([0x4d, 0xff])))).toBe('501 5.5.2')
  })
})

describe('HTTP', () => {
  const methods = [
    ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'PRI', 'QUERY'],
    ...['PROPFIND', 'PROPPATCH', 'MKCOL', 'COPY', 'MOVE', 'LOCK', 'UNLOCK', 'SEARCH', 'REPORT', 'ACL'],
    ...['MKCALENDAR', 'MKACTIVITY', 'CHECKOUT', 'MERGE', 'VERSION-CONTROL', 'NOTIFY', 'SUBSCRIBE', 'PURGE'],
  ]
  it.each(methods)('%s begins a request, in small letters and alone on its line as well', (method) => {
    for (const line of [`${method} /`, `${method.toLowerCase()}\t/`, method, `${method} /\xff`])
      expect(parseCommand(Buffer.from(line, 'latin1'))).toEqual({ verb: 'cross-protocol' })
  })

  it.each([
    'BREW / HTTP/1.1',
    'x y http/2',
    ' GET / HTTP/1.1',
    'INVITE sip:a@b SIP/2.0',
    'PLAY * RTSP/1.0  ',
  ])('%j is known by its end', (line) => expect(parse(line)).toEqual({ verb: 'cross-protocol' }))

  it.each(['GETTING', 'BREW /pot HTCPCP/1.0', 'HTTP/1.1', 'PRINT'])('%j is no request', (line) => {
    expect(parse(line)).toEqual({ verb: 'unknown' })
  })

  it.each<[string, boolean]>([
    ['HEAD', false],
    ['POSTAAAA', false],
    ['dXNlcg==', false],
    ['*', false],
    ['HEAD /', true],
    ['Host: localhost', true],
    ['Host:localhost', true],
    ['BREW /pot HTTP/1.1', true],
  ])('in place of base64, %j is taken for a request: %s', (line, isRequest) => {
    expect(isHttpInPlaceOfBase64(Buffer.from(line))).toBe(isRequest)
  })
})

describe('an AUTH line', () => {
  it.each([
    ['no mechanism but blanks', ' '.repeat(12_000)],
    ['blanks before its mechanism', `${' '.repeat(12_000)}PLAIN`],
    ['a mechanism that is no short word', 'x'.repeat(12_000)],
    ['what is no name, and octets that are no text', `${'\xff'.repeat(12_000)}`],
    ['a name with a sign in it', `PL/AIN ${'x'.repeat(12_000)}`],
  ])('an AUTH line with %s is refused by its first octets', (_what, rest) => {
    const line = Buffer.from(`AUTH ${rest}`, 'latin1')
    const looked = vi.spyOn(line, 'toString')
    expect(refusal(parseCommand(line))).toBe('501 5.5.4')
    for (const [, start = 0, end = line.length] of looked.mock.calls) expect(end - start).toBeLessThan(100)
  })
})

describe('MAIL', () => {
  it.each<[string, string, string[]]>([
    ['MAIL FROM:<a@b.example>', 'a@b.example', []],
    ['mail from: <a@b.example>', 'a@b.example', []],
    ['MAIL FROM :<a@b.example>', 'a@b.example', []],
    ['MAIL FROM:a@b.example SIZE=5', 'a@b.example', ['SIZE=5']],
    ['MAIL FROM:<>', '', []],
    ['MAIL FROM:<@relay.example,@other.example:a@b.example>', 'a@b.example', []],
    ['MAIL FROM:<"a b>\\" c"@b.example>', '"a b>\\" c"@b.example', []],
    ['MAIL FROM:<na..me.@docomo.example>', 'na..me.@docomo.example', []],
    ['MAIL FROM:<  a@b.example >', 'a@b.example', []],
    ['MAIL FROM:<"till"@b.example>', 'till@b.example', []],
    ['MAIL FROM:<"ti\\ll.x+y"@b.example>', 'till.x+y@b.example', []],
    ['MAIL FROM:<"a..b"@b.example>', '"a..b"@b.example', []],
    ['MAIL FROM:<".a"@b.example>', '".a"@b.example', []],
    ['MAIL FROM:<""@b.example>', '""@b.example', []],
    ['MAIL FROM:<"a\\ b\\\\\\""@b.example>', '"a b\\\\\\""@b.example', []],
    [`MAIL FROM:<${'a'.repeat(65)}@b.example>`, `${'a'.repeat(65)}@b.example`, []],
    [`MAIL FROM:<a@${'b'.repeat(300)}>`, `a@${'b'.repeat(300)}`, []],
    [`MAIL FROM:<${'é'.repeat(2000)}@b.example> SMTPUTF8`, `${'é'.repeat(2000)}@b.example`, ['SMTPUTF8']],
    ['MAIL FROM:<a@[127.0.0.1]>', 'a@[127.0.0.1]', []],
    ['MAIL FROM:<a@[IPv6:2001:db8::1]>', 'a@[IPv6:2001:db8::1]', []],
    ['MAIL FROM:<ü@b.example> SMTPUTF8', 'ü@b.example', ['SMTPUTF8']],
    [
      'MAIL FROM:<a@b.example>  size=123 body=8bitmime RET=HDRS ENVID=QQ+2B314',
      'a@b.example',
      ['SIZE=123', 'BODY=8bitmime', 'RET=HDRS', 'ENVID=QQ+2B314'],
    ],
    ['MAIL FROM:<a@b.example> AUTH=<> SIZE=1', 'a@b.example', ['SIZE=1']],
    ['MAIL FROM:<>  SIZE=1', '', ['SIZE=1']],
  ])('%j is read', (line, sender, parameters) => {
    const command = parse(line)
    expect(refusal(command)).toBe('accepted as MAIL')
    expect(command.verb === 'MAIL' && command.mail.sender).toBe(sender)
    const read = command.verb === 'MAIL' ? command.mail.parameters : []
    expect(read.map(({ keyword, value }) => (value === undefined ? keyword : `${keyword}=${value}`))).toEqual(
      parameters,
    )
  })

  it.each([
    ['MAIL', '501 5.1.7'],
    ['MAIL a@b', '501 5.1.7'],
    ['MAIL FROM:', '501 5.1.7'],
    ['MAIL FROM:<a@b', '501 5.1.7'],
    ['MAIL FROM:<a b@c>', '501 5.1.7'],
    ['MAIL FROM:<a@b@c>', '501 5.1.7'],
    ['MAIL FROM:<@b.example>', '501 5.1.7'],
    ['MAIL FROM:<a@>', '501 5.1.7'],
    ['MAIL FROM:<a>', '501 5.1.7'],
    ['MAIL FROM:<a@b..c>', '501 5.1.7'],
    ['MAIL FROM:<a@b.example\t>', '501 5.1.7'],
    ['MAIL FROM:<a\u0085@b.example> SMTPUTF8', '501 5.1.7'],
    ['MAIL FROM:<"a\x07"@b.example>', '501 5.1.7'],
    ['MAIL FROM:< a b@c.example >', '501 5.1.7'],
    ['MAIL FROM:<ü@b.example>', '553 5.6.7'],
    ['MAIL FROM:<a@b.example>SIZE=1', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> SIZE', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> SIZE=-1', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> SIZE=1 size=2', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> BODY=BINARYMIME', '555 5.5.4'],
    ['MAIL FROM:<a@b.example> BODY=8BIT', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> SMTPUTF8=1', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> ENVID=a=b', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> =', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> REQUIRETLS', '555 5.5.4'],
    ['MAIL FROM:<a@b.example> X=1 holdfor=60', '555 5.5.4'],
    ['MAIL FROM:<a@b.example> RCPT TO:<c@d.example>', '501 5.5.4'],
    ['MAIL FROM:a@b.example root', '501 5.5.4'],
  ])('%j is refused with %s', (line, reply) => {
    expect(refusal(parse(line))).toBe(reply)
  })
})

describe('a sender that only a login takes which replaces it', () => {
  it.each<[string, string, string[]]>([
    ['<root>', 'root', []],
    ['root', 'root', []],
    ['Scanner 2', 'Scanner 2', []],
    ['Scanned BY', 'Scanned BY', []],
    ['  Scanner 2   SIZE=10 body=8BITMIME', 'Scanner 2', ['SIZE=10', 'BODY=8BITMIME']],
    ['<Scanner 2> SIZE=10', 'Scanner 2', ['SIZE=10']],
    ['"Scanner 2" <x@y.example>', 'x@y.example', []],
    ['"Scan > ner" <x@y.example> SIZE=10', 'x@y.example', ['SIZE=10']],
    ['Scanner " <x@y.example> SIZE=10', 'x@y.example', ['SIZE=10']],
    ['<Scanner 2 <x@y.example>> AUTH=<>', 'x@y.example', []],
    ['<root', 'root', []],
    ['root> SIZE=10', 'root>', ['SIZE=10']],
    ['', ' ', []],
    ['SIZE=10', ' ', ['SIZE=10']],
    ['<postmaster>', 'postmaster', []],
    ['<büro@localhost>', 'büro@localhost', []],
    ['<büro> SMTPUTF8', 'büro', ['SMTPUTF8']],
    ['<a@b@c>', 'a@b@c', []],
    ['<@>', '@', []],
    [`<${'x'.repeat(4000)}>`, 'x'.repeat(4000), []],
  ])('MAIL FROM:%j is read whole, with the parameters behind it', (text, sender, parameters) => {
    const command = parse(`MAIL FROM:${text}`)
    expect(refusal(command)).toMatch(/^5/)
    expect(command).toMatchObject({ verb: 'MAIL', mail: { sender } })
    const read = command.verb === 'MAIL' ? command.mail.parameters : []
    expect(read.map(({ keyword, value }) => (value === undefined ? keyword : `${keyword}=${value}`))).toEqual(
      parameters,
    )
  })

  it('a replaced sender is taken in Latin-1, and with nothing but blanks', () => {
    const latin1 = parseCommand(Buffer.from('MAIL FROM:<B\xfcro@x.example>', 'latin1'))
    expect(latin1).toMatchObject({ mail: { sender: 'Büro@x.example' }, senderFlaw: { reply: { code: 501 } } })
    expect(parse('MAIL FROM:<  >')).toMatchObject({ mail: { sender: ' ' }, senderFlaw: {} })
    expect(parse('MAIL FROM:<>')).not.toHaveProperty('senderFlaw')
  })

  it.each(['<ro\x07ot>', 'Scanner\t2', '<root\x7f>', '"a\x00" <x@y.example>', '\u0085'])(
    '%j is no sender to replace: it has a control character',
    (text) => expect(parse(`MAIL FROM:${text}`)).toMatchObject({ verb: 'malformed', reply: { code: 501 } }),
  )

  it('a replaced sender is refused all the same for a promise that cannot be kept', () => {
    expect(refusal(parse('MAIL FROM:<root> REQUIRETLS'))).toBe('555 5.5.4')
    expect(refusal(parse('MAIL FROM:Scanner 2 REQUIRETLS'))).toBe('555 5.5.4')
    expect(refusal(parse('MAIL FROM:"Scanner 2" <root> BY=9;R'))).toBe('555 5.5.4')
  })
})

describe('RCPT', () => {
  it.each<[string, string, string[]]>([
    ['RCPT TO:<a@b.example>', 'a@b.example', []],
    ['rcpt to: <a@b.example> ', 'a@b.example', []],
    ['RCPT TO:<Postmaster>', 'Postmaster', []],
    ['RCPT TO:<@relay.example:a@b.example>', 'a@b.example', []],
    ['RCPT TO: < a@b.example > ', 'a@b.example', []],
    ['RCPT TO:<"till"@b.example>', 'till@b.example', []],
    [`RCPT TO:<${'a'.repeat(3000)}@b.example>`, `${'a'.repeat(3000)}@b.example`, []],
    [
      'RCPT TO:<a@b.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+2Bb@c.example',
      'a@b.example',
      ['NOTIFY=SUCCESS,FAILURE', 'ORCPT=rfc822;a+2Bb@c.example'],
    ],
  ])('%j is read', (line, recipient, parameters) => {
    const command = parse(line)
    expect(command.verb === 'RCPT' && command.recipient.recipient).toBe(recipient)
    const read = command.verb === 'RCPT' ? command.recipient.parameters : []
    expect(read.map(({ keyword, value }) => `${keyword}=${value}`)).toEqual(parameters)
  })

  it.each([
    ['RCPT TO:<>', '501 5.1.3'],
    ['RCPT TO:', '501 5.1.3'],
    ['RCPT TO:< >', '501 5.1.3'],
    ['RCPT TO:<root>', '501 5.1.3'],
    ['RCPT FROM:<a@b.example>', '501 5.1.3'],
    ['RCPT TO:<a@b.example> NOTIFY=NEVER,FAILURE', '501 5.5.4'],
    ['RCPT TO:<a@b.example> NOTIFY=SOMETIMES', '501 5.5.4'],
    ['RCPT TO:<a@b.example> ORCPT=a', '501 5.5.4'],
    ['RCPT TO:<a@b.example> RRVS=1', '555 5.5.4'],
    ['RCPT TO:a@b.example root', '501 5.5.4'],
  ])('%j is refused with %s', (line, reply) => {
    expect(refusal(parse(line))).toBe(reply)
  })
})

describe('an unknown parameter', () => {
  it.each([
    ['MAIL FROM:<a@b.example> XVERP', ['XVERP']],
    ['MAIL FROM:<a@b.example> foo=1 FOO=2 SIZE=1 x-bar= AUTH=<>', ['FOO', 'X-BAR']],
    ['MAIL FROM:a@b.example NOTIFY=NEVER', ['NOTIFY']],
    ['MAIL FROM:"Scanner 2" <root> X=1', ['X']],
    ['RCPT TO:<a@b.example> SIZE=1 FOO', ['SIZE', 'FOO']],
  ])('an unknown parameter is dropped, and named: %j', (line, dropped) => {
    expect(parse(line)).toMatchObject({ dropped, parameterFlaws: [] })
  })
})

describe('whatever arrives', () => {
  it('whatever arrives is read without throwing, and no path or parameter can become a second command', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'MAIL FROM:',
        'RCPT TO:',
        '<',
        '>',
        '@',
        '"',
        '\\',
        ' ',
        'a',
        'b.example',
        'SIZE=',
        'ORCPT=',
        ';',
      ),
      // U+010D and U+010A are CR and LF to whoever writes only the low octet.
      fc.constantFrom('\u010d', '\u010a', '\u0085', '\u2028', 'SMTPUTF8', '\t', '\x7f', '\ufeff'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    )
    fc.assert(
      fc.property(fc.constantFrom('MAIL FROM:<', 'RCPT TO:<'), fc.array(piece), (start, parts) => {
        const command = parse(start + parts.join(''))
        const written = Buffer.from(shape(command), 'utf8')
        expect(written.includes(0x0a) || written.includes(0x0d)).toBe(false)
        expect(shape(command)).not.toMatch(/\p{Cc}/u)
      }),
      { numRuns: 5000 },
    )
  })
})

/** Everything of an envelope command that would be written to a provider. */
function shape(command: Command): string {
  if (command.verb === 'malformed') return formatReply(command.reply).slice(0, -2)
  if (command.verb !== 'MAIL' && command.verb !== 'RCPT') return command.verb
  if (command.verb === 'MAIL' && command.senderFlaw) return command.mail.sender
  const { parameters, ...path } = command.verb === 'MAIL' ? command.mail : command.recipient
  return [...Object.values(path), ...parameters.flatMap(({ keyword, value }) => [keyword, value ?? ''])].join(
    ' ',
  )
}
