import { giveConsent } from '../../examples/demo/give-consent.js'
import { addMailbox, command, consentLink, type DemoMailbox } from '../../examples/demo/mailbox.js'
import type { Postern } from '../../examples/demo/postern-process.js'

/** A mailbox with a login, whose owner has consented. */
export async function consentedMailbox(postern: Postern, address = 'me@example.com'): Promise<DemoMailbox> {
  const mailbox = await addMailbox(postern, address)
  await consent(postern, address)
  return mailbox
}

/** The owner consents (again), by a fresh link. @throws when the mailbox is not active afterwards */
export async function consent(postern: Postern, address: string): Promise<void> {
  const page = await giveConsent(await consentLink(postern, address), { login: address })
  const { state } = await command(postern, 'mailbox', 'show', address)
  if (state !== 'active')
    throw new Error(`the mailbox is ${state} after the page ${page.status}: ${page.body}`)
}
