import { decodeBase64 } from './base64.ts'

/** Why a token was refused, as the server says in its error challenge (RFC 7628, section 3.2.2; XOAUTH2 alike). */
export interface ErrorChallenge {
  /** `invalid_token`, `insufficient_scope`, ..., or an HTTP status at some servers. */
  status: string
  scope?: string
  schemes?: string
}

/**
 * Reads the text of a 334 reply that came after the token was sent. Undefined when it is not such a challenge:
 * it is for explanations only, the final reply decides.
 */
export function readErrorChallenge(text: string): ErrorChallenge | undefined {
  const octets = decodeBase64(text.trim())
  const said = octets && parseObject(octets.toString('utf8'))
  const status = field(said, 'status')
  if (status === undefined) return undefined
  const scope = field(said, 'scope')
  const schemes = field(said, 'schemes')
  return { status, ...(scope === undefined ? {} : { scope }), ...(schemes === undefined ? {} : { schemes }) }
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** Own fields only, so that no name means anything else; a status may be text or a number. */
function field(said: object | undefined, name: string): string | undefined {
  if (!said || !Object.hasOwn(said, name)) return undefined
  const value: unknown = Reflect.get(said, name)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
