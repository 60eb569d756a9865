import { isGuid, secretIdMistake } from '../presets/microsoft.ts'

/** What a client ID, a client secret or a tenant must be; `must`: the end of a sentence that holds nothing of the text. */
export type ReadText = { value: string } | { must: string }

/** What stands in `.env.example`: whoever copies it must put something of their own there. */
export const sampleCredentials = {
  microsoftClientId: '00001111-aaaa-2222-bbbb-3333cccc4444',
  googleClientId: '123456789012-abc123def456.apps.googleusercontent.com',
  clientSecret: 'your-client-secret',
} as const

const samples: ReadonlySet<string> = new Set(Object.values(sampleCredentials))

const ownValue = { must: 'be your own value: this one is the sample' }

/**
 * A client ID or a client secret, wherever it is given: in the settings or in the providers file.
 * RFC 6749, appendix A.1 and A.2: VSCHAR. White space at the ends is never part of it, but often pasted with it.
 */
export function readCredential(text: string): ReadText {
  if (samples.has(text) || isLeftOver(text)) return ownValue
  if (text.trim() !== text) return { must: 'not begin or end with white space' }
  if (!/^[\x20-\x7e]+$/.test(text)) return { must: 'hold printable ASCII characters only' }
  return { value: text }
}

/** Entra lists a secret by its ID, for good, beside its value, which it shows once. */
export function readMicrosoftSecret(text: string): ReadText {
  return isGuid(text.trim()) ? { must: secretIdMistake } : readCredential(text)
}

/** A directory of Microsoft Entra. */
export function readTenant(text: string): ReadText {
  if (isLeftOver(text)) return ownValue
  if (/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/.test(text)) return { value: text }
  return { must: 'be common, organizations, consumers, a tenant ID or a domain name' }
}

function isLeftOver(text: string): boolean {
  return /^(your[-_ ].*|change[-_ ]?(me|it|this)|replace[-_ ]?(me|it|this)|placeholder|x{3,}|todo|<.*>|\.{3})$/i.test(
    text.trim(),
  )
}
