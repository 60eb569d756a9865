import { expectLine, greets, takesMessage } from './provider-scripts.ts'
import type { Client } from './scripted-provider.ts'

export const xoauth2 = ['PIPELINING', '8BITMIME', 'AUTH XOAUTH2']

/** Greeting, EHLO and a sign-in that succeeds, whoever the client says it is. */
export async function signsIn(client: Client, offers: readonly string[] = xoauth2): Promise<void> {
  await greets(client, offers)
  expectLine(await client.line(), /^AUTH XOAUTH2 \S+$/)
  client.say('235 2.7.0 Accepted')
}

/** All of it, with one message. */
export async function serves(client: Client): Promise<void> {
  await signsIn(client)
  await takesMessage(client)
  await saysGoodbye(client)
}

export async function saysGoodbye(client: Client): Promise<void> {
  expectLine(await client.line(), /^QUIT$/)
  client.say('221 2.0.0 Goodbye')
  client.hangUp()
}

/** `sent` resolves when `send` is called. */
export function signal() {
  let send = () => {}
  const sent = new Promise<void>((resolve) => {
    send = resolve
  })
  return { send, sent }
}
