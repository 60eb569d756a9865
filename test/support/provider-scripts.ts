import type { Client } from './scripted-provider.ts'

export const ehlo = ['PIPELINING', 'SIZE 1000000', '8BITMIME', 'ENHANCEDSTATUSCODES']

/** Greeting and EHLO. */
export async function greets(client: Client, offers: readonly string[] = ehlo): Promise<void> {
  client.say('220 provider.example ready')
  await answersEhlo(client, offers)
}

export async function answersEhlo(client: Client, offers: readonly string[] = ehlo): Promise<void> {
  expectLine(await client.line(), /^EHLO \S+$/)
  client.say(...ehloReply(offers))
}

export function ehloReply(offers: readonly string[]): string[] {
  const lines = ['provider.example at your service', ...offers]
  return lines.map((line, index) => `250${index < lines.length - 1 ? '-' : ' '}${line}`)
}

/** Greeting, EHLO and a sign-in that succeeds. */
export async function signsIn(client: Client, offers: readonly string[] = ehlo): Promise<void> {
  await greets(client, [...offers, 'AUTH LOGIN PLAIN XOAUTH2'])
  expectLine(await client.line(), /^AUTH XOAUTH2 \S+$/)
  client.say('235 2.7.0 Accepted')
}

/** The end of a conversation. */
export async function saysGoodbye(client: Client): Promise<void> {
  expectLine(await client.line(), /^QUIT$/)
  client.say('221 2.0.0 Goodbye')
  client.hangUp()
}

/** A whole transaction by DATA. Returns the message, without the end of data. */
export async function takesMessage(client: Client, final = '250 2.0.0 Queued'): Promise<string> {
  await takesEnvelope(client)
  return takesData(client, final)
}

export async function takesEnvelope(client: Client): Promise<void> {
  expectLine(await client.line(), /^MAIL FROM:/)
  expectLine(await client.line(), /^RCPT TO:/)
  client.say('250 2.1.0 Sender fine', '250 2.1.5 Recipient fine')
}

export async function takesData(client: Client, final = '250 2.0.0 Queued'): Promise<string> {
  expectLine(await client.line(), /^DATA$/)
  client.say('354 Go ahead')
  const lines = await client.linesUntil(/^\.$/)
  client.say(final)
  return lines
    .slice(0, -1)
    .map((line) => `${line}\r\n`)
    .join('')
}

export function expectLine(line: string, shape: RegExp): void {
  if (!shape.test(line)) throw new Error(`The client said ${JSON.stringify(line)}, not ${shape}`)
}
