import { createDecipheriv, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { Secret } from '../base/secret.ts'

const derive = promisify(pbkdf2)

/** Of the versions before October 2023, which do not write theirs down. */
const oldIterations = 100_000
/** More would take minutes for each password: such a count is damage, or an attack. */
export const mostIterations = 10_000_000

/** Version, time, initial vector, one block and the authentication code, in octets. */
const shortest = 1 + 8 + 16 + 16 + 32

/** What is not encrypted in this way at all, whatever the password. */
export function isFernet(token: string): boolean {
  const octets = Buffer.from(token, 'base64url')
  return (
    /^[\w-]+={0,2}$/.test(token) &&
    octets.length >= shortest &&
    (octets.length - 1 - 8) % 16 === 0 &&
    octets[0] === 0x80
  )
}

/** How an account's values were encrypted: Fernet with a key made of the password by PBKDF2-HMAC-SHA256. */
export interface FernetParameters {
  salt: Buffer
  /** As the file says; the oldest versions do not. */
  iterations?: number
}

/**
 * What opens the values that one password has encrypted; each gives undefined where the password, or
 * the value, is another one. When the program raises its count, it encrypts all values anew, so one
 * count is that of all.
 */
export async function openerOf(
  password: Secret,
  { salt, iterations = oldIterations }: FernetParameters,
): Promise<(token: string) => Secret | undefined> {
  const key = await derive(password.reveal(), salt, iterations, 32, 'sha256')
  return (token) => {
    const opened = openFernet(token, key)
    return opened === undefined ? undefined : new Secret(opened)
  }
}

/**
 * The text in a token after https://github.com/fernet/spec: version 0x80, time, initial vector,
 * AES-128-CBC, HMAC-SHA256 of all before. The first half of the key signs, the second encrypts.
 */
function openFernet(token: string, key: Buffer): string | undefined {
  if (!isFernet(token)) return undefined
  const octets = Buffer.from(token, 'base64url')
  const [signed, code] = [octets.subarray(0, -32), octets.subarray(-32)]
  if (!timingSafeEqual(createHmac('sha256', key.subarray(0, 16)).update(signed).digest(), code))
    return undefined
  const cipher = createDecipheriv('aes-128-cbc', key.subarray(16), signed.subarray(9, 25))
  return Buffer.concat([cipher.update(signed.subarray(25)), cipher.final()]).toString('utf8')
}
